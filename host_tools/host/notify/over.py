"""Letters that have nothing to say any more by the time that they would leave."""

from collections.abc import Iterable

from sqlalchemy import Connection, Row, and_, or_, select

from host_tools.host.ledger import tables
from host_tools.host.people.notices import (
    ASKED,
    ASKED_TO_OPEN,
    ASKING_MS,
    CONFIRMED,
    DIGITS,
    PAGE_DIGITS,
    PAGE_DIGITS_MS,
)
from host_tools.host.stays.sweep import PAUSED, RESUMED

IS_OVER = "it is over"

_OF_ASKINGS = (ASKED_TO_OPEN, DIGITS)


def over(connection: Connection, letters: Iterable[Row], at_ms: int) -> set[int]:
    """The sequences of those of these letters (rows of the outbox) that are over at `at_ms` (since 1970)."""
    rows = list(letters)
    dead = {
        row.sequence for row in rows if row.kind == PAGE_DIGITS and at_ms > row.queued_ms + PAGE_DIGITS_MS
    }
    return dead | _of_askings(connection, rows, at_ms) | _of_pauses(connection, rows)


def _of_askings(connection: Connection, letters: Iterable[Row], at_ms: int) -> set[int]:
    asked = [row for row in letters if row.kind in _OF_ASKINGS]
    if not asked:
        return set()
    asking = tables.asking.c
    its = asking.id.in_({row.counter for row in asked}) & asking.state.in_((ASKED, CONFIRMED))
    going_on = set(connection.scalars(select(asking.id).where(its)))
    return {row.sequence for row in asked if row.counter not in going_on or at_ms > row.queued_ms + ASKING_MS}


def _of_pauses(connection: Connection, letters: Iterable[Row]) -> set[int]:
    """Those that say that a clock stands still which goes on by now, or whose parcel waits no more; and those
    that say that it goes on to whom nobody has said that it stood still.
    """
    told = {row.sequence: row for row in letters if row.kind in (PAUSED, RESUMED)}
    if not told:
        return set()
    outbox, parcel, stay, before = tables.outbox.c, tables.parcel.c, tables.stay.c, tables.outbox.alias()
    names = ("resident", "cabinet", "epoch", "door", "counter", "serial")
    its = and_(*(outbox[name] == parcel[name] for name in names))
    is_past = or_(
        parcel.state != "waiting", stay.pause_told_ms.is_(None), stay.pause_told_ms != outbox.earliest_ms
    )
    past = (
        select(outbox.sequence)
        .join(tables.parcel, its)
        .join(tables.stay, stay.parcel == parcel.id)
        .where(outbox.sequence.in_(told), outbox.kind == PAUSED, is_past)
    )
    found = set(connection.scalars(past))
    for row in told.values():
        if row.kind == RESUMED:
            same = and_(*(before.c[name] == row._mapping[name] for name in names))
            its_pause = (
                select(before.c.sent_ms)
                .where(same, before.c.kind == PAUSED, before.c.sequence < row.sequence)
                .order_by(before.c.sequence.desc())
                .limit(1)
            )
            pause = connection.execute(its_pause).first()
            if pause is not None and pause.sent_ms is None:
                found.add(row.sequence)
    return found
