"""Letters that say when it happened, silent alarms apart from everything else,
doors that are stuck, help numbers.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Adds what a ledger with orders lacks.

    Silent alarms leave the tables of all others; those that were told stay told.
    """
    op.add_column("site", sa.Column("help_number", sa.String(length=14), nullable=False, server_default=""))
    op.add_column("parcel", sa.Column("stuck", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("outbox", sa.Column("earliest_ms", sa.BigInteger(), nullable=True))
    op.add_column("outbox", sa.Column("latest_ms", sa.BigInteger(), nullable=True))
    _pickups()
    _openings()


def _openings() -> None:
    """A constraint cannot be changed in SQLite. What the table held is over after half a minute."""
    op.drop_index("ix_opening_untold", "opening")
    op.drop_table("opening")
    op.create_table(
        "opening",
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("cabinet", sa.Integer(), nullable=False),
        sa.Column("door", sa.Integer(), nullable=False),
        sa.Column("counter", sa.BigInteger(), nullable=False),
        sa.Column("asked_ms", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("told", sa.Boolean(), nullable=False),
        sa.Column("challenge", sa.BigInteger(), nullable=True),
        sa.Column("digits", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "state IN ('asked', 'challenged', 'given', 'opened', 'stuck', 'refused')",
            name=op.f("ck_opening_state"),
        ),
        sa.ForeignKeyConstraint(["cabinet"], ["cabinet.id"], name=op.f("fk_opening_cabinet")),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_opening")),
    )
    untold = sa.text("NOT told")
    op.create_index(
        "ix_opening_untold", "opening", ["sequence"], sqlite_where=untold, postgresql_where=untold
    )


def _pickups() -> None:
    op.create_table(
        "pickup",
        sa.Column("cabinet", sa.Integer(), nullable=False),
        sa.Column("incarnation", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("door", sa.Integer(), nullable=False),
        sa.Column("how", sa.Integer(), nullable=False),
        sa.Column("earliest_ms", sa.BigInteger(), nullable=False),
        sa.Column("latest_ms", sa.BigInteger(), nullable=False),
        sa.Column("heard_ms", sa.BigInteger(), nullable=False),
        sa.Column("told_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["cabinet"], ["cabinet.id"], name=op.f("fk_pickup_cabinet")),
        sa.PrimaryKeyConstraint("cabinet", "incarnation", "number", name=op.f("pk_pickup")),
    )
    untold = sa.text("told_ms IS NULL")
    op.create_index("ix_pickup_untold", "pickup", ["heard_ms"], sqlite_where=untold, postgresql_where=untold)
    op.execute(
        "INSERT INTO pickup (cabinet, incarnation, number, door, how, earliest_ms, latest_ms, heard_ms, "
        "told_ms) SELECT cabinet, incarnation, number, door, 1, raised_ms, raised_ms, raised_ms, raised_ms "
        "FROM alarm WHERE kind = 'duress'"
    )
    op.execute("DELETE FROM alarm WHERE kind = 'duress'")
    # One that nobody has been told of yet is told to dispatchers instead.
    op.execute(
        "UPDATE pickup SET told_ms = NULL WHERE EXISTS (SELECT 1 FROM outbox WHERE outbox.cabinet = "
        "pickup.cabinet AND outbox.door = pickup.door AND outbox.kind = 'duress' AND outbox.sent_ms IS NULL "
        "AND outbox.queued_ms = pickup.heard_ms)"
    )
    op.execute("DELETE FROM outbox WHERE kind = 'duress'")
