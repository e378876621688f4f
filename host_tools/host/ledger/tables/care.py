"""Who is on call, and how they are paged.

`account` is the id of an account; their table is younger than these.
"""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    UniqueConstraint,
    text,
)

from host_tools.host.ledger.tables.base import metadata

#: Hours of a week in which an account is on call.
duty = Table(
    "duty",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("site", ForeignKey("site.id")),  # None: all sites
    Column("account", Integer, nullable=False),
    Column("rank", Integer, nullable=False),  # from 1: who is told first
    Column("days", Integer, nullable=False),  # bit 0: Monday, bit 6: Sunday
    Column("from_minute", Integer, nullable=False),  # of the day, in the site's zone
    Column("until_minute", Integer, nullable=False),  # at or before `from_minute`: of the day after
    Column("from_date", String(10)),  # ISO 8601; None: since ever
    Column("until_date", String(10)),  # the last day; None: for ever
)

#: Who has taken over by name: the first to be told, ahead of the week's plan.
stand_in = Table(
    "stand_in",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("site", ForeignKey("site.id")),  # None: all sites
    Column("account", Integer, nullable=False),
    Column("from_ms", BigInteger, nullable=False),
    Column("until_ms", BigInteger, nullable=False),
)

#: One message to one person about a case. Its words are made when it is handed over.
page = Table(
    "page",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("case_id", ForeignKey("cases.id"), nullable=False),
    Column("account", Integer, nullable=False),
    Column("round", Integer, nullable=False),  # of the case
    Column("step", Integer, nullable=False),  # 0: the first, 1: the next, from 2 on: all
    Column("due_ms", BigInteger, nullable=False),
    Column("state", String(7), nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("handed_ms", BigInteger),
    Column("reference", String(128), nullable=False, server_default=""),  # the channel's own id
    Column("reason", String(128), nullable=False, server_default=""),  # why it failed
    Column("tap", LargeBinary(32), unique=True),  # the SHA-256 of the token of its link
    UniqueConstraint("case_id", "round", "step", "account"),
    CheckConstraint("state IN ('waiting', 'handed', 'failed', 'void')", name="state"),
    Index(
        "ix_page_waiting",
        "due_ms",
        sqlite_where=text("state = 'waiting'"),
        postgresql_where=text("state = 'waiting'"),
    ),
)

#: The daily page with which an account proves that pages reach it.
proof = Table(
    "proof",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("account", Integer, nullable=False),
    Column("day", String(10), nullable=False),  # ISO 8601, in the zone of the host
    Column("code", String(8), nullable=False),
    Column("due_ms", BigInteger, nullable=False),
    Column("handed_ms", BigInteger),
    Column("proved_ms", BigInteger),
    Column("missed_ms", BigInteger),  # when the case was opened
    UniqueConstraint("account", "day"),
)

#: When an account wishes to get that page.
proof_time = Table(
    "proof_time",
    metadata,
    Column("account", Integer, primary_key=True, autoincrement=False),
    Column("minute", Integer, nullable=False),  # of the day
)

#: What the host keeps for itself about its care: the secret of one-tap links, the last heartbeat.
care = Table(
    "care",
    metadata,
    Column("name", String(16), primary_key=True),
    Column("at_ms", BigInteger, nullable=False),
    Column("secret", LargeBinary),  # sealed
)

#: What dispatchers did about a silent alarm. Only dispatchers read it.
silent = Table(
    "silent",
    metadata,
    Column("id", String(32), primary_key=True),  # as the message to dispatchers has it
    Column("state", String(7), nullable=False),
    Column("taken_by", String(64)),
    Column("taken_ms", BigInteger),
    Column("closed_by", String(64)),
    Column("closed_ms", BigInteger),
    Column("outcome", String(32)),
    Column("words", String(500), nullable=False, server_default=""),
    CheckConstraint("state IN ('taken', 'closed')", name="state"),
)
