"""Tickets, parcels, and the openings of doors with a parcel behind them."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    String,
    Table,
    UniqueConstraint,
    text,
)

from host_tools.host.ledger.tables.base import metadata

ticket = Table(
    "ticket",
    metadata,
    Column("site", ForeignKey("site.id"), nullable=False),
    Column("generation", Integer, nullable=False),  # of the ticket key that its tag is made with
    Column("serial", Integer, nullable=False),
    Column("resident", ForeignKey("resident.id")),  # None: nobody's any more (people/retention.py)
    Column("state", String(7), nullable=False),
    Column("issued_ms", BigInteger, nullable=False),
    PrimaryKeyConstraint("site", "generation", "serial"),
    CheckConstraint("state IN ('open', 'used', 'revoked', 'expired')", name="state"),
)

#: One deposit. Its code is a function of cabinet, epoch, door, counter and retry.
parcel = Table(
    "parcel",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("cabinet", ForeignKey("cabinet.id"), nullable=False),
    Column("incarnation", BigInteger, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("door", Integer, nullable=False),
    Column("counter", BigInteger, nullable=False),
    Column("retry", Integer, nullable=False),
    Column("serial", Integer, nullable=False),
    Column("generation", Integer, nullable=False, server_default="0"),  # of the ticket's key
    Column("resident", ForeignKey("resident.id")),  # None: a ticket that this host never issued
    Column("state", String(9), nullable=False),
    Column("flagged", Boolean, nullable=False),  # the ticket was unknown, revoked or used before
    Column("deposited_ms", BigInteger, nullable=False),
    Column("ended_ms", BigInteger),
    # Not before these, where they are known; the two above are the latest possible.
    Column("deposited_from_ms", BigInteger),
    Column("ended_from_ms", BigInteger),
    # When its receipt was entered, before its event had come; None: there was none.
    Column("receipt_ms", BigInteger),
    # 1: its door did not open; 2: it did since, which she is to be told
    Column("stuck", Integer, nullable=False, server_default="0"),
    UniqueConstraint("cabinet", "incarnation", "epoch", "door", "counter"),
    CheckConstraint("state IN ('waiting', 'collected', 'withdrawn', 'unknown')", name="state"),
    Index(None, "serial"),
    Index(
        "ix_parcel_waiting",
        "cabinet",
        sqlite_where=text("state = 'waiting'"),
        postgresql_where=text("state = 'waiting'"),
    ),
)

#: Every opening of a door with a parcel behind it, for whose dispatchers it may be a silent alarm. All rows
#: are written and told alike, so that neither their number nor the work that they make says of any of them
#: what it is.
pickup = Table(
    "pickup",
    metadata,
    Column("cabinet", ForeignKey("cabinet.id"), nullable=False),
    Column("incarnation", BigInteger, nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("door", Integer, nullable=False),
    Column("how", Integer, nullable=False),  # locker.contract.records.BY_CODE and so on
    Column("earliest_ms", BigInteger, nullable=False),
    Column("latest_ms", BigInteger, nullable=False),
    Column("heard_ms", BigInteger, nullable=False),
    Column("told_ms", BigInteger),  # None: dispatchers are still to be told, if it is for them
    PrimaryKeyConstraint("cabinet", "incarnation", "number"),
    Index(
        "ix_pickup_untold",
        "heard_ms",
        sqlite_where=text("told_ms IS NULL"),
        postgresql_where=text("told_ms IS NULL"),
    ),
)

#: The link of a parcel's page (people/links.py). Its token is nowhere.
parcel_link = Table(
    "parcel_link",
    metadata,
    Column("parcel", ForeignKey("parcel.id"), primary_key=True),
    Column("resident", ForeignKey("resident.id"), nullable=False),  # whom it was made for
    Column("hash", LargeBinary(32), nullable=False, unique=True),  # the SHA-256 of its token
    Column("digits_ms", BigInteger),  # when digits for it were sent to her last
)
