"""What happened at a cabinet or behind one of its doors, in words,
with the time it happened and the time it was heard.
"""

from typing import NamedTuple

from sqlalchemy import Row, select

from host_tools.host.accounts.kept import Kept
from host_tools.host.kinds import KINDS, in_words
from host_tools.host.ledger import tables
from host_tools.host.ledger.event_time import Moment
from host_tools.host.ledger.ledger import Ledger
from host_tools.host.ledger.places import Place, boards_at, cabinet_at
from locker.contract import records
from locker.contract.records import Record

LAST = 50


class Happening(NamedTuple):
    """One event. `name` is the word of the server's lines, `words` what it means."""

    number: int
    door: int  # 0: of the cabinet
    name: str
    words: str
    moment: Moment


class Recorded(NamedTuple):
    """The same with its record (None: it is set aside), which says more than everybody may hear."""

    happening: Happening
    record: Record | None


def listing(ledger: Ledger, place: Place, last: int = LAST) -> list[Happening]:
    """The last events at a cabinet, or of one door of it (place.door), those of earlier boards in its place
    too, in the order in which they happened. Raises UserError.
    """
    return [one.happening for one in recorded(ledger, place, last)]


def recorded(ledger: Ledger, place: Place, last: int = LAST) -> list[Recorded]:
    """As `listing`, for who has words of his own for them. Raises UserError."""
    event = tables.event.c
    with ledger.reading() as connection:
        known = cabinet_at(connection, place)
        here = boards_at(connection, known)
        hidden = Kept(connection)
        wanted = select(tables.event).where(event.cabinet.in_(here))
        if place.door:
            wanted = wanted.where(event.door == place.door)
        rows = connection.execute(
            wanted.order_by(event.arrived_ms.desc(), event.number.desc()).limit(last + hidden.count)
        ).all()
        its = select(tables.aside).where(tables.aside.c.cabinet.in_(here))
        kept = connection.execute(
            its.order_by(tables.aside.c.aside_ms.desc(), tables.aside.c.number.desc()).limit(last)
        ).all()
    found = [_happening(row, hidden) for row in rows if not hidden.hides_event(row)]
    found += [
        one
        for row in kept
        for one in [_set_aside(row)]
        if place.door in (0, one.happening.door) and not hidden.hides_aside(row)
    ]
    found.sort(key=lambda one: (one.happening.moment.heard_ms, one.happening.number))
    return found[-last:]


def _set_aside(row: Row) -> Recorded:
    """A record that was set aside has its place among the events."""
    moment = Moment(row.aside_ms, row.aside_ms, row.aside_ms)
    words = f"event {row.number} is set aside ({row.reason}): `ansim link aside` shows it"
    return Recorded(Happening(row.number, records.unpack(row.raw).door, "set aside", words, moment), None)


def _happening(row: Row, hidden: Kept) -> Recorded:
    record = Record(*(getattr(row, name) for name in Record._fields))
    before = hidden.events_before(row.cabinet, row.incarnation, record.number)
    record = record._replace(number=record.number - before)
    if record.kind == records.COMMAND_APPLIED:
        record = record._replace(a=record.a - hidden.orders_before(row.cabinet, record.a))
    moment = Moment(row.earliest_ms, row.latest_ms, row.arrived_ms)
    name = KINDS[record.kind].name if record.kind in KINDS else f"kind {record.kind}"
    return Recorded(Happening(record.number, record.door, name, in_words(record), moment), record)
