"""How long parcels may stay, and what stops that clock."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Makes room for policies and pauses."""
    _make_stays()
    _make_pauses()
    for name in ("deposited_from_ms", "ended_from_ms"):
        op.add_column("parcel", sa.Column(name, sa.BigInteger(), nullable=True))
    op.create_index("ix_outbox_resident", "outbox", ["resident", "serial"])
    is_waiting = sa.text("state = 'waiting'")
    op.create_index(
        "ix_parcel_waiting", "parcel", ["cabinet"], sqlite_where=is_waiting, postgresql_where=is_waiting
    )
    stops = sa.text("kind IN (14, 20, 26, 27)")
    op.create_index(
        "ix_event_stopping", "event", ["kind", "cabinet"], sqlite_where=stops, postgresql_where=stops
    )


def _make_stays() -> None:
    op.create_table(
        "stay_policy",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("site", sa.Integer(), nullable=True),
        sa.Column("since_ms", sa.BigInteger(), nullable=False),
        *(
            sa.Column(name, sa.Integer(), nullable=False)
            for name in ("free_h", "reminder_h", "last_reminder_h", "recall_h")
        ),
        sa.Column("fee", sa.BigInteger(), nullable=False),
        sa.Column("fee_max", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("extensions", sa.Integer(), nullable=False),
        sa.Column("extension_h", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["site"], ["site.id"], name=op.f("fk_stay_policy_site")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stay_policy")),
    )
    op.create_table(
        "stay",
        sa.Column("parcel", sa.Integer(), nullable=False),
        sa.Column("policy", sa.Integer(), nullable=True),
        sa.Column("extensions", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("stage", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("told_ms", sa.BigInteger(), nullable=True),
        sa.Column("pause_told_ms", sa.BigInteger(), nullable=True),
        sa.Column("due_ms", sa.BigInteger(), nullable=True),
        sa.Column("paid", sa.BigInteger(), nullable=True),
        sa.Column("paid_reference", sa.String(length=64), nullable=True),
        sa.Column("paid_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["parcel"], ["parcel.id"], name=op.f("fk_stay_parcel")),
        sa.ForeignKeyConstraint(["policy"], ["stay_policy.id"], name=op.f("fk_stay_policy")),
        sa.PrimaryKeyConstraint("parcel", name=op.f("pk_stay")),
    )
    of_due = sa.text("due_ms IS NOT NULL")
    op.create_index("ix_stay_due", "stay", ["due_ms"], sqlite_where=of_due, postgresql_where=of_due)


def _make_pauses() -> None:
    op.create_table(
        "site_pause",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("site", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("since_ms", sa.BigInteger(), nullable=False),
        sa.Column("until_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["site"], ["site.id"], name=op.f("fk_site_pause_site")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_site_pause")),
    )
    op.create_table(
        "absence",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("cabinet", sa.Integer(), nullable=True),
        sa.Column("since_ms", sa.BigInteger(), nullable=False),
        sa.Column("until_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["cabinet"], ["cabinet.id"], name=op.f("fk_absence_cabinet")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_absence")),
    )
    op.create_index(op.f("ix_absence_cabinet"), "absence", ["cabinet"])
    op.create_table(
        "stay_look",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stay_look")),
    )
