"""Generations of ticket keys, and the rule of codes and tails that an epoch carries.

What was before is of generation 0 and rule 0.
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Says of everything that is in the ledger of which generation and which rule it is."""
    for table, column in (
        ("site", "generation"),
        ("cabinet", "generation"),
        ("cabinet", "rule"),
        ("position", "generation"),
        ("epoch", "rule"),
        ("parcel", "generation"),
        ("outbox", "serial"),
        ("outbox", "generation"),
    ):
        op.add_column(table, sa.Column(column, sa.Integer(), nullable=False, server_default="0"))
    op.add_column("site", sa.Column("is_old", sa.Boolean(), nullable=False, server_default=sa.true()))
    _tickets()


def _tickets() -> None:
    """SQLite changes no key of a table, so the table is made anew; likewise everywhere."""
    names = "site, serial, resident, state, issued_ms"
    op.execute("ALTER TABLE ticket RENAME TO ticket_before")
    if op.get_bind().dialect.name == "postgresql":  # where the names of keys are those of the whole schema
        op.execute("ALTER TABLE ticket_before RENAME CONSTRAINT pk_ticket TO pk_ticket_before")
    op.create_table(
        "ticket",
        sa.Column("site", sa.Integer(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("serial", sa.Integer(), nullable=False),
        sa.Column("resident", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=7), nullable=False),
        sa.Column("issued_ms", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("state IN ('open', 'used', 'revoked', 'expired')", name=op.f("ck_ticket_state")),
        sa.ForeignKeyConstraint(["resident"], ["resident.id"], name=op.f("fk_ticket_resident")),
        sa.ForeignKeyConstraint(["site"], ["site.id"], name=op.f("fk_ticket_site")),
        sa.PrimaryKeyConstraint("site", "generation", "serial", name=op.f("pk_ticket")),
    )
    op.execute(f"INSERT INTO ticket ({names}, generation) SELECT {names}, 0 FROM ticket_before")  # noqa: S608
    op.drop_table("ticket_before")
