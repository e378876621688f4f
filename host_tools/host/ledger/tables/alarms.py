"""Alarms, and the cases that people settle."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    String,
    Table,
    text,
)

from host_tools.host.ledger.tables.base import metadata

#: What a person should look at. An urgent frame and the event itself make one row.
alarm = Table(
    "alarm",
    metadata,
    Column("cabinet", ForeignKey("cabinet.id"), nullable=False),
    Column("incarnation", BigInteger, nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("door", Integer, nullable=False),
    Column("raised_ms", BigInteger, nullable=False),  # when the host heard of it
    Column("earliest_ms", BigInteger),  # it happened between these; None: when it was heard
    Column("latest_ms", BigInteger),
    # The case that it became; 0: it is older than cases; None: it is still to become one.
    Column("case_id", Integer),
    PrimaryKeyConstraint("cabinet", "incarnation", "number", "kind"),
    Index(
        "ix_alarm_new",
        "raised_ms",
        sqlite_where=text("case_id IS NULL"),
        postgresql_where=text("case_id IS NULL"),
    ),
)

#: What a person must settle. Of a kind and a key at most one is not closed.
case = Table(
    "cases",  # `case` is a word of SQL
    metadata,
    Column("id", Integer, primary_key=True),
    Column("kind", String(24), nullable=False),  # see care/kinds.py
    Column("key", String(64), nullable=False),  # tells causes of one kind apart
    Column("site", ForeignKey("site.id")),
    Column("cabinet", ForeignKey("cabinet.id")),
    Column("door", Integer, nullable=False, server_default="0"),  # 0: the cabinet itself
    Column("pages", Boolean, nullable=False),  # people are woken for it, at any hour
    Column("opened_ms", BigInteger, nullable=False),
    Column("earliest_ms", BigInteger, nullable=False),  # the first time it happened, between these
    Column("latest_ms", BigInteger, nullable=False),
    Column("heard_ms", BigInteger, nullable=False),
    Column("times", Integer, nullable=False),  # how often it happened: rings, repeats
    Column("last_ms", BigInteger, nullable=False),  # when the host heard of the last of these
    # Of the last alarm, the event in its board's journal: for a bell, the call that is answered.
    Column("incarnation", BigInteger),
    Column("number", BigInteger),
    Column("state", String(7), nullable=False),
    Column("taken_by", String(64)),
    Column("taken_ms", BigInteger),
    Column("shelved_until_ms", BigInteger),
    Column("closed_by", String(64)),
    Column("closed_ms", BigInteger),
    Column("outcome", String(32)),
    # Of its pages: how often they began anew, the next step, and when that is due; None: no step is.
    Column("round", Integer, nullable=False, server_default="0"),
    Column("step", Integer, nullable=False, server_default="0"),
    Column("step_due_ms", BigInteger),
    CheckConstraint("state IN ('open', 'taken', 'shelved', 'closed')", name="state"),
    Index(
        "uq_cases_cause",
        "kind",
        "key",
        unique=True,
        sqlite_where=text("state <> 'closed'"),
        postgresql_where=text("state <> 'closed'"),
    ),
    Index(
        "ix_cases_due",
        "step_due_ms",
        sqlite_where=text("step_due_ms IS NOT NULL"),
        postgresql_where=text("step_due_ms IS NOT NULL"),
    ),
)

#: What was done about a case, and by whom.
case_note = Table(
    "case_note",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("case_id", ForeignKey("cases.id"), nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("by", String(64), nullable=False),  # an account's name; empty: the host itself
    Column("what", String(16), nullable=False),  # opened, again, taken, shelved, unshelved, noted, closed
    Column("words", String(500), nullable=False, server_default=""),
    Index(None, "case_id"),
)
