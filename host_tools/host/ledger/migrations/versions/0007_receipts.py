"""Deposits that were brought in by their receipts."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Adds when a receipt was entered, which no deposit has had so far."""
    op.add_column("parcel", sa.Column("receipt_ms", sa.BigInteger(), nullable=True))
