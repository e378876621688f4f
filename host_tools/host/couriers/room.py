"""How much room there is: the doors that take a parcel, looked at when a quarter hour begins.

What happens in between shows at the next quarter hour alone, so that nobody who looks again and again learns
when a parcel was collected. A cabinet is looked at while all that it told is in the ledger; one that has more
to tell as the quarter hour begins is looked at within its first minute, and one that was never looked at
before at once.
"""

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import NamedTuple

from sqlalchemy import Connection, Row, func, select

from host_tools.errors import UserError
from host_tools.host.ledger import tables
from host_tools.host.ledger.database import TransientError, insert_or_change, now_ms
from host_tools.host.ledger.ledger import ENROLLED, Ledger
from host_tools.host.ledger.lookups import doors_out, of_story
from host_tools.host.ledger.places import boards_at
from host_tools.host.stays.pauses import LOST_MS, may_name
from host_tools.host.stays.watch import heard_now
from locker.contract import records

QUARTER_MS = 900_000
SIZES = ("S", "M", "L")
ROOM, LITTLE, NONE, UNKNOWN = "room", "little", "none", "unknown"
LITTLE_MAX = 2  # doors that take a parcel, and there is little room

_LATE_MS = 60_000  # behind the beginning of a quarter hour, for what was being told just then
_LOOK_S = 5.0
_cabinet, _room, _event, _parcel = tables.cabinet.c, tables.room.c, tables.event.c, tables.parcel.c
_MOVING = (records.DOOR_OPENED, records.DOOR_FORCED, records.ADOPTED)


class Away(NamedTuple):
    """A cabinet of which nothing is known now; `since_ms`: when something was last, None for never."""

    cabinet: int
    since_ms: int | None


class Room(NamedTuple):
    """What there is at a site for a parcel of each size, of SIZES; a larger door takes a smaller parcel."""

    levels: Mapping[str, str]
    away: Sequence[Away]
    looked_ms: int | None  # the quarter hour (ms since 1970) that it is of, None: nothing is known


def quarter(at_ms: int) -> int:
    """The beginning of the quarter hour of a time, both in ms since 1970."""
    return at_ms - at_ms % QUARTER_MS


async def keep(ledger: Ledger, thread: ThreadPoolExecutor) -> None:
    """Looks at each quarter hour, in a thread of its own. It has no end."""
    while True:
        with contextlib.suppress(TransientError):
            await asyncio.get_running_loop().run_in_executor(thread, look, ledger, now_ms())
        until_s = (QUARTER_MS - now_ms() % QUARTER_MS) / 1000
        await asyncio.sleep(min(_LOOK_S, until_s))


def look(ledger: Ledger, at_ms: int) -> None:
    """Notes the room in each cabinet that is due at that time (ms since 1970). Raises UserError."""
    began = quarter(at_ms)
    with ledger.reading() as connection:
        due = [row for row in connection.execute(_CABINETS) if _is_due(row, began, at_ms)]
        heard = heard_now(connection, at_ms).heard if due else ()
        found = [
            _looked(connection, row, began) for row in due if row.id in heard and sizes_of(row.board_name)
        ]
    if found:
        with ledger.writing() as connection:
            connection.execute(insert_or_change(connection.dialect.name, tables.room), found)


def room_at(connection: Connection, sites: Sequence[int], at_ms: int) -> dict[int, Room]:
    """The room at each of these sites, as it may be known at that time (ms since 1970)."""
    began = quarter(at_ms)
    oldest_ms = began - QUARTER_MS if at_ms - began < _LATE_MS else began
    of_site: dict[int, list[Row]] = {site: [] for site in sites}
    for row in connection.execute(_CABINETS.where(_cabinet.site.in_(sites))):
        of_site[row.site].append(row)
    return {site: _room_of(rows, oldest_ms) for site, rows in of_site.items()}


def near_of(connection: Connection, site: int) -> Sequence[Row]:
    """The sites that are near one, the nearest first."""
    near = tables.near.c
    wanted = select(tables.site).join(tables.near, near.near == tables.site.c.id)
    return connection.execute(wanted.where(near.site == site).order_by(near.rank)).all()


@cache
def sizes_of(board: str) -> Mapping[int, str]:
    """The size of each door of a cabinet of that board; none where this host does not know the board."""
    from host_tools.boards.board_file import load_board  # takes long to import

    try:
        return {door.number: door.size for door in load_board(board).definition.door}
    except (UserError, OSError):
        return {}


_CABINETS = (
    select(
        *(_cabinet[name] for name in ("id", "site", "number", "board_name", "incarnation")),
        *(_room[name] for name in ("looked_ms", "small", "medium", "large")),
    )
    .select_from(tables.cabinet.outerjoin(tables.room))
    .where(_cabinet.state == ENROLLED)
    .order_by(_cabinet.number)
)


def _is_due(row: Row, began: int, at_ms: int) -> bool:
    return row.looked_ms is None or (row.looked_ms != began and at_ms - began < _LATE_MS)


def _looked(connection: Connection, cabinet: Row, began: int) -> dict[str, int]:
    sizes = sizes_of(cabinet.board_name)
    taken = _taken(connection, cabinet, began)
    free = [size for door, size in sizes.items() if door not in taken]
    counts = {"small": free.count("S"), "medium": free.count("M"), "large": free.count("L")}
    return {"cabinet": cabinet.id, "looked_ms": began, **counts}


def _taken(connection: Connection, cabinet: Row, at_ms: int) -> set[int]:
    """The doors that take no parcel: with one behind them, or that do not work."""
    boards = boards_at(connection, cabinet)
    there = select(_parcel.door).where(_parcel.cabinet.in_(boards), _parcel.ended_ms.is_(None))
    taken = set(connection.scalars(there))
    incarnation = cabinet.incarnation or 0
    taken |= {door for door, is_out in doors_out(connection, cabinet.id, incarnation).items() if is_out}
    here = of_story(connection, cabinet.id, incarnation)
    jams = select(_event.door, func.max(_event.number).label("number")).group_by(_event.door)
    for row in connection.execute(jams.where(here, _event.kind == records.DOOR_JAMMED)).all():
        is_sound = (_event.kind == records.DOOR_TESTED) & (_event.a == 1)
        moved = here & (_event.door == row.door) & (_event.number > row.number)
        moved &= _event.kind.in_(_MOVING) | is_sound
        if connection.scalar(select(_event.number).where(moved).limit(1)) is None:
            taken.add(row.door)
    lost = select(_event.b).where(here, _event.kind == records.LEVEL_LOST, _event.latest_ms > at_ms - LOST_MS)
    for doors in connection.scalars(lost):
        taken |= {door for door in sizes_of(cabinet.board_name) if may_name(doors, door)}
    return taken


def _room_of(cabinets: Sequence[Row], oldest_ms: int) -> Room:
    known = [row for row in cabinets if row.looked_ms is not None and row.looked_ms >= oldest_ms]
    away = [Away(row.number, row.looked_ms) for row in cabinets if row not in known]
    if not known:
        return Room(dict.fromkeys(SIZES, UNKNOWN), away, None)
    free = [sum(getattr(row, name) for row in known) for name in ("small", "medium", "large")]
    levels = {size: _level(sum(free[rank:])) for rank, size in enumerate(SIZES)}
    return Room(levels, away, min(row.looked_ms for row in known))


def _level(doors: int) -> str:
    return NONE if not doors else LITTLE if doors <= LITTLE_MAX else ROOM
