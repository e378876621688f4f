"""Contacts of residents, in order, and what residents and sites wish."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Makes the contact of each resident her first one."""
    op.create_table(
        "contact",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("resident", sa.Integer(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("address", sa.String(length=254), nullable=False),
        sa.Column("confirmed", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("since_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["resident"], ["resident.id"], name=op.f("fk_contact_resident")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact")),
        sa.UniqueConstraint("resident", "rank", name=op.f("uq_contact_resident")),
    )
    op.execute(
        "INSERT INTO contact (resident, rank, address, confirmed, since_ms) "
        "SELECT id, 1, contact, true, since_ms FROM resident WHERE contact <> ''"
    )
    op.add_column("site", sa.Column("language", sa.String(8), nullable=False, server_default=""))
    op.add_column("site", sa.Column("quiet", sa.String(11), nullable=False, server_default=""))
    op.add_column("resident", sa.Column("erased_ms", sa.BigInteger(), nullable=True))
    op.add_column("resident", sa.Column("hold_until_ms", sa.BigInteger(), nullable=True))
    op.add_column("resident", sa.Column("language", sa.String(8), nullable=False, server_default=""))
    for wish in ("code_left_out", "low_doors"):
        op.add_column("resident", sa.Column(wish, sa.Boolean(), nullable=False, server_default=sa.false()))
    _changes()
    _tickets()


def _tickets() -> None:
    """A ticket that has ended may be nobody's."""
    if op.get_bind().dialect.name == "postgresql":
        op.alter_column("ticket", "resident", existing_type=sa.Integer(), nullable=True)
        return
    with op.batch_alter_table("ticket", recreate="always") as ticket:  # which loses the check
        ticket.alter_column("resident", existing_type=sa.Integer(), nullable=True)
        ticket.create_check_constraint(
            op.f("ck_ticket_state"), "state IN ('open', 'used', 'revoked', 'expired')"
        )


def _changes() -> None:
    op.create_table(
        "pending_change",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("resident", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("value", sa.String(length=2000), nullable=False),
        sa.Column("asked_ms", sa.BigInteger(), nullable=False),
        sa.Column("due_ms", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("ended_ms", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("state IN ('waiting', 'done', 'stopped')", name=op.f("ck_pending_change_state")),
        sa.ForeignKeyConstraint(["resident"], ["resident.id"], name=op.f("fk_pending_change_resident")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pending_change")),
    )
    waiting = sa.text("state = 'waiting'")
    op.create_index(
        "ix_pending_change_due",
        "pending_change",
        ["due_ms"],
        sqlite_where=waiting,
        postgresql_where=waiting,
    )
