"""Cabinets: what their boards said and are ordered, and the servers that they are linked to."""

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
    PrimaryKeyConstraint,
    String,
    Table,
    UniqueConstraint,
    text,
)

from host_tools.host.ledger.tables.base import metadata

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
    # DOOR_JAMMED, LEVEL_LOST, DOOR_TESTED and OUT_OF_SERVICE: few of many.
    Index(
        "ix_event_stopping",
        "kind",
        "cabinet",
        sqlite_where=text("kind IN (14, 20, 26, 27)"),
        postgresql_where=text("kind IN (14, 20, 26, 27)"),
    ),
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
