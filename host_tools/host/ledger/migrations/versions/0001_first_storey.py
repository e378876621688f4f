"""First storey: sites, cabinets, residents, tickets, what the boards said,
parcels, and what people are to be told.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Builds the tables of an empty file."""
    _places()
    _people()
    _journals()
    _parcels()


def _places() -> None:
    op.create_table(
        "site",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("site_id", sa.LargeBinary(length=8), nullable=False),
        sa.Column("ticket_key", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_site")),
        sa.UniqueConstraint("name", name=op.f("uq_site_name")),
        sa.UniqueConstraint("site_id", name=op.f("uq_site_site_id")),
    )
    op.create_table(
        "cabinet",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("site", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("board_id", sa.LargeBinary(length=8), nullable=False),
        sa.Column("alias", sa.LargeBinary(length=4), nullable=False),
        sa.Column("uid", sa.LargeBinary(length=6), nullable=False),
        sa.Column("board_name", sa.String(length=64), nullable=False),
        sa.Column("master_secret", sa.LargeBinary(), nullable=False),
        sa.Column("nonce_host", sa.LargeBinary(length=8), nullable=False),
        sa.Column("nonce_board", sa.LargeBinary(length=8), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("enrolled_ms", sa.BigInteger(), nullable=False),
        sa.Column("seen_ms", sa.BigInteger(), nullable=True),
        sa.Column("incarnation", sa.BigInteger(), nullable=True),
        sa.Column("boot", sa.Integer(), nullable=True),
        sa.Column("build", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("state IN ('pending', 'enrolled', 'retired')", name=op.f("ck_cabinet_state")),
        sa.ForeignKeyConstraint(["site"], ["site.id"], name=op.f("fk_cabinet_site")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cabinet")),
        sa.UniqueConstraint("alias", name=op.f("uq_cabinet_alias")),
        sa.UniqueConstraint("board_id", name=op.f("uq_cabinet_board_id")),
    )
    op.create_index(
        "uq_cabinet_number_in_service",
        "cabinet",
        ["site", "number"],
        unique=True,
        sqlite_where=sa.text("state <> 'retired'"),
        postgresql_where=sa.text("state <> 'retired'"),
    )
    op.create_index(
        "uq_cabinet_uid_in_service",
        "cabinet",
        ["uid"],
        unique=True,
        sqlite_where=sa.text("state <> 'retired'"),
        postgresql_where=sa.text("state <> 'retired'"),
    )


def _people() -> None:
    op.create_table(
        "resident",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("contact", sa.String(length=254), nullable=False),
        sa.Column("tail", sa.LargeBinary(), nullable=True),
        sa.Column("since_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_resident")),
        sa.UniqueConstraint("name", name=op.f("uq_resident_name")),
    )
    op.create_table(
        "ticket",
        sa.Column("site", sa.Integer(), nullable=False),
        sa.Column("serial", sa.Integer(), nullable=False),
        sa.Column("resident", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=7), nullable=False),
        sa.Column("issued_ms", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("state IN ('open', 'used', 'revoked')", name=op.f("ck_ticket_state")),
        sa.ForeignKeyConstraint(["resident"], ["resident.id"], name=op.f("fk_ticket_resident")),
        sa.ForeignKeyConstraint(["site"], ["site.id"], name=op.f("fk_ticket_site")),
        sa.PrimaryKeyConstraint("site", "serial", name=op.f("pk_ticket")),
    )


def _journals() -> None:
    op.create_table(
        "position",
        sa.Column("cabinet", sa.Integer(), nullable=False),
        sa.Column("incarnation", sa.BigInteger(), nullable=False),
        sa.Column("applied", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["cabinet"], ["cabinet.id"], name=op.f("fk_position_cabinet")),
        sa.PrimaryKeyConstraint("cabinet", "incarnation", name=op.f("pk_position")),
    )
    op.create_table(
        "boot",
        sa.Column("cabinet", sa.Integer(), nullable=False),
        sa.Column("incarnation", sa.BigInteger(), nullable=False),
        sa.Column("boot", sa.Integer(), nullable=False),
        sa.Column("started_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["cabinet"], ["cabinet.id"], name=op.f("fk_boot_cabinet")),
        sa.PrimaryKeyConstraint("cabinet", "incarnation", "boot", name=op.f("pk_boot")),
    )
    op.create_table(
        "event",
        sa.Column("cabinet", sa.Integer(), nullable=False),
        sa.Column("incarnation", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Integer(), nullable=False),
        sa.Column("door", sa.Integer(), nullable=False),
        sa.Column("boot", sa.Integer(), nullable=False),
        sa.Column("uptime", sa.BigInteger(), nullable=False),
        sa.Column("a", sa.BigInteger(), nullable=False),
        sa.Column("b", sa.BigInteger(), nullable=False),
        sa.Column("arrived_ms", sa.BigInteger(), nullable=False),
        sa.Column("earliest_ms", sa.BigInteger(), nullable=False),
        sa.Column("latest_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["cabinet"], ["cabinet.id"], name=op.f("fk_event_cabinet")),
        sa.PrimaryKeyConstraint("cabinet", "incarnation", "number", name=op.f("pk_event")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "alarm",
        sa.Column("cabinet", sa.Integer(), nullable=False),
        sa.Column("incarnation", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("door", sa.Integer(), nullable=False),
        sa.Column("raised_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["cabinet"], ["cabinet.id"], name=op.f("fk_alarm_cabinet")),
        sa.PrimaryKeyConstraint("cabinet", "incarnation", "number", "kind", name=op.f("pk_alarm")),
    )


def _parcels() -> None:
    op.create_table(
        "parcel",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("cabinet", sa.Integer(), nullable=False),
        sa.Column("incarnation", sa.BigInteger(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("door", sa.Integer(), nullable=False),
        sa.Column("counter", sa.BigInteger(), nullable=False),
        sa.Column("retry", sa.Integer(), nullable=False),
        sa.Column("serial", sa.Integer(), nullable=False),
        sa.Column("resident", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(length=9), nullable=False),
        sa.Column("flagged", sa.Boolean(), nullable=False),
        sa.Column("deposited_ms", sa.BigInteger(), nullable=False),
        sa.Column("ended_ms", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("state IN ('waiting', 'collected', 'withdrawn')", name=op.f("ck_parcel_state")),
        sa.ForeignKeyConstraint(["cabinet"], ["cabinet.id"], name=op.f("fk_parcel_cabinet")),
        sa.ForeignKeyConstraint(["resident"], ["resident.id"], name=op.f("fk_parcel_resident")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_parcel")),
        sa.UniqueConstraint(
            "cabinet", "incarnation", "epoch", "door", "counter", name=op.f("uq_parcel_cabinet")
        ),
    )
    op.create_index(op.f("ix_parcel_serial"), "parcel", ["serial"], unique=False)
    op.create_table(
        "outbox",
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("resident", sa.Integer(), nullable=True),
        sa.Column("cabinet", sa.Integer(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("door", sa.Integer(), nullable=False),
        sa.Column("counter", sa.BigInteger(), nullable=False),
        sa.Column("retry", sa.Integer(), nullable=False),
        sa.Column("queued_ms", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("sent_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["cabinet"], ["cabinet.id"], name=op.f("fk_outbox_cabinet")),
        sa.ForeignKeyConstraint(["resident"], ["resident.id"], name=op.f("fk_outbox_resident")),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_outbox")),
        sa.UniqueConstraint("id", name=op.f("uq_outbox_id")),
    )
    op.create_index(
        "ix_outbox_unsent",
        "outbox",
        ["sequence"],
        unique=False,
        sqlite_where=sa.text("sent_ms IS NULL"),
        postgresql_where=sa.text("sent_ms IS NULL"),
    )
