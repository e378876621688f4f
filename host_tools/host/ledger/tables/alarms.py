"""Alarms, cases, and who is on call."""

from sqlalchemy import BigInteger, Column, ForeignKey, Integer, PrimaryKeyConstraint, String, Table

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
    Column("raised_ms", BigInteger, nullable=False),
    PrimaryKeyConstraint("cabinet", "incarnation", "number", "kind"),
)
