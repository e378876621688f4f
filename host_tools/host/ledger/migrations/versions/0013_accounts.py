"""The people who work at the host, what they did, whom they may not see; what couriers and residents see."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Makes room for accounts, their acts, and the residents they are related to."""
    op.create_table(
        "account",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("contact", sa.String(length=254), nullable=False, server_default=""),
        sa.Column("roles", sa.String(length=64), nullable=False),
        sa.Column("os_user", sa.String(length=64), nullable=True),
        sa.Column("token", sa.LargeBinary(length=32), nullable=True),
        sa.Column("token_until_ms", sa.BigInteger(), nullable=True),
        sa.Column("password", sa.String(length=128), nullable=True),
        sa.Column("second_factor", sa.LargeBinary(), nullable=True),
        sa.Column("second_factor_step", sa.BigInteger(), nullable=True),
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
    op.create_table(
        "related",
        sa.Column("account", sa.Integer(), nullable=False),
        sa.Column("resident", sa.Integer(), nullable=False),
        sa.Column("why", sa.String(length=16), nullable=False),
        sa.Column("since_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["account"], ["account.id"], name=op.f("fk_related_account")),
        sa.ForeignKeyConstraint(["resident"], ["resident.id"], name=op.f("fk_related_resident")),
        sa.PrimaryKeyConstraint("account", "resident", name=op.f("pk_related")),
    )
    _whose()
    _audit()
    _asking()
    _room()
    _links()


def _room() -> None:
    op.create_table(
        "near",
        sa.Column("site", sa.Integer(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("near", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["near"], ["site.id"], name=op.f("fk_near_near")),
        sa.ForeignKeyConstraint(["site"], ["site.id"], name=op.f("fk_near_site")),
        sa.PrimaryKeyConstraint("site", "rank", name=op.f("pk_near")),
    )
    op.create_table(
        "room",
        sa.Column("cabinet", sa.Integer(), nullable=False),
        sa.Column("looked_ms", sa.BigInteger(), nullable=False),
        sa.Column("small", sa.Integer(), nullable=False),
        sa.Column("medium", sa.Integer(), nullable=False),
        sa.Column("large", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["cabinet"], ["cabinet.id"], name=op.f("fk_room_cabinet")),
        sa.PrimaryKeyConstraint("cabinet", name=op.f("pk_room")),
    )


def _whose() -> None:
    op.create_table(
        "resident_site",
        sa.Column("resident", sa.Integer(), nullable=False),
        sa.Column("site", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["resident"], ["resident.id"], name=op.f("fk_resident_site_resident")),
        sa.ForeignKeyConstraint(["site"], ["site.id"], name=op.f("fk_resident_site_site")),
        sa.PrimaryKeyConstraint("resident", "site", name=op.f("pk_resident_site")),
    )
    op.execute(
        "INSERT INTO resident_site (resident, site)"
        " SELECT resident, site FROM ticket WHERE resident IS NOT NULL UNION"
        " SELECT parcel.resident, cabinet.site FROM parcel JOIN cabinet ON cabinet.id = parcel.cabinet"
        " WHERE parcel.resident IS NOT NULL"
    )
    op.create_table(
        "account_was",
        sa.Column("account", sa.Integer(), nullable=False),
        sa.Column("mark", sa.LargeBinary(length=32), nullable=False),
        sa.ForeignKeyConstraint(["account"], ["account.id"], name=op.f("fk_account_was_account")),
        sa.PrimaryKeyConstraint("account", "mark", name=op.f("pk_account_was")),
    )


def _audit() -> None:
    op.create_table(
        "audit",
        sa.Column("chain", sa.String(length=8), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("account", sa.Integer(), nullable=True),
        sa.Column("os_user", sa.String(length=64), nullable=False),
        sa.Column("act", sa.String(length=40), nullable=False),
        sa.Column("reason", sa.String(length=16), nullable=False),
        sa.Column("site", sa.String(length=64), nullable=False),
        sa.Column("cabinet", sa.Integer(), nullable=False),
        sa.Column("door", sa.Integer(), nullable=False),
        sa.Column("resident", sa.Integer(), nullable=True),
        sa.Column("text", sa.String(length=200), nullable=False),
        sa.Column("salt", sa.LargeBinary(length=16), nullable=True),
        sa.Column("emptied", sa.LargeBinary(length=32), nullable=True),
        sa.Column("commitment", sa.LargeBinary(length=32), nullable=False),
        sa.Column("link", sa.LargeBinary(length=32), nullable=False),
        sa.ForeignKeyConstraint(["account"], ["account.id"], name=op.f("fk_audit_account")),
        sa.PrimaryKeyConstraint("chain", "number", name=op.f("pk_audit")),
    )
    op.create_index("ix_audit_resident", "audit", ["resident"])
    op.create_table(
        "audit_head",
        sa.Column("chain", sa.String(length=8), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("seal", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("chain", name=op.f("pk_audit_head")),
    )


def _asking() -> None:
    states = "state IN ('asked', 'confirmed', 'opened', 'stopped', 'failed', 'expired')"
    op.create_table(
        "asking",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("parcel", sa.Integer(), nullable=False),
        sa.Column("account", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(length=9), nullable=False),
        sa.Column("asked_ms", sa.BigInteger(), nullable=False),
        sa.Column("confirmed_ms", sa.BigInteger(), nullable=True),
        sa.Column("ended_ms", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(states, name=op.f("ck_asking_state")),
        sa.ForeignKeyConstraint(["account"], ["account.id"], name=op.f("fk_asking_account")),
        sa.ForeignKeyConstraint(["parcel"], ["parcel.id"], name=op.f("fk_asking_parcel")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_asking")),
    )
    op.create_index("ix_asking_parcel", "asking", ["parcel"])


def _links() -> None:
    op.create_table(
        "parcel_link",
        sa.Column("parcel", sa.Integer(), nullable=False),
        sa.Column("resident", sa.Integer(), nullable=False),
        sa.Column("hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("digits_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["parcel"], ["parcel.id"], name=op.f("fk_parcel_link_parcel")),
        sa.ForeignKeyConstraint(["resident"], ["resident.id"], name=op.f("fk_parcel_link_resident")),
        sa.PrimaryKeyConstraint("parcel", name=op.f("pk_parcel_link")),
        sa.UniqueConstraint("hash", name=op.f("uq_parcel_link_hash")),
    )
