"""How letters are handed over, contact by contact."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

_DUE = "state = 'queued' AND turn IS NOT NULL"


def upgrade() -> None:
    """Makes room for deliveries. A letter that was sent needs none."""
    op.add_column("outbox", sa.Column("routed", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("outbox", sa.Column("delivered_ms", sa.BigInteger(), nullable=True))
    op.add_column("outbox", sa.Column("too_late_ms", sa.BigInteger(), nullable=True))
    op.add_column("outbox", sa.Column("given_up_ms", sa.BigInteger(), nullable=True))
    op.execute("UPDATE outbox SET routed = true WHERE sent_ms IS NOT NULL")
    _of_letters()
    op.create_table(
        "delivery",
        sa.Column("letter", sa.Integer(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(length=32), nullable=False),
        sa.Column("to_staff", sa.Boolean(), nullable=False),
        sa.Column("flow", sa.String(length=64), nullable=False),
        sa.Column("turn", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("since_ms", sa.BigInteger(), nullable=False),
        sa.Column("next_ms", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("lease", sa.String(length=32), nullable=True),
        sa.Column("lease_until_ms", sa.BigInteger(), nullable=True),
        sa.Column("lead", sa.Integer(), nullable=True),
        sa.Column("whole", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("passed", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("handed_ms", sa.BigInteger(), nullable=True),
        sa.Column("ended_ms", sa.BigInteger(), nullable=True),
        sa.Column("reference", sa.String(length=128), nullable=False, server_default=""),
        sa.Column("reason", sa.String(length=128), nullable=False, server_default=""),
        sa.CheckConstraint(
            "state IN ('queued', 'leased', 'handed over', 'delivered', 'failed', 'given up')",
            name=op.f("ck_delivery_state"),
        ),
        sa.ForeignKeyConstraint(["letter"], ["outbox.sequence"], name=op.f("fk_delivery_letter")),
        sa.PrimaryKeyConstraint("letter", "rank", name=op.f("pk_delivery")),
    )
    _index("ix_delivery_due", "delivery", ["channel", "to_staff", "turn", "letter"], _DUE)
    _index("ix_delivery_flow", "delivery", ["channel", "to_staff", "flow", "turn"], _DUE)
    resting = "state = 'queued' AND turn IS NULL"
    _index("ix_delivery_resting", "delivery", ["channel", "to_staff", "next_ms"], resting)
    _index("ix_delivery_leased", "delivery", ["lease_until_ms"], "state = 'leased'")
    _index("ix_delivery_waiting", "delivery", ["since_ms"], "state = 'queued'")
    _index(
        "ix_delivery_unpassed",
        "delivery",
        ["state", "since_ms"],
        "state IN ('queued', 'failed') AND NOT passed",
    )
    _index("ix_delivery_delivered", "delivery", ["channel"], "state = 'delivered'")
    _index("ix_delivery_reference", "delivery", ["channel", "reference"], "reference <> ''")
    op.create_table(
        "callback",
        sa.Column("channel", sa.String(length=32), nullable=False),
        sa.Column("id", sa.String(length=128), nullable=False),
        sa.Column("heard_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("channel", "id", name=op.f("pk_callback")),
    )
    op.create_index("ix_callback_heard_ms", "callback", ["heard_ms"])
    _of_hosts()


def _of_hosts() -> None:
    """What one host does at a time where several share a ledger."""
    op.create_table(
        "lease",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("by", sa.String(length=32), nullable=False),
        sa.Column("until_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_lease")),
    )


def _of_letters() -> None:
    """The indexes of letters, by what is looked for."""
    _index("ix_outbox_unrouted", "outbox", ["held", "sequence"], "NOT routed AND resident IS NOT NULL")
    staff = "NOT routed AND resident IS NULL"
    _index("ix_outbox_unrouted_staff", "outbox", ["held", "resident", "sequence"], staff)
    op.drop_index("ix_outbox_unsent", "outbox")
    waits = "sent_ms IS NULL AND held IS NULL AND given_up_ms IS NULL"
    _index("ix_outbox_waiting", "outbox", ["queued_ms"], waits)
    failed = "sent_ms IS NULL AND (held IS NOT NULL OR given_up_ms IS NOT NULL)"
    _index("ix_outbox_failed", "outbox", ["sequence"], failed)
    _index("ix_outbox_given_up", "outbox", ["sequence"], "given_up_ms IS NOT NULL")


def _index(name: str, table: str, columns: list[str], which: str) -> None:
    where = sa.text(which)
    op.create_index(name, table, columns, sqlite_where=where, postgresql_where=where)
