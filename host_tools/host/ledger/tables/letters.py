"""What residents and staff are told, and how it is handed over."""

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
    false,
    text,
)

from host_tools.host.ledger.tables.base import metadata

_WAITS = "sent_ms IS NULL AND held IS NULL AND given_up_ms IS NULL"
_FAILED = "sent_ms IS NULL AND (held IS NOT NULL OR given_up_ms IS NOT NULL)"

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
    Column("too_late_ms", BigInteger),  # quiet hours that end then or later do not hold it up; None: all do
    Column("attempts", Integer, nullable=False),
    Column("sent_ms", BigInteger),  # when it was handed over first, whole
    Column("held", String(16)),  # why it is not sent until a person has seen to it, None: it is
    Column("routed", Boolean, nullable=False, server_default=false()),  # its way is in `delivery`
    Column("delivered_ms", BigInteger),  # when a channel reported that it had arrived
    Column("given_up_ms", BigInteger),  # since when no contact is left that could take it
    Index("ix_outbox_resident", "resident", "serial"),
    *(
        Index(name, *columns, sqlite_where=text(which), postgresql_where=text(which))
        for name, which, columns in (
            # What is compared comes first: else SQLite takes `ix_outbox_resident`, or reads all there is.
            ("ix_outbox_unrouted", "NOT routed AND resident IS NOT NULL", ("held", "sequence")),
            (
                "ix_outbox_unrouted_staff",
                "NOT routed AND resident IS NULL",
                ("held", "resident", "sequence"),
            ),
            ("ix_outbox_waiting", _WAITS, ("queued_ms",)),
            ("ix_outbox_failed", _FAILED, ("sequence",)),
            ("ix_outbox_given_up", "given_up_ms IS NOT NULL", ("sequence",)),
        )
    ),
)

_DUE = "state = 'queued' AND turn IS NOT NULL"

#: A letter's way to one contact, in the order of `rank`; 0 for staff, and for whom no contact is known.
delivery = Table(
    "delivery",
    metadata,
    Column("letter", ForeignKey("outbox.sequence"), nullable=False),
    Column("rank", Integer, nullable=False),
    Column("channel", String(32), nullable=False),
    Column("to_staff", Boolean, nullable=False),
    Column("flow", String(64), nullable=False),  # those of one flow take turns with others: see deliveries.py
    Column("turn", Integer),  # its place among those that are due; None: it rests until `next_ms`
    Column("state", String(12), nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("since_ms", BigInteger, nullable=False),
    Column("next_ms", BigInteger, nullable=False, server_default="0"),
    Column("lease", String(32)),  # of the host that hands it over now
    Column("lease_until_ms", BigInteger),
    Column("lead", Integer),  # the letter whose message tells of this one too, with a count
    Column("whole", Boolean, nullable=False, server_default=false()),  # handed over with all that it says
    Column("passed", Boolean, nullable=False, server_default=false()),  # the next contact has had its chance
    Column("handed_ms", BigInteger),
    Column("ended_ms", BigInteger),
    Column("reference", String(128), nullable=False, server_default=""),  # the channel's own id of it
    Column("reason", String(128), nullable=False, server_default=""),  # why not, without personal data
    PrimaryKeyConstraint("letter", "rank"),
    CheckConstraint(
        "state IN ('queued', 'leased', 'handed over', 'delivered', 'failed', 'given up')", name="state"
    ),
    *(
        Index(name, *columns, sqlite_where=text(which), postgresql_where=text(which))
        for name, which, columns in (
            ("ix_delivery_due", _DUE, ("channel", "to_staff", "turn", "letter")),
            ("ix_delivery_flow", _DUE, ("channel", "to_staff", "flow", "turn")),
            ("ix_delivery_resting", "state = 'queued' AND turn IS NULL", ("channel", "to_staff", "next_ms")),
            ("ix_delivery_leased", "state = 'leased'", ("lease_until_ms",)),
            ("ix_delivery_waiting", "state = 'queued'", ("since_ms",)),
            ("ix_delivery_unpassed", "state IN ('queued', 'failed') AND NOT passed", ("state", "since_ms")),
            ("ix_delivery_delivered", "state = 'delivered'", ("channel",)),
            ("ix_delivery_reference", "reference <> ''", ("channel", "reference")),
        )
    ),
)

#: What channels have reported of their deliveries, so that nothing counts twice; kept for minutes.
callback = Table(
    "callback",
    metadata,
    Column("channel", String(32), nullable=False),
    Column("id", String(128), nullable=False),  # the report's own
    Column("heard_ms", BigInteger, nullable=False),
    PrimaryKeyConstraint("channel", "id"),
    Index(None, "heard_ms"),
)

#: What one host does at a time where several share a ledger: which one, and until when.
lease = Table(
    "lease",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("by", String(32), nullable=False),
    Column("until_ms", BigInteger, nullable=False),
)
