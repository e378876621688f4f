"""Cases, pages, and who is on call."""

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Makes room for who is paged."""
