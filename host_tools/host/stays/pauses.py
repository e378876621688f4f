"""Why clocks stand still: pauses, computed from what the ledger holds each time that they are asked for.

No tally is kept, so an event that comes days late corrects the past. A door is jammed until it moves or staff
have tested it; out of service until it is back or tested; behind a lost part of the cabinet while the board
says so, which it does once an hour. What boards said in a story that branched happened too.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import NamedTuple

from sqlalchemy import Connection, Row, bindparam, or_, select, text

from host_tools.host.ledger import tables
from host_tools.host.stays.clock import AWAY, BY_STAFF, HOUR_MS, JAMMED, LOST, OUT, Pause, Span
from host_tools.host.stays.watch import Watch
from locker.contract import records

LOST_MS = HOUR_MS + 60_000  # the board says it again within that

_NAMED_MAX = 32  # the last door that LEVEL_LOST can name

#: A door, by the ledger's numbers of the boards that were ever this cabinet.
Doorway = tuple[tuple[int, ...], int]

_event = tables.event.c
# As in the index: what is bound to a parameter finds no partial index. The sum keeps SQLite from reading all
# that a cabinet ever told, by the primary key.
_STOPPING = text("event.kind IN (14, 20, 26, 27)")
_BOARD = _event.cabinet + 0
_MOVING = (records.DOOR_OPENED, records.DOOR_FORCED, records.ADOPTED)
_COLUMNS = tuple(
    _event[name]
    for name in ("cabinet", "incarnation", "number", "kind", "door", "a", "b", "earliest_ms", "latest_ms")
)
_BOARDS = bindparam("boards", expanding=True)
_STOPS = select(*_COLUMNS).where(_BOARD.in_(_BOARDS), _STOPPING)
_MOVES = select(*_COLUMNS).where(
    _event.cabinet.in_(_BOARDS),
    _event.door == bindparam("at"),
    _event.kind.in_(_MOVING),
    _event.latest_ms >= bindparam("since"),
)
_absence, _pause_of_site = tables.absence.c, tables.site_pause.c
_AWAY = select(tables.absence).where(
    or_(_absence.cabinet.in_(_BOARDS), _absence.cabinet.is_(None)),
    or_(_absence.until_ms.is_(None), _absence.until_ms > bindparam("oldest")),
)
_BY_STAFF = select(tables.site_pause).where(
    _pause_of_site.site.in_(bindparam("sites", expanding=True)),
    or_(_pause_of_site.until_ms.is_(None), _pause_of_site.until_ms > bindparam("oldest")),
)


class Known(NamedTuple):
    """The pauses of some parcels."""

    doors: Mapping[Doorway, Sequence[Pause]]
    cabinets: Mapping[int | None, Sequence[Pause]]  # absences; None: of all
    sites: Mapping[int, Sequence[Pause]]
    watch: Watch

    def of(self, doorway: Doorway, site: int, cabinet: int) -> tuple[Pause, ...]:
        """The pauses of a parcel behind that door of that site, which is in that cabinet now."""
        absences = [pause for board in (None, *doorway[0]) for pause in self.cabinets.get(board, ())]
        if cabinet not in self.watch.heard and not any(pause.ended is None for pause in absences):
            since_ms = min(self.watch.before_ms, self.watch.at_ms) or self.watch.at_ms
            absences.append(Pause(AWAY, Span(since_ms, since_ms), None))
        return (*self.doors.get(doorway, ()), *self.sites.get(site, ()), *absences)


def pauses_of(
    connection: Connection, doorways: Mapping[Doorway, int], sites: Iterable[int], watch: Watch
) -> Known:
    """The pauses at doors, each with the time of its first deposit that is asked for, and at sites."""
    boards = sorted({board for row, _ in doorways for board in row})
    oldest_ms = min(doorways.values(), default=watch.at_ms)
    events = _events(connection, boards, doorways)
    doors = {
        doorway: _of_door(events, doorway, since_ms, watch.at_ms) for doorway, since_ms in doorways.items()
    }
    absences = _absences(connection, boards, oldest_ms)
    return Known(doors, absences, _of_sites(connection, sites, oldest_ms), watch)


def _events(
    connection: Connection, boards: Sequence[int], doorways: Mapping[Doorway, int]
) -> dict[int, list[Row]]:
    """What says that doors stop or move again, by board: each journal in its order, the oldest first."""
    stopping = connection.execute(_STOPS, {"boards": list(boards)}).all()
    first: dict[tuple[int, int], int] = {}
    since = {(board, door): since_ms for (row, door), since_ms in doorways.items() for board in row}
    for row in stopping:
        if row.kind == records.DOOR_JAMMED and row.latest_ms >= since.get((row.cabinet, row.door), 1 << 62):
            first[row.cabinet, row.door] = min(row.earliest_ms, first.get((row.cabinet, row.door), 1 << 62))
    moving: list[Row] = []
    places = {doorway for doorway in doorways if any((board, doorway[1]) in first for board in doorway[0])}
    for row_of_boards, door in places:
        since_ms = min(first.get((board, door), 1 << 62) for board in row_of_boards)
        its = {"boards": list(row_of_boards), "at": door, "since": since_ms}
        moving += connection.execute(_MOVES, its).all()
    found: dict[int, list[Row]] = {}
    for row in sorted((*stopping, *moving), key=lambda row: (row.cabinet, row.incarnation, row.number)):
        found.setdefault(row.cabinet, []).append(row)
    return {board: _in_order(rows) for board, rows in found.items()}


def _in_order(rows: Sequence[Row]) -> list[Row]:
    """The events of a board, journal by journal, as these began."""
    journals = [list(of_one) for _, of_one in groupby(rows, key=lambda row: row.incarnation)]
    journals.sort(key=lambda journal: (journal[0].earliest_ms, journal[0].incarnation))
    return [row for journal in journals for row in journal]


def _of_door(events: Mapping[int, Sequence[Row]], doorway: Doorway, since_ms: int, at_ms: int) -> list[Pause]:
    boards, door = doorway
    began: dict[str, Span] = {}
    found: list[Pause] = []
    lost: list[Span] = []

    def end(cause: str, span: Span) -> None:
        if cause in began:
            found.append(Pause(cause, began.pop(cause), span))

    for row in (row for board in boards for row in events.get(board, ())):
        span = Span(row.earliest_ms, row.latest_ms)
        if row.kind == records.LEVEL_LOST and may_name(row.b, door):
            lost.append(Span(span.earliest_ms, span.latest_ms + LOST_MS))
        if row.door != door:
            continue
        if row.kind == records.DOOR_JAMMED and span.latest_ms >= since_ms:
            began.setdefault(JAMMED, span)
        elif row.kind == records.OUT_OF_SERVICE and row.a:
            began.setdefault(OUT, span)
        elif row.kind == records.DOOR_TESTED and not row.a:
            continue
        elif row.kind in _MOVING:
            end(JAMMED, span)
        else:  # back in service, or tested and sound
            end(JAMMED, span)
            end(OUT, span)
    found += [Pause(cause, span, None) for cause, span in began.items()]
    return [*found, *(_lost(span, at_ms) for span in lost)]


def may_name(doors: int, door: int) -> bool:
    """Whether a LEVEL_LOST with these doors, a bit each, may mean that one; doors above 32 have no bit."""
    return door > _NAMED_MAX or bool(doors >> door - 1 & 1)


def _lost(span: Span, at_ms: int) -> Pause:
    """The board says it once an hour: while that hour lasts nobody knows that it is over."""
    ended = None if span.latest_ms > at_ms else Span(span.latest_ms, span.latest_ms)
    return Pause(LOST, Span(span.earliest_ms, span.earliest_ms), ended)


def _absences(connection: Connection, boards: Sequence[int], oldest_ms: int) -> dict[int | None, list[Pause]]:
    found: dict[int | None, list[Pause]] = {}
    for row in connection.execute(_AWAY, {"boards": list(boards), "oldest": oldest_ms}):
        found.setdefault(row.cabinet, []).append(_pause(AWAY, row))
    return found


def _of_sites(connection: Connection, sites: Iterable[int], oldest_ms: int) -> dict[int, list[Pause]]:
    found: dict[int, list[Pause]] = {}
    for row in connection.execute(_BY_STAFF, {"sites": sorted(set(sites)), "oldest": oldest_ms}):
        found.setdefault(row.site, []).append(_pause(BY_STAFF, row, row.reason))
    return found


def _pause(cause: str, row: Row, reason: str = "") -> Pause:
    ended = None if row.until_ms is None else Span(row.until_ms, row.until_ms)
    return Pause(cause, Span(row.since_ms, row.since_ms), ended, reason)
