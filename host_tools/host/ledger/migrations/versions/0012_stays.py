"""How long parcels may stay, and what stops that clock."""

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Makes room for policies and pauses."""
