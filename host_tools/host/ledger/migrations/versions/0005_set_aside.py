"""What boards say that cannot be applied, letters that wait for a person, refused tickets,
and journals that went on from older images.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_STATES = "state IN ('waiting', 'collected', 'withdrawn', 'unknown')"


def upgrade() -> None:
    """Adds what a ledger lacks that trusts what boards say."""
    op.create_table(
        "aside",
        sa.Column("cabinet", sa.Integer(), nullable=False),
        sa.Column("incarnation", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("raw", sa.LargeBinary(length=20), nullable=False),
        sa.Column("reason", sa.String(length=64), nullable=False),
        sa.Column("aside_ms", sa.BigInteger(), nullable=False),
        sa.Column("seen", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["cabinet"], ["cabinet.id"], name=op.f("fk_aside_cabinet")),
        sa.PrimaryKeyConstraint("cabinet", "incarnation", "number", name=op.f("pk_aside")),
    )
    op.create_table(
        "refusal",
        sa.Column("site", sa.Integer(), nullable=False),
        sa.Column("minute", sa.BigInteger(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["site"], ["site.id"], name=op.f("fk_refusal_site")),
        sa.PrimaryKeyConstraint("site", "minute", name=op.f("pk_refusal")),
    )
    op.add_column("site", sa.Column("refusals_told_ms", sa.BigInteger(), nullable=True))
    op.add_column("outbox", sa.Column("held", sa.String(length=16), nullable=True))
    for column in (
        sa.Column("forked_ms", sa.BigInteger(), nullable=True),
        sa.Column("unsettled", sa.BigInteger(), nullable=True),
        sa.Column("letters", sa.Float(), nullable=False, server_default="0"),
        sa.Column("letters_ms", sa.BigInteger(), nullable=False, server_default="0"),
    ):
        op.add_column("cabinet", column)
    op.add_column("position", sa.Column("forked_at", sa.BigInteger(), nullable=False, server_default="0"))
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint(op.f("ck_parcel_state"), "parcel", type_="check")
        op.create_check_constraint(op.f("ck_parcel_state"), "parcel", _STATES)
    else:  # which can only make a table anew
        with op.batch_alter_table("parcel", recreate="always") as parcel:
            parcel.create_check_constraint(op.f("ck_parcel_state"), _STATES)
