"""The people who work at the host."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Makes room for accounts."""
    op.create_table(
        "account",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("contact", sa.String(length=254), nullable=False, server_default=""),
        sa.Column("roles", sa.String(length=64), nullable=False),
        sa.Column("os_user", sa.String(length=64), nullable=True),
        sa.Column("since_ms", sa.BigInteger(), nullable=False),
        sa.Column("ended_ms", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        sa.UniqueConstraint("name", name=op.f("uq_account_name")),
        sa.UniqueConstraint("os_user", name=op.f("uq_account_os_user")),
    )
    op.create_table(
        "account_site",
        sa.Column("account", sa.Integer(), nullable=False),
        sa.Column("site", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["account"], ["account.id"], name=op.f("fk_account_site_account")),
        sa.ForeignKeyConstraint(["site"], ["site.id"], name=op.f("fk_account_site_site")),
        sa.PrimaryKeyConstraint("account", "site", name=op.f("pk_account_site")),
    )
