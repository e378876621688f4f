"""What one board may cause: letters within a bucket, refused tickets within a slip.

What goes beyond is a case for a person.

Events are applied and acknowledged always. A letter beyond the bucket keeps its place in the outbox, `held`
until a person has seen to it (`ansim link release`). The bucket holds a letter for each door of the cabinet
and fills by one in 20 s, which is as fast as people can act at a cabinet; time that a board was away for
counts too, so a day's backlog finds its letters there.
"""

from collections.abc import Iterable
from functools import cache
from typing import Any

from sqlalchemy import BigInteger, Connection, Float, Row, bindparam, delete, func, select, update

from host_tools.errors import UserError
from host_tools.host import fields
from host_tools.host.ledger import tables
from host_tools.host.ledger.aside import raise_case
from host_tools.host.ledger.database import execute_many, insert_or_change
from host_tools.host.ledger.ledger import RETIRED, SILENCED, Ledger
from locker.contract.records import Record

HELD_BACK = "letters held"  # alarm: a board causes more letters than people at it could
FLOODS = "tells too much"  # alarm: a board tells more than there can be, and not all of it is taken
REFUSALS = "refused tickets"  # alarm: somebody tries ticket numbers at this site
FLOOD = "flood"  # why a letter is held
DISCARDED = "discarded"

_LETTER_MS = 20_000
_DOORS = 24  # of a cabinet whose board is none of ours
_CREDIT_MAX = 5_000.0  # letters; a full journal makes no more
_SLIPS = 8  # refused tickets in an hour, from which on they are no slips
_HOUR_MS = 3_600_000
_MINUTE_MS = 60_000
_KEPT_MINUTES = 7 * 24 * 60
_ASKED_MAX = 500  # letters that one statement asks for

#: Alarms to staff that nothing holds up; their repeats at one door are folded (folding.py).
FOLDED = ("bell", "forced", "tamper", "coil")
_URGENT = (*FOLDED, HELD_BACK, FLOODS)


_CABINET = tables.cabinet.c
_BUCKETS = select(_CABINET.id, _CABINET.board_name, _CABINET.letters, _CABINET.letters_ms)
_BUCKETS = _BUCKETS.where(_CABINET.id.in_(bindparam("of", expanding=True)))
_LEVELS = update(tables.cabinet).where(_CABINET.id == bindparam("key"))
_LEVELS = _LEVELS.values(
    letters=bindparam("level", type_=Float), letters_ms=bindparam("at_ms", type_=BigInteger)
)


def credit(connection: Connection, cabinet: Row, at_ms: int) -> None:
    """A board reports: the time since it was last heard fills its bucket beyond the brim."""
    since_ms = cabinet.seen_ms if cabinet.seen_ms is not None else cabinet.enrolled_ms
    level = min(_CREDIT_MAX, _filled(cabinet, since_ms) + max(0, at_ms - since_ms) / _LETTER_MS)
    connection.execute(
        update(tables.cabinet)
        .where(tables.cabinet.c.id == cabinet.id)
        .values(letters=level, letters_ms=at_ms)
    )


