"""What is due by the clocks of stays: letters to residents and cases for staff,
each once, whatever is killed.

A parcel goes through stages; each move is one statement that holds only if the parcel still waits and is
where it was, in the transaction of what it tells. Where several are due at once she is told the last of them.

| stage | she was told                                             |
|-------|----------------------------------------------------------|
| 0     | that her parcel has come                                 |
| 1     | `reminder`                                               |
| 2     | `last reminder`                                          |
| 3     | `overdue`                                                |
| 4     | `recalled`, and staff have a case to take the parcel out |
"""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, bindparam, exists, func, select, update

from host_tools.host.care import cases
from host_tools.host.care.kinds import NO_CONTACT, RECALL
from host_tools.host.ledger import tables
from host_tools.host.ledger.database import execute_many, insert_new
from host_tools.host.ledger.ledger import Ledger
from host_tools.host.ledger.quiet_hours import in_time, zone_of
from host_tools.host.stays.clock import BY_STAFF, HOUR_MS, LOST, OUT
from host_tools.host.stays.standing import STAYS, Standing, begin, standings
from host_tools.host.stays.watch import GAP_MS, Watch, look

#: Letters to residents.
REMINDER, LAST_REMINDER, OVERDUE, RECALLED = "reminder", "last reminder", "overdue", "recalled"
PAUSED, RESUMED, EXTENDED = "paused", "resumed", "extended"

AGAIN_MS = HOUR_MS  # how long a stay is not looked at, at most: what is learned late may bring it forward
TOLD_AFTER_MS = HOUR_MS  # how long a door is out before she is told that her clock stands still

_BATCH = 200
_BATCHES_MAX = 100
_LETTERS = (REMINDER, LAST_REMINDER, OVERDUE, RECALLED)

_stay, _parcel = tables.stay, tables.parcel


class Swept(NamedTuple):
    """What a sweep did."""

    looked: int  # stays
    letters: int
    cases: int


def sweep(ledger: Ledger, at_ms: int, gap_ms: int = GAP_MS) -> Swept:
    """Does all that is due at `at_ms` (ms since 1970); a look before that is older than `gap_ms` left a gap.

    Raises what the ledger raises; then nothing is half done.
    """
    with ledger.writing() as connection:
        watch = look(connection, at_ms, gap_ms)
        opened = admit(connection, watch.at_ms)
        _end(connection, watch)
        if watch.at_ms < watch.before_ms:  # the clock was put back: what is due is computed anew
            connection.execute(update(_stay).where(_stay.c.due_ms > watch.at_ms).values(due_ms=watch.at_ms))
    swept = Swept(0, 0, opened)
    for _ in range(_BATCHES_MAX):
        with ledger.reading() as connection:
            rows = connection.execute(_due(watch)).all()
            found = standings(connection, rows, watch)
        if found:
            with ledger.writing() as connection:
                letters, opened = _move(connection, found, watch.at_ms)
            swept = Swept(swept.looked + len(found), swept.letters + letters, swept.cases + opened)
        if len(found) < _BATCH:
            break
    return swept


def _end(connection: Connection, watch: Watch) -> None:
    """Parcels that wait no more are not looked at again, and what they gave staff to do is done."""
    ended = (_stay.c.due_ms <= watch.at_ms) & ~_WAITS
    for parcel in connection.scalars(select(_stay.c.parcel).where(ended)).all():
        connection.execute(update(_stay).where(_stay.c.parcel == parcel).values(due_ms=None))
        for kind in (RECALL, NO_CONTACT):
            cases.settle(connection, kind, str(parcel), watch.at_ms, "waits no more")


def admit(connection: Connection, at_ms: int, parcel: int | None = None) -> int:
    """Begins the stays of all parcels that wait, or of that one, at `at_ms` (since 1970).

    A resident whom no letter reaches is a case at once; how many there were.
    """
    begun = begin(connection, at_ms, parcel)
    people = {row.resident for row in begun if row.resident is not None}
    unreached = connection.scalars(_UNREACHED.where(tables.resident.c.id.in_(people))).all() if people else ()
    rows = [row for row in begun if row.resident in unreached]
    for row in rows:
        _open(connection, NO_CONTACT, row, at_ms)
    return len(rows)


def _due(watch: Watch):
    its = (_stay.c.due_ms <= watch.at_ms) & (_parcel.c.state == "waiting")
    return STAYS.where(its, _parcel.c.cabinet.in_(watch.heard)).order_by(_stay.c.due_ms).limit(_BATCH)


class _Step(NamedTuple):
    """How a stay moves on."""

    values: dict[str, int | None]  # of _MOVE
    letters: list[tuple[str, str, int, int | None]]  # kind, which one, when it happened, when it is too late
    recalls: bool


