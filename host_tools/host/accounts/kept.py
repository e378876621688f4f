"""What of the journals and orders of cabinets is kept from whoever acts: all that tells of parcels of
residents whom that account is related to.

Such a row is left out, and the numbers and counts of the others are as if it had never been: a gap would say
what the row says. What is of the door itself, whatever lies behind it, is shown.
"""

from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, select

from host_tools.host.accounts import sight
from host_tools.host.ledger import tables
from host_tools.host.ledger.actors import actor_of
from host_tools.host.ledger.lookups import BRANCH
from locker.contract import commands, records

#: Orders for a parcel; all others are for a door or a cabinet.
_FOR_PARCELS = (commands.REISSUE, commands.ARM_RECALL, commands.ADOPT, commands.SETTLE)
#: Events of a door, or of a part of it, with and without a parcel behind it.
_OF_DOORS = (records.OUT_OF_SERVICE, records.SENSOR_FAULT, records.SUPPLY_LOW, records.COIL_STUCK)
_BEGUN = (records.DEPOSITED, records.ADOPTED)
_ENDED = (records.COLLECTED, records.WITHDRAWN)
_SERIAL = 0xFFFF  # what records of all kinds have of a serial
_ENDLESS = 1 << 62

#: A journal of a board with all its branches: the ledger's number of the cabinet, the incarnation.
_Journal = tuple[int, int]


class _Span(NamedTuple):
    """The events of a door, by their numbers, while a parcel came, lay there and went."""

    door: int
    first: int
    last: int


class Kept:
    """What is kept from the one who acts over this connection."""

    def __init__(self, connection: Connection) -> None:
        self._spans: dict[_Journal, list[_Span]] = defaultdict(list)
        self._events: dict[_Journal, list[int]] = defaultdict(list)
        self._orders: dict[int, list[int]] = defaultdict(list)
        #: The orders by their numbers in the ledger; how many of them wait, by that of their cabinet.
        self.orders: set[int] = set()
        self.waiting: dict[int, int] = defaultdict(int)
        account = actor_of(connection).account
        parcels = [] if account is None else _parcels(connection, account)
        if not parcels:
            return
        places = {(row.site, row.number) for row in parcels}
        boards = [row for row in connection.execute(_BOARDS) if (row.site, row.number) in places]
        at = {row.id: (row.site, row.number) for row in boards}
        self._keep_orders(connection, parcels, at)
        self._keep_events(connection, parcels, at)

    def __bool__(self) -> bool:
        return bool(self._spans or self.orders)

    @property
    def count(self) -> int:
        """How many events are kept."""
        return sum(map(len, self._events.values()))

    def hides(self, cabinet: int, incarnation: int, number: int, door: int) -> bool:
        """Whether a record of a door is one of those, which may be set aside."""
        spans = self._spans.get((cabinet, incarnation % BRANCH), ())
        return any(span.door == door and span.first <= number <= span.last for span in spans)

    def hides_event(self, row: Row) -> bool:
        """Whether an event (a row of it) is one of those."""
        numbers = self._events.get((row.cabinet, row.incarnation % BRANCH), [])
        at = bisect_left(numbers, row.number)
        return at < len(numbers) and numbers[at] == row.number

    def hides_aside(self, row: Row) -> bool:
        """Whether a record that was set aside (a row of it) is one of those."""
        return self.hides(row.cabinet, row.incarnation, row.number, records.unpack(row.raw).door)

    def events_before(self, cabinet: int, incarnation: int, number: int) -> int:
        """How many events before that one are kept."""
        return bisect_left(self._events.get((cabinet, incarnation % BRANCH), []), number)

    def orders_before(self, cabinet: int, number: int) -> int:
        """How many orders before the one of that number in the cabinet's log are kept."""
        return bisect_left(self._orders.get(cabinet, []), number)

    def _keep_orders(self, connection: Connection, parcels: Sequence[Row], at: dict[int, Any]) -> None:
        order = tables.command.c
        hers = {(row.site, row.number, row.door, row.counter) for row in parcels}
        wanted = select(tables.command).where(order.cabinet.in_(list(at)), order.kind.in_(_FOR_PARCELS))
        for row in connection.execute(wanted):
            if (*at[row.cabinet], row.door, row.counter) in hers:
                self.orders.add(row.sequence)
                self.waiting[row.cabinet] += row.state == "waiting"
                if row.number is not None:
                    insort(self._orders[row.cabinet], row.number)

    def _keep_events(self, connection: Connection, parcels: Sequence[Row], at: dict[int, Any]) -> None:
        event = tables.event.c
        doors = {row.door for row in parcels}
        names = ("cabinet", "incarnation", "number", "kind", "door", "a", "b")
        wanted = select(*(event[name] for name in names)).where(
            event.cabinet.in_(list(at)), event.door.in_(doors)
        )
        rows: dict[tuple[_Journal, int], list[Row]] = defaultdict(list)
        for row in connection.execute(wanted.order_by(event.number)):
            rows[(row.cabinet, row.incarnation % BRANCH), row.door].append(row)
        for (journal, door), its in rows.items():
            for parcel in parcels:
                if (parcel.site, parcel.number, parcel.door) == (*at[journal[0]], door):
                    self._spans[journal] += _span(parcel, its)
        for (journal, _), its in rows.items():
            for row in its:
                if self.hides(*journal, row.number, row.door) and not self._is_of_door(row):
                    insort(self._events[journal], row.number)

    def _is_of_door(self, row: Row) -> bool:
        if row.kind == records.COMMAND_APPLIED:
            return row.a not in self._orders[row.cabinet]
        return row.kind in _OF_DOORS


def _parcels(connection: Connection, account: int) -> Sequence[Row]:
    parcel, cabinet = tables.parcel.c, tables.cabinet.c
    wanted = select(parcel.door, parcel.counter, parcel.serial, cabinet.site, cabinet.number)
    wanted = wanted.select_from(tables.parcel.join(tables.cabinet))
    return connection.execute(wanted.where(parcel.resident.in_(sight.hers(account)))).all()


_BOARDS = select(tables.cabinet.c.id, tables.cabinet.c.site, tables.cabinet.c.number)


def _span(parcel: Row, rows: Sequence[Row]) -> list[_Span]:
    """The events of a parcel among those of its door, in their order; none where none of them is of it."""
    its = [row for row in rows if row.b == parcel.counter]
    begun = [row for row in its if row.kind in _BEGUN and (row.a ^ parcel.serial) & _SERIAL == 0]
    if not begun:
        return []
    at = begun[0].number
    first = max((row.number for row in its if _starts(row) and row.number < at), default=at)
    ended = [row.number for row in its if row.kind in _ENDED and row.number > at]
    ended += [row.number - 1 for row in rows if _starts(row) and row.number > at]
    return [_Span(parcel.door, first, min(ended, default=_ENDLESS))]


def _starts(row: Row) -> bool:
    return row.kind == records.DEPOSIT_STARTED