def hold_back(connection: Connection, rows: list[dict[str, Any]]) -> None:
    """Marks as held those of these new rows of the outbox that are beyond the buckets of their cabinets,
    and tells staff once an hour.
    """
    bounded = [
        row
        for row in rows
        if row["kind"] != SILENCED and (row["resident"] is not None or row["kind"] not in _URGENT)
    ]
    new: dict[int, list[dict[str, Any]]] = {}
    for row in _new(connection, bounded).values():
        new.setdefault(row["cabinet"], []).append(row)
    levels = []
    for cabinet in connection.execute(_BUCKETS, {"of": list(new)}) if new else ():
        its = new[cabinet.id]
        at_ms = its[-1]["queued_ms"]
        level = _filled(cabinet, at_ms)
        for row in its:
            if level >= 1:
                level -= 1
            else:
                row["held"] = FLOOD
        levels.append({"key": cabinet.id, "level": level, "at_ms": at_ms})
        if its[-1]["held"]:
            raise_case(connection, cabinet.id, HELD_BACK, at_ms // _HOUR_MS, 0, at_ms)
    execute_many(connection, _LEVELS, levels)


def tell_of_floods(ledger: Ledger, cabinets: Iterable[int], at_ms: int) -> list[int]:
    """Tells staff, once an hour each, that these boards tell more than there can be;
    those of which they are told now.
    """
    with ledger.writing() as connection:
        return [one for one in cabinets if raise_case(connection, one, FLOODS, at_ms // _HOUR_MS, 0, at_ms)]


def _new(connection: Connection, rows: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Those that are not in the outbox yet, each once, by their ids:
    what is said twice is told once, and takes one place.
    """
    new: dict[str, dict[str, Any]] = {}
    for row in rows:
        new.setdefault(row["id"], row)
    ids = list(new)
    for first in range(0, len(ids), _ASKED_MAX):
        for known in connection.scalars(
            select(tables.outbox.c.id).where(tables.outbox.c.id.in_(ids[first : first + _ASKED_MAX]))
        ):
            del new[known]
    return new


def _filled(cabinet: Row, at_ms: int) -> float:
    """What the bucket holds at a time."""
    filled = cabinet.letters + max(0, at_ms - cabinet.letters_ms) / _LETTER_MS
    return max(cabinet.letters, min(filled, doors_of(cabinet.board_name)))


def doors_of(board: str) -> int:
    """How many doors a cabinet of that board has."""
    return len(doors_on(board)) or _DOORS


@cache
def doors_on(board: str) -> tuple[int, ...]:
    """The numbers of the doors of a cabinet of that board, ascending;
    none where this host does not know the board.
    """
    # It takes long to import, and a host that sends no letters needs it not.
    from host_tools.boards.board_file import load_board

    try:
        return tuple(sorted(door.number for door in load_board(board).definition.door))
    except (UserError, OSError):
        return ()


def release(ledger: Ledger, site: str, number: int, *, discard: bool = False, dry_run: bool = False) -> int:
    """Sends the letters of a cabinet that are held back, or discards them.

    How many. Raises UserError when there is no such cabinet.
    """
    cabinet, outbox = tables.cabinet, tables.outbox
    here = (tables.site.c.name == site) & (cabinet.c.number == number) & (cabinet.c.state != RETIRED)
    with ledger.writing() as connection:
        found = connection.scalar(select(cabinet.c.id).join(tables.site).where(here))
        if found is None:
            raise UserError(f"There is no cabinet {number} at {site}: `ansim link` shows them.", 2)
        held = (outbox.c.cabinet == found) & (outbox.c.held == FLOOD)
        if dry_run:
            return connection.scalar(select(func.count()).select_from(outbox).where(held)) or 0
        return connection.execute(
            update(outbox).where(held).values(held=DISCARDED if discard else None)
        ).rowcount


def are_no_slips(connection: Connection, site: int, record: Record, latest_ms: int, heard_ms: int) -> bool:
    """Counts refused tickets (TICKET_REFUSED) of a site.

    Whether staff are to be told: 8 in an hour, and not told within the hour.
    """
    refused = fields.refusals(record)
    guesses = refused.tickets - refused.too_old  # who has a label that is too old guesses nothing
    return count_guesses(connection, site, guesses, latest_ms, heard_ms)


def count_guesses(connection: Connection, site: int, guesses: int, latest_ms: int, heard_ms: int) -> bool:
    """Counts so many refused tickets of a site; whether staff are to be told, as above."""
    refusal = tables.refusal
    minute = latest_ms // _MINUTE_MS
    here = refusal.c.site == site
    known = connection.scalar(select(refusal.c.count).where(here, refusal.c.minute == minute)) or 0
    counted = {"site": site, "minute": minute, "count": known + guesses}
    connection.execute(insert_or_change(connection.dialect.name, refusal), counted)
    connection.execute(delete(refusal).where(here, refusal.c.minute < heard_ms // _MINUTE_MS - _KEPT_MINUTES))
    told_ms = connection.scalar(select(tables.site.c.refusals_told_ms).where(tables.site.c.id == site))
    is_told = told_ms is not None and 0 <= heard_ms - told_ms < _HOUR_MS
    if is_told or guesses_within_an_hour(connection, site, latest_ms) < _SLIPS:
        return False
    connection.execute(update(tables.site).where(tables.site.c.id == site).values(refusals_told_ms=heard_ms))
    return True


def guesses_within_an_hour(connection: Connection, site: int, at_ms: int) -> int:
    """How many tickets were refused at a site in the hour up to that time (ms since 1970)."""
    refusal, minute = tables.refusal.c, at_ms // _MINUTE_MS
    within = (refusal.minute > minute - _HOUR_MS // _MINUTE_MS) & (refusal.minute <= minute)
    return connection.scalar(select(func.sum(refusal.count)).where(refusal.site == site, within)) or 0
