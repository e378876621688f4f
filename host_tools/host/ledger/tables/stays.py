"""How long parcels may stay, and what stopped that clock and is told by no board."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, String, Table, text

from host_tools.host.ledger.tables.base import metadata

#: A version of what a site allows; the newest one that was in force at a deposit holds for that parcel.
#: Rows are never changed.
stay_policy = Table(
    "stay_policy",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("site", ForeignKey("site.id")),  # None: of all sites that have none of their own
    Column("since_ms", BigInteger, nullable=False),
    Column("free_h", Integer, nullable=False),  # hours that a parcel waits for nothing
    Column("reminder_h", Integer, nullable=False),  # behind the deposit
    Column("last_reminder_h", Integer, nullable=False),  # before the end of the free time
    Column("recall_h", Integer, nullable=False),  # behind the deposit
    Column("fee", BigInteger, nullable=False),  # for each day that has begun, in minor units of the currency
    Column("fee_max", BigInteger, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("extensions", Integer, nullable=False),  # how often she may extend
    Column("extension_h", Integer, nullable=False),
)

#: What was settled of a parcel's stay. All else is computed from what happened (see host/stays).
stay = Table(
    "stay",
    metadata,
    Column("parcel", ForeignKey("parcel.id"), primary_key=True),
    Column("policy", ForeignKey("stay_policy.id")),  # None: the one that every ansim begins with
    Column("extensions", Integer, nullable=False, server_default="0"),  # that she has taken
    Column("stage", Integer, nullable=False, server_default="0"),  # what she was told last (see sweep.py)
    Column("told_ms", BigInteger),  # when her first letter was handed over
    Column("pause_told_ms", BigInteger),  # the beginning of the pause that she was told of; None: of none now
    # Nothing can be due before; None: its parcel waits no more.
    Column("due_ms", BigInteger),
    Column("paid", BigInteger),  # of the late fee, in minor units
    Column("paid_reference", String(64)),
    Column("paid_ms", BigInteger),
    Index(
        "ix_stay_due",
        "due_ms",
        sqlite_where=text("due_ms IS NOT NULL"),
        postgresql_where=text("due_ms IS NOT NULL"),
    ),
)

#: When people had a site's clocks stand still.
site_pause = Table(
    "site_pause",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("site", ForeignKey("site.id"), nullable=False),
    Column("reason", String(200), nullable=False),
    Column("since_ms", BigInteger, nullable=False),
    Column("until_ms", BigInteger),  # None: it goes on
)

#: When nothing was heard of a cabinet, so that nobody knows who came to it.
absence = Table(
    "absence",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("cabinet", ForeignKey("cabinet.id")),  # None: of all, for no server ran
    Column("since_ms", BigInteger, nullable=False),
    Column("until_ms", BigInteger),  # None: it goes on
    Index(None, "cabinet"),
)

#: When stays were looked through last; one row.
stay_look = Table(
    "stay_look",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at_ms", BigInteger, nullable=False),
)
