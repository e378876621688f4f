"""Sites, and what is counted of them."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    String,
    Table,
    true,
)

from host_tools.host.ledger.tables.base import metadata

site = Table(
    "site",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(64), nullable=False, unique=True),
    Column("site_id", LargeBinary(8), nullable=False, unique=True),
    # Sealed; the ticket keys of all generations come from it.
    Column("ticket_key", LargeBinary, nullable=False),
    # Of the ticket key: the newest that its cabinets must take.
    Column("generation", Integer, nullable=False, server_default="0"),
    # Older than generations: its first ticket key is the secret itself.
    Column("is_old", Boolean, nullable=False, server_default=true()),
    # Whom people at its cabinets call; empty: none is known.
    Column("help_number", String(14), nullable=False, server_default=""),
    # Of the hours in which people are on call, as in the tz database; empty: the host's own.
    Column("zone", String(64), nullable=False, server_default=""),
    # Of the letters to its staff, and to residents who have chosen none; empty: English.
    Column("language", String(8), nullable=False, server_default=""),
    # When nothing is sent that can wait, as `22:00-07:00` of the host's time; empty: never.
    Column("quiet", String(11), nullable=False, server_default=""),
    Column("refusals_told_ms", BigInteger),  # when staff were told last that many tickets are refused here
)

#: How many tickets were refused at a site, by the minute; only the last days.
refusal = Table(
    "refusal",
    metadata,
    Column("site", ForeignKey("site.id"), nullable=False),
    Column("minute", BigInteger, nullable=False),  # since 1970
    Column("count", BigInteger, nullable=False),
    PrimaryKeyConstraint("site", "minute"),
)

#: Where a courier goes who finds no room at a site, the nearest first (rank 0).
near = Table(
    "near",
    metadata,
    Column("site", ForeignKey("site.id"), nullable=False),
    Column("rank", Integer, nullable=False),
    Column("near", ForeignKey("site.id"), nullable=False),
    PrimaryKeyConstraint("site", "rank"),
)

#: How many doors of each size of a cabinet took a parcel at a quarter hour (couriers/room.py).
room = Table(
    "room",
    metadata,
    Column("cabinet", ForeignKey("cabinet.id"), primary_key=True),
    Column("looked_ms", BigInteger, nullable=False),  # that quarter hour, since 1970
    Column("small", Integer, nullable=False),
    Column("medium", Integer, nullable=False),
    Column("large", Integer, nullable=False),
)
