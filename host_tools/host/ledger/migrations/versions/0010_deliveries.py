"""How letters are handed over, contact by contact."""

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Makes room for deliveries."""