def _step(standing: Standing, at_ms: int) -> _Step:
    row, stay = standing.row, standing.stay
    reminders = [_in_time(standing, ms) for ms in (stay.reminder_ms, stay.last_reminder_ms)]
    due = (*reminders, stay.free_until_ms, stay.recall_ms)
    stage = max((place for place, ms in enumerate(due, 1) if ms is not None and ms <= at_ms), default=0)
    stage = max(stage, row.stage)
    pause_ms = _told_pause(standing, at_ms)
    values = {
        "key": row.id,
        "was": row.stage,
        "longer": row.extensions,
        "pause_was": _NO_PAUSE if row.pause_told_ms is None else row.pause_told_ms,
        "now": stage,
        "told": standing.facts.told_ms,
        "pause": pause_ms,
        "due": _next(due[stage:], at_ms),
    }
    letters = []
    if stage > row.stage:
        too_late_ms = stay.free_until_ms if stage <= len(reminders) else None
        letters.append((_LETTERS[stage - 1], f"{row.extensions}", due[stage - 1] or at_ms, too_late_ms))
    if pause_ms is not None and row.pause_told_ms is None:
        letters.append((PAUSED, f"{pause_ms}", pause_ms, None))
    elif pause_ms is None and row.pause_told_ms is not None:
        letters.append((RESUMED, f"{row.pause_told_ms}", at_ms, None))
    return _Step(values, letters, stage == len(_LETTERS) > row.stage)


def _in_time(standing: Standing, due_ms: int | None) -> int | None:
    """A reminder that would rest past the end comes ahead of the quiet hours, if her parcel had come."""
    row, stay = standing.row, standing.stay
    if due_ms is None or stay.free_until_ms is None:
        return due_ms
    ahead_ms = in_time(row.quiet, due_ms, stay.free_until_ms, zone_of(row.zone))
    return ahead_ms if ahead_ms > stay.since_ms else due_ms


def _move(connection: Connection, found: Sequence[Standing], at_ms: int) -> tuple[int, int]:
    """Moves stays on; how many letters and cases that made."""
    letters = cases_ = 0
    steps = [(standing.row, _step(standing, at_ms)) for standing in found]
    execute_many(connection, _MOVE, [step.values for _, step in steps if not (step.letters or step.recalls)])
    for row, step in [one for one in steps if one[1].letters or one[1].recalls]:
        if not connection.execute(_MOVE, step.values).rowcount:
            continue  # collected, extended or told by another server since it was read
        for letter in step.letters if row.resident is not None else ():
            write(connection, row, *letter[:3], at_ms, too_late_ms=letter[3])
            letters += 1
        if step.recalls:
            _open(connection, RECALL, row, at_ms)
            cases_ += 1
    return letters, cases_


def _next(due: tuple[int | None, ...], at_ms: int) -> int:
    return min(at_ms + AGAIN_MS, *(max(ms, at_ms + 1) for ms in due if ms is not None), at_ms + AGAIN_MS)


def _told_pause(standing: Standing, at_ms: int) -> int | None:
    """The beginning of the pause that she is, or is to be, told of: one that goes on; None: of none."""
    if standing.facts.told_ms is None:
        return None
    after_ms = {BY_STAFF: 0, OUT: TOLD_AFTER_MS, LOST: TOLD_AFTER_MS}
    begun = [
        pause.began.earliest_ms
        for pause in standing.facts.pauses
        if pause.cause in after_ms
        and (pause.ended is None or pause.ended.latest_ms > at_ms)
        and pause.began.earliest_ms <= at_ms - after_ms[pause.cause]
    ]
    known_ms = standing.row.pause_told_ms
    return min(begun, default=None) if known_ms is None or not begun else known_ms


def write(
    connection: Connection,
    row: Row | Mapping[str, Any],
    kind: str,
    which: str,
    happened_ms: int,
    at_ms: int,
    *,
    too_late_ms: int | None = None,
) -> None:
    """Puts a letter about a parcel (its row) into the outbox; of the same kind and `which` no second one.

    Quiet hours that end at `too_late_ms` or later do not hold it up. Times are ms since 1970.
    """
    parcel = row._mapping if isinstance(row, Row) else row
    names = ("resident", "cabinet", "epoch", "door", "counter", "retry", "serial", "generation")
    letter = {name: parcel[name] for name in names} | {
        "id": sha256(f"stay {parcel['id']} {kind} {which}".encode()).hexdigest()[:32],
        "kind": kind,
        "queued_ms": at_ms,
        "earliest_ms": min(happened_ms, at_ms),
        "latest_ms": min(happened_ms, at_ms),
        "too_late_ms": too_late_ms,
        "attempts": 0,
    }
    connection.execute(insert_new(connection.dialect.name, tables.outbox), letter)


def _open(connection: Connection, kind: str, row: Row, at_ms: int) -> None:
    place = {"site": row.site, "cabinet": row.cabinet, "door": row.door}
    cases.open_case(connection, kind, key=str(row.id), **place, at_ms=at_ms, once=True)


_WAITS = exists().where(_parcel.c.id == _stay.c.parcel, _parcel.c.state == "waiting")
_CONTACTS = tables.contact
_UNREACHED = select(tables.resident.c.id).where(
    tables.resident.c.contact == "", ~exists().where(_CONTACTS.c.resident == tables.resident.c.id)
)
_NO_PAUSE = -1
_MOVE = (
    update(_stay)
    .where(
        _stay.c.parcel == bindparam("key"),
        _stay.c.stage == bindparam("was"),
        _stay.c.extensions == bindparam("longer"),
        func.coalesce(_stay.c.pause_told_ms, _NO_PAUSE) == bindparam("pause_was"),
        _WAITS,
    )
    .values(
        stage=bindparam("now"),
        told_ms=bindparam("told"),
        pause_told_ms=bindparam("pause"),
        due_ms=bindparam("due"),
    )
)
