"""Orders to the boards, the epochs of their codes, and how their links stand."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Adds what a ledger of the first storey lacks."""
    _links()
    _epochs()
    _commands()
    _openings()


def _links() -> None:
    for column in (
        sa.Column("next_event", sa.BigInteger(), nullable=True),
        sa.Column("tag", sa.BigInteger(), nullable=False, server_default="1"),
        sa.Column("tag_before", sa.BigInteger(), nullable=True),
        sa.Column("commanded", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("round_trip_ms", sa.Integer(), nullable=True),
        sa.Column("fault", sa.String(length=16), nullable=True),
    ):
        op.add_column("cabinet", column)


def _epochs() -> None:
    op.create_table(
        "epoch",
        sa.Column("cabinet", sa.Integer(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("nonce", sa.BigInteger(), nullable=False),
        sa.Column("incarnation", sa.BigInteger(), nullable=False),
        sa.Column("began", sa.BigInteger(), nullable=False),
        sa.Column("began_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["cabinet"], ["cabinet.id"], name=op.f("fk_epoch_cabinet")),
        sa.PrimaryKeyConstraint("cabinet", "epoch", name=op.f("pk_epoch")),
    )


def _commands() -> None:
    op.create_table(
        "command",
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("cabinet", sa.Integer(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=True),
        sa.Column("kind", sa.Integer(), nullable=False),
        sa.Column("door", sa.Integer(), nullable=False),
        sa.Column("counter", sa.BigInteger(), nullable=False),
        sa.Column("a", sa.BigInteger(), nullable=False),
        sa.Column("queued_ms", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("ended_ms", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("state IN ('waiting', 'done', 'impossible')", name=op.f("ck_command_state")),
        sa.ForeignKeyConstraint(["cabinet"], ["cabinet.id"], name=op.f("fk_command_cabinet")),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_command")),
        sa.UniqueConstraint("cabinet", "number", name=op.f("uq_command_cabinet")),
    )


def _openings() -> None:
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
            "state IN ('asked', 'challenged', 'given', 'opened', 'refused')", name=op.f("ck_opening_state")
        ),
        sa.ForeignKeyConstraint(["cabinet"], ["cabinet.id"], name=op.f("fk_opening_cabinet")),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_opening")),
    )
    untold = sa.text("NOT told")
    op.create_index(
        "ix_opening_untold", "opening", ["sequence"], sqlite_where=untold, postgresql_where=untold
    )
