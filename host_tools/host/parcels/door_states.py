"""What each door of a site is now, as far as the host has heard: a word, and since when.

Nothing is guessed: a door is open from the event on that says so until the one that says that it is closed.
While nothing is heard of a cabinet its doors are not known, and `was` is what was heard last.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, Row, func, select, text

from host_tools.host.accounts import sight
from host_tools.host.accounts.kept import Kept
from host_tools.host.connections.link_status import NEVER, UP, LinkStatus, link_statuses
from host_tools.host.ledger import tables
from host_tools.host.ledger.bounds import doors_on
from host_tools.host.ledger.ledger import RETIRED, Ledger
from host_tools.host.ledger.lookups import of_story
from host_tools.host.ledger.names import normal
from host_tools.host.ledger.places import boards_at
from locker.contract import records

WORDS = ("free", "parcel", "open", "stuck", "forced", "out", "unknown")
FREE, PARCEL, OPEN, STUCK, FORCED, OUT, UNKNOWN = WORDS

_LOST_MS = 3_660_000  # a board says once an hour that a part of it does not answer
_NAMED_MAX = 32  # the last door that LEVEL_LOST can name
_MOVES = (records.DOOR_OPENED, records.DOOR_CLOSED, records.DOOR_LEFT_OPEN, records.DOOR_FORCED)
_STANDS = {records.DOOR_OPENED: OPEN, records.DOOR_LEFT_OPEN: OPEN, records.DOOR_FORCED: FORCED}
# As in the index: what is bound to a parameter finds no partial index.
_STOPPING = text("event.kind IN (14, 20, 26, 27)")
_event, _cabinet, _parcel = tables.event.c, tables.cabinet, tables.parcel.c


class DoorState(NamedTuple):
    """One door. Times in ms since 1970, None where they are not known."""

    door: int
    word: str
    since_ms: int | None
    parcel_ms: int | None  # when the parcel came that waits behind it; None: there is none
    was: str  # what was heard last, the same as `word` while the cabinet is heard


class CabinetState(NamedTuple):
    """A cabinet. `away_ms`: since when nothing is heard of it, where that is known."""

    number: int
    board: str
    link: str  # as in link_status
    away_ms: int | None
    behind: int  # events that it has told of, and that the ledger does not hold
    doors: tuple[DoorState, ...]


class _Known(NamedTuple):
    """What is known of a cabinet's doors, by door."""

    moves: Mapping[int, Row]
    stuck: Mapping[int, Row]
    out: Mapping[int, Row]
    parcels: Mapping[int, int]


def states(ledger: Ledger, site: str, at_ms: int) -> list[CabinetState]:
    """The cabinets of a site by number, each with its doors, at a time in ms since 1970; none of a site that
    the one who acts does not see.
    """
    links = {one.cabinet: one for one in link_statuses(ledger, at_ms).links if one.site == normal(site)}
    its = (tables.site.c.name == normal(site)) & (_cabinet.c.state != RETIRED)
    with ledger.reading() as connection:
        wanted = select(_cabinet).join(tables.site).where(its, sight.sees_site(connection, _cabinet.c.site))
        kept = Kept(connection)
        rows = connection.execute(wanted.order_by(_cabinet.c.number)).all()
        known = [_known(connection, row, kept, at_ms) for row in rows]
    return [_state(row, one, links.get(row.number)) for row, one in zip(rows, known, strict=True)]


def _state(row: Row, known: _Known, link: LinkStatus | None) -> CabinetState:
    state = NEVER if link is None else link.state
    away_ms = None if link is None or state == UP else link.since_ms
    numbers = doors_on(row.board_name) or sorted({*known.moves, *known.stuck, *known.out, *known.parcels})
    doors = [_door(number, known) for number in numbers]
    if state != UP:
        doors = [door._replace(word=UNKNOWN, since_ms=away_ms) for door in doors]
    behind = 0 if link is None else link.behind or 0
    return CabinetState(row.number, row.board_name, state, away_ms, behind, tuple(doors))


def _door(number: int, known: _Known) -> DoorState:
    move, stuck, out = (its.get(number) for its in (known.moves, known.stuck, known.out))
    parcel_ms = known.parcels.get(number)
    if move is not None and move.kind in _STANDS:
        word, since_ms = _STANDS[move.kind], move.latest_ms
    elif stuck is not None and (move is None or move.number < stuck.number):
        word, since_ms = STUCK, stuck.latest_ms
    elif out is not None:
        word, since_ms = OUT, out.latest_ms
    elif parcel_ms is not None:
        word, since_ms = PARCEL, parcel_ms
    else:
        word, since_ms = FREE, None
    return DoorState(number, word, since_ms, parcel_ms, word)


def _known(connection: Connection, cabinet: Row, kept: Kept, at_ms: int) -> _Known:
    story = of_story(connection, cabinet.id, cabinet.incarnation or 0)
    moving = select(tables.event).where(story, _event.door > 0, _event.kind.in_(_MOVES))
    if not kept:
        last = select(func.max(_event.number)).where(story, _event.door > 0, _event.kind.in_(_MOVES))
        moving = moving.where(_event.number.in_(list(connection.scalars(last.group_by(_event.door)))))
    moves = connection.execute(moving.order_by(_event.number)).all()
    stopping = select(tables.event).where(story, _STOPPING).order_by(_event.number)
    stops = [row for row in connection.execute(stopping) if not kept.hides_event(row)]
    waiting = select(_parcel.door, func.min(_parcel.deposited_ms).label("since_ms")).where(
        _parcel.cabinet.in_(boards_at(connection, cabinet)),
        _parcel.state == "waiting",
        sight.sees_resident(connection, _parcel.resident),
    )
    return _Known(
        {row.door: row for row in moves if not kept.hides_event(row)},
        *_stopped(stops, doors_on(cabinet.board_name), at_ms),
        {row.door: row.since_ms for row in connection.execute(waiting.group_by(_parcel.door))},
    )


def _stopped(rows: Iterable[Row], doors: Sequence[int], at_ms: int) -> tuple[dict[int, Row], dict[int, Row]]:
    """Which doors did not open, and which are out of service or behind a part that does not answer."""
    stuck: dict[int, Row] = {}
    out: dict[int, Row] = {}
    lost: dict[int, Row] = {}
    for row in rows:
        if row.kind == records.DOOR_JAMMED:
            stuck[row.door] = row
        elif row.kind == records.LEVEL_LOST:
            hidden = row.latest_ms + _LOST_MS > at_ms
            lost |= {door: row for door in doors if hidden and (door > _NAMED_MAX or row.b >> door - 1 & 1)}
        elif row.kind == records.OUT_OF_SERVICE and row.a:
            out[row.door] = row
        elif row.kind == records.OUT_OF_SERVICE:
            out.pop(row.door, None)
        elif row.a:  # tested, and sound
            stuck.pop(row.door, None)
            out.pop(row.door, None)
    return stuck, lost | out
