"""The ledger's tables.

Times are milliseconds since 1970 (UTC); secrets are sealed (see sealing.py); codes are nowhere.

The migrations build them; a test shows that the migrations and this file say the same.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    UniqueConstraint,
    text,
    true,
)

#: The newest migration, which this program needs.
SCHEMA = "0008"

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
    }
)

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

#: A cabinet is `pending` from its enrolment until the board has confirmed its identity,
#: `enrolled` in service, `retired` for ever after.
cabinet = Table(
    "cabinet",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("site", ForeignKey("site.id"), nullable=False),
    Column("number", Integer, nullable=False),  # of the cabinet at its site, 1-9999
    Column("board_id", LargeBinary(8), nullable=False, unique=True),
    Column("alias", LargeBinary(4), nullable=False, unique=True),
    Column("uid", LargeBinary(6), nullable=False),
    Column("board_name", String(64), nullable=False),
    Column("master_secret", LargeBinary, nullable=False),  # sealed
    Column("nonce_host", LargeBinary(8), nullable=False),
    Column("nonce_board", LargeBinary(8), nullable=False),
    Column("epoch", Integer, nullable=False),  # of new parcels
    Column("rule", Integer, nullable=False, server_default="0"),  # of codes and tails, in its first epoch
    # Of the ticket key, when it was provisioned.
    Column("generation", Integer, nullable=False, server_default="0"),
    Column("state", String(8), nullable=False),
    Column("enrolled_ms", BigInteger, nullable=False),
    Column("seen_ms", BigInteger),  # the last verified frame
    Column("incarnation", BigInteger),  # the one it reported last
    Column("boot", Integer),
    Column("build", BigInteger),
    Column("next_event", BigInteger),  # that it reported last: how far the ledger is behind
    # Of this life of the ledger, which the board keeps and reports.
    Column("tag", BigInteger, nullable=False, server_default="1"),
    Column("tag_before", BigInteger),  # another one that the board may still report; -1: any
    # The last command that it is known to have applied.
    Column("commanded", BigInteger, nullable=False, server_default="0"),
    Column("round_trip_ms", Integer),
    Column("fault", String(16)),  # why nothing is taken from it, None: it is in step
    Column("forked_ms", BigInteger),  # when its journal was found to have gone on from an older image
    Column("unsettled", BigInteger),  # its epoch then, until its parcels are put right behind the next one
    # That it may cause now, and since when that is so.
    Column("letters", Float, nullable=False, server_default="0"),
    Column("letters_ms", BigInteger, nullable=False, server_default="0"),
    CheckConstraint("state IN ('pending', 'enrolled', 'retired')", name="state"),
    Index(
        "uq_cabinet_uid_in_service",
        "uid",
        unique=True,
        sqlite_where=text("state <> 'retired'"),
        postgresql_where=text("state <> 'retired'"),
    ),
    Index(
        "uq_cabinet_number_in_service",
        "site",
        "number",
        unique=True,
        sqlite_where=text("state <> 'retired'"),
        postgresql_where=text("state <> 'retired'"),
    ),
)

#: How far a board's journal has been applied: all events up to and including `applied`.
position = Table(
    "position",
    metadata,
    Column("cabinet", ForeignKey("cabinet.id"), nullable=False),
    Column("incarnation", BigInteger, nullable=False),
    Column("applied", BigInteger, nullable=False),
    Column("generation", Integer, nullable=False, server_default="0"),  # of the ticket key, behind that event
    # Of a branch: its first event (see forks.py); 0: it is none.
    Column("forked_at", BigInteger, nullable=False, server_default="0"),
    PrimaryKeyConstraint("cabinet", "incarnation"),
)

#: A boot that has met the host, and when it began.
boot = Table(
    "boot",
    metadata,
    Column("cabinet", ForeignKey("cabinet.id"), nullable=False),
    Column("incarnation", BigInteger, nullable=False),
    Column("boot", Integer, nullable=False),
    Column("started_ms", BigInteger, nullable=False),
    PrimaryKeyConstraint("cabinet", "incarnation", "boot"),
)

#: What the boards said, each event once (locker.contract.records).
#: It happened between earliest_ms and latest_ms.
event = Table(
    "event",
    metadata,
    Column("cabinet", ForeignKey("cabinet.id"), nullable=False),
    Column("incarnation", BigInteger, nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("kind", Integer, nullable=False),
    Column("door", Integer, nullable=False),
    Column("boot", Integer, nullable=False),
    Column("uptime", BigInteger, nullable=False),  # tenths of a second
    Column("a", BigInteger, nullable=False),
    Column("b", BigInteger, nullable=False),
    Column("arrived_ms", BigInteger, nullable=False),
    Column("earliest_ms", BigInteger, nullable=False),
    Column("latest_ms", BigInteger, nullable=False),
    PrimaryKeyConstraint("cabinet", "incarnation", "number"),
    sqlite_with_rowid=False,
)

#: An epoch of a board's codes, from the event on with which it began;
#: the first one is not here: its nonce is 0.
epoch = Table(
    "epoch",
    metadata,
    Column("cabinet", ForeignKey("cabinet.id"), nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("nonce", BigInteger, nullable=False),
    Column("rule", Integer, nullable=False, server_default="0"),  # of codes and tails
    Column("incarnation", BigInteger, nullable=False),
    Column("began", BigInteger, nullable=False),  # number of the event
    Column("began_ms", BigInteger, nullable=False),
    PrimaryKeyConstraint("cabinet", "epoch"),
)

#: What boards are ordered to do, each order once (locker.contract.commands).
command = Table(
    "command",
    metadata,
    Column("sequence", Integer, primary_key=True),
    Column("cabinet", ForeignKey("cabinet.id"), nullable=False),
    Column("number", BigInteger),  # in the board's log; None until it is told for the first time
    Column("kind", Integer, nullable=False),
    Column("door", Integer, nullable=False),
    Column("counter", BigInteger, nullable=False),
    Column("a", BigInteger, nullable=False),
    Column("queued_ms", BigInteger, nullable=False),
    Column("state", String(10), nullable=False),
    Column("ended_ms", BigInteger),
    UniqueConstraint("cabinet", "number"),
    CheckConstraint("state IN ('waiting', 'done', 'impossible')", name="state"),
)

#: Doors that a person at the host wants to open for somebody who is at the cabinet:
#: asked, challenged, given, and how it ended.
opening = Table(
    "opening",
    metadata,
    Column("sequence", Integer, primary_key=True),
    Column("cabinet", ForeignKey("cabinet.id"), nullable=False),
    Column("door", Integer, nullable=False),
    Column("counter", BigInteger, nullable=False),
    Column("asked_ms", BigInteger, nullable=False),
    Column("state", String(10), nullable=False),
    Column("told", Boolean, nullable=False),  # the board has been told of this state
    Column("challenge", BigInteger),
    Column("digits", Integer),
    CheckConstraint("state IN ('asked', 'challenged', 'given', 'opened', 'stuck', 'refused')", name="state"),
    Index("ix_opening_untold", "sequence", sqlite_where=text("NOT told"), postgresql_where=text("NOT told")),
)

resident = Table(
    "resident",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(64), nullable=False),  # see names.py
    Column("unit", String(32), nullable=False, server_default=""),  # tells residents of one name apart
    Column("contact", String(254), nullable=False),  # for the notifier; may be empty
    Column("tail", LargeBinary),  # sealed: her safe tail, None while she has none
    Column("since_ms", BigInteger, nullable=False),
    UniqueConstraint("name", "unit"),
)

ticket = Table(
    "ticket",
    metadata,
    Column("site", ForeignKey("site.id"), nullable=False),
    Column("generation", Integer, nullable=False),  # of the ticket key that its tag is made with
    Column("serial", Integer, nullable=False),
    Column("resident", ForeignKey("resident.id"), nullable=False),
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
    # When its receipt was entered, before its event had come; None: there was none.
    Column("receipt_ms", BigInteger),
    # 1: its door did not open; 2: it did since, which she is to be told
    Column("stuck", Integer, nullable=False, server_default="0"),
    UniqueConstraint("cabinet", "incarnation", "epoch", "door", "counter"),
    CheckConstraint("state IN ('waiting', 'collected', 'withdrawn', 'unknown')", name="state"),
    Index(None, "serial"),
)

#: What residents and staff are to be told. The words are made when it is sent, so no code rests here.
outbox = Table(
    "outbox",
    metadata,
    Column("sequence", Integer, primary_key=True),
    Column("id", String(32), nullable=False, unique=True),  # the same for ever, also after a crash
    Column("kind", String(16), nullable=False),
    Column("resident", ForeignKey("resident.id")),  # None: staff
    Column("cabinet", ForeignKey("cabinet.id"), nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("door", Integer, nullable=False),
    Column("counter", BigInteger, nullable=False),
    Column("retry", Integer, nullable=False),
    # And generation: of the parcel's ticket, which has the safe tail.
    Column("serial", Integer, nullable=False, server_default="0"),
    Column("generation", Integer, nullable=False, server_default="0"),
    Column("queued_ms", BigInteger, nullable=False),  # when the host heard of it
    Column("earliest_ms", BigInteger),  # it happened between these; None: when it was heard
    Column("latest_ms", BigInteger),
    Column("attempts", Integer, nullable=False),
    Column("sent_ms", BigInteger),
    Column("held", String(16)),  # why it is not sent until a person has seen to it, None: it is
    Index(
        "ix_outbox_unsent",
        "sequence",
        sqlite_where=text("sent_ms IS NULL"),
        postgresql_where=text("sent_ms IS NULL"),
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

#: Records of boards that could not be applied, as they came.
#: They count as applied, so that their boards go on.
aside = Table(
    "aside",
    metadata,
    Column("cabinet", ForeignKey("cabinet.id"), nullable=False),
    Column("incarnation", BigInteger, nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("raw", LargeBinary(20), nullable=False),
    Column("reason", String(64), nullable=False),
    Column("aside_ms", BigInteger, nullable=False),
    Column("seen", Boolean, nullable=False),  # a person has looked at it
    PrimaryKeyConstraint("cabinet", "incarnation", "number"),
)

#: What a person should look at. An urgent frame and the event itself make one row.
alarm = Table(
    "alarm",
    metadata,
    Column("cabinet", ForeignKey("cabinet.id"), nullable=False),
    Column("incarnation", BigInteger, nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("door", Integer, nullable=False),
    Column("raised_ms", BigInteger, nullable=False),
    PrimaryKeyConstraint("cabinet", "incarnation", "number", "kind"),
)

#: The servers that run on this ledger, each by the row that it renews while it runs.
server = Table(
    "server",
    metadata,
    Column("id", String(16), primary_key=True),  # drawn at its start
    Column("name", String(64), nullable=False),  # of its machine
    Column("since_ms", BigInteger, nullable=False),
    Column("beat_ms", BigInteger, nullable=False),
)

#: The link to each cabinet as the server that had it last knows it. It is up only while that server is there.
#: No foreign key: a server may tell of a cabinet that was forgotten a moment ago.
link = Table(
    "link",
    metadata,
    Column("cabinet", Integer, primary_key=True, autoincrement=False),
    Column("server", String(16), nullable=False),
    Column("up", Boolean, nullable=False),
    Column("since_ms", BigInteger, nullable=False),
)
