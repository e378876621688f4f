"""What residents and staff are told, and how it is handed over."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, String, Table, text

from host_tools.host.ledger.tables.base import metadata

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
    Index("ix_outbox_resident", "resident", "serial"),
    Index(
        "ix_outbox_unsent",
        "sequence",
        sqlite_where=text("sent_ms IS NULL"),
        postgresql_where=text("sent_ms IS NULL"),
    ),
)
