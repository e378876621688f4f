"""The dispatchers' own channel: silent alarms.

Nobody else sees them, and what becomes of them shows nowhere else.

Every pickup is looked at and marked alike (tables.pickup); only for one under duress something is handed
over. So whatever a silent alarm is, slow, refused or repeated, letters, lines, numbers and instants are those
of any other pickup.

Cabinets take turns: the first untold alarm of each door of each cabinet comes before the second of any.
Repeats at one door are folded (folding.py),
and pickups that wait to be told as one line stay untold in the ledger.
"""

import asyncio
from collections.abc import Sequence
from concurrent.futures import Executor
from typing import NamedTuple

from sqlalchemy import Connection, Row, bindparam, func, or_, select, update

from host_tools.host.accounts import sight
from host_tools.host.ledger import tables
from host_tools.host.ledger.bounds import doors_of
from host_tools.host.ledger.database import now_ms
from host_tools.host.ledger.event_time import Moment
from host_tools.host.ledger.ledger import Ledger
from host_tools.host.ledger.lookups import letter_id
from host_tools.host.notify import leases
from host_tools.host.notify.folding import Folds
from host_tools.host.notify.log import when_fields
from host_tools.host.notify.notifier import Channel, Message, taken
from host_tools.host.notify.wording import DISPATCHERS, Where, notice
from host_tools.host.notify.wording.changed import texts_of
from host_tools.host.notify.wording.texts import Texts
from locker.contract import records

DURESS = "duress"
AGAIN = "duress again"  # the words of several at one door
_BEAT_S = 0.03  # from a look to its marks at least, so that they come then whether anything was handed over
BATCH_MAX = 500

#: A door of a cabinet, by the ledger's number of that; 0 stands for all doors that the cabinet has not.
_Door = tuple[int, int]


class Left(NamedTuple):
    """What is left after a round."""

    failed: bool = False  # the channel has not taken something: it is tried again
    more: bool = False  # there were more pickups than one round looks at
    folded: bool = False  # repeats wait to be told as one line, or another host has some in its hands


async def deliver(
    ledger: Ledger,
    channel: Channel,
    folds: Folds | None = None,
    *,
    thread: Executor | None = None,
    address: str = "",
    turns: asyncio.Semaphore | None = None,
) -> Left:
    """Hands over the silent alarms that nobody has been told of; the ledger is asked in the thread.

    `folds` has what was told before, `address` is that of dispatchers, `turns` bounds the calls of the
    channel at once. Raises UserError where the ledger is away.
    """
    folds = folds or Folds()
    loop = asyncio.get_running_loop()
    rows, elsewhere = await loop.run_in_executor(thread, _untold, ledger, channel)
    if not rows:
        return Left(folded=elsewhere)
    at_ms, texts = now_ms(), texts_of(ledger.data)
    alarms: dict[_Door, list[Row]] = {}
    for row in rows:
        if row.how == records.BY_DURESS:
            alarms.setdefault(door_of(row), []).append(row)
    plans = {door: folds.plan(door, untold, at_ms) for door, untold in alarms.items()}
    told_by = {key_of(row): _message(row, texts) for plan in plans.values() for row in plan.singly}
    for plan in plans.values():
        told_by |= {key_of(row): _of_many(plan.many, texts) for row in plan.many[:1]}
        told_by |= {key_of(row): told_by[key_of(plan.many[0])] for row in plan.many[1:]}
    messages = {message.id: message._replace(contact=address) for message in told_by.values()}
    beat = asyncio.sleep(_BEAT_S)
    arrived, _ = await asyncio.gather(hand_over(channel, list(messages.values()), turns), beat)
    for door, plan in plans.items():
        its = {told_by[key_of(row)].id for row in (*plan.singly, *plan.many)}
        folds.told(door, len(its & arrived), at_ms)
    untold = {key_of(row) for untold in alarms.values() for row in untold}
    untold -= {key for key, message in told_by.items() if message.id in arrived}
    await loop.run_in_executor(thread, _mark, ledger, rows, untold)
    failed = len(arrived) < len(messages)
    waiting = elsewhere or any(plan.waiting for plan in plans.values())
    return Left(failed, len(rows) == BATCH_MAX > len(untold), waiting)


def _untold(ledger: Ledger, channel: Channel) -> tuple[Sequence[Row], bool]:
    """The pickups that this host is to look at now, and whether another host has some.

    Where several may share the ledger each leases all that it looks at, whatever the pickups are.
    """
    with ledger.reading() as connection:
        rows = connection.execute(_UNTOLD).all()
    if not rows or ledger.is_in_a_file:
        return rows, False
    with ledger.writing() as connection:
        rows = connection.execute(_UNTOLD).all()
        at_ms, turns = now_ms(), -(-len(rows) // (channel.batch * channel.parallel))
        until_ms = at_ms + int(channel.timeout_s * 1000) * turns + leases.SPARE_MS
        by = leases.host_id(ledger.data)
        ours = leases.leased(connection, [_lease_of(row) for row in rows], by, at_ms, until_ms)
    mine = [row for row in rows if _lease_of(row) in ours]
    return mine, len(mine) < len(rows)


def _lease_of(row: Row) -> str:
    return f"pickup {row.cabinet} {row.incarnation} {row.number}"


def _mark(ledger: Ledger, rows: Sequence[Row], untold: set[tuple[int, int, int]]) -> None:
    """Marks the pickups that were looked at; those that are still to be told stay as they are."""
    pickup, at = tables.pickup, now_ms()
    told = [
        {
            "at": row.cabinet,
            "life": row.incarnation,
            "which": row.number,
            "told_ms": None if key_of(row) in untold else at,
        }
        for row in rows
    ]
    with ledger.writing() as connection:
        its = (
            (pickup.c.cabinet == bindparam("at"))
            & (pickup.c.incarnation == bindparam("life"))
            & (pickup.c.number == bindparam("which"))
        )
        connection.execute(update(pickup).where(its), told)
        if not ledger.is_in_a_file:
            leases.ended(connection, [_lease_of(row) for row in rows], leases.host_id(ledger.data))


async def hand_over(
    channel: Channel, messages: Sequence[Message], turns: asyncio.Semaphore | None = None
) -> set[str]:
    """The ids of those that have arrived; where the channel is away, or hangs, they are tried again.

    `turns` bounds its calls at once.
    """
    turns = turns or asyncio.Semaphore(channel.parallel)

    async def some(batch: Sequence[Message]) -> set[str]:
        async with turns:
            try:
                async with asyncio.timeout(channel.timeout_s):
                    return taken(await channel.deliver(batch), batch)
            except OSError:  # a time-out is one, too
                return set()

    size = channel.batch
    calls = [some(messages[first : first + size]) for first in range(0, len(messages), size)]
    return set().union(*await asyncio.gather(*calls)) if calls else set()


def key_of(row: Row) -> tuple[int, int, int]:
    """What tells a pickup from all others: cabinet, incarnation, number."""
    return row.cabinet, row.incarnation, row.number


def door_of(row: Row) -> _Door:
    """The door of a pickup, for which its repeats are folded."""
    return row.cabinet, row.door if row.door <= doors_of(row.board_name) else 0


def _message(row: Row, texts: Texts) -> Message:
    moment = Moment(row.earliest_ms, row.latest_ms, row.heard_ms)
    where = Where(row.site, row.at, row.door)
    told = notice(DISPATCHERS, DURESS, where, moment, row.language, zone=row.zone, texts=texts)
    return Message(
        letter_id(row.board_id, row.incarnation, row.number, DURESS),
        DISPATCHERS,
        "",
        DURESS,
        told.text,
        **when_fields(moment),
        title=told.title,
    )


def _of_many(rows: Sequence[Row], texts: Texts) -> Message:
    """One line for several alarms of one door."""
    first = rows[0]
    if len(rows) == 1:
        return _message(first, texts)
    moment = Moment(
        min(row.earliest_ms for row in rows),
        max(row.latest_ms for row in rows),
        max(row.heard_ms for row in rows),
    )
    doors = sorted({row.door for row in rows})
    where = Where(first.site, first.at, doors[0], doors[-1])
    of_site = {"language": first.language, "zone": first.zone}
    told = notice(DISPATCHERS, AGAIN, where, moment, **of_site, count=len(rows), texts=texts)
    name = letter_id(first.board_id, first.incarnation, first.number, f"{len(rows)} {DURESS}")
    return Message(name, DISPATCHERS, "", DURESS, told.text, **when_fields(moment), title=told.title)


def silent_pickups(connection: Connection, since_ms: int) -> Sequence[Row]:
    """The pickups under duress that the host has heard of since then (ms since 1970), the newest first,
    with the `site` and the number `at` of their cabinet. For dispatchers alone.
    """
    wanted = _PICKUPS.where(_pickup.how == records.BY_DURESS, _pickup.heard_ms >= since_ms)
    return connection.execute(wanted.order_by(_pickup.heard_ms.desc(), _pickup.number.desc())).all()


def silent_id(row: Row) -> str:
    """The id of a silent alarm, a row of `silent_pickups`, in the message about it."""
    return letter_id(row.board_id, row.incarnation, row.number, DURESS)


def kept_from(connection: Connection, account: int, since_ms: int) -> set[tuple[int, int, int]]:
    """The pickups under duress heard of since then (ms since 1970) that an account is not to hear of, by
    `key_of`: of parcels of residents whom it is related to.
    """
    parcel = tables.parcel.c
    hers = (
        (parcel.cabinet == _pickup.cabinet)
        & (parcel.door == _pickup.door)
        & parcel.resident.in_(sight.hers(account))
        & (func.coalesce(parcel.deposited_from_ms, parcel.deposited_ms) <= _pickup.latest_ms)
        & or_(parcel.ended_ms.is_(None), parcel.ended_ms >= _pickup.earliest_ms)
    )
    its = (_pickup.how == records.BY_DURESS) & (_pickup.heard_ms >= since_ms)
    wanted = select(_pickup.cabinet, _pickup.incarnation, _pickup.number)
    wanted = wanted.where(its, select(parcel.id).where(hers).exists())
    return {key_of(row) for row in connection.execute(wanted)}


_pickup, _cabinet = tables.pickup.c, tables.cabinet.c
_TURN = func.row_number().over(
    partition_by=(_pickup.cabinet, _pickup.door, _pickup.how),
    order_by=(_pickup.heard_ms, _pickup.incarnation, _pickup.number),
)
_PICKUPS = select(
    tables.pickup,
    _cabinet.board_id,
    _cabinet.board_name,
    _cabinet.number.label("at"),
    tables.site.c.id.label("site_id"),
    tables.site.c.name.label("site"),
    tables.site.c.language,
    tables.site.c.zone,
).select_from(tables.pickup.join(tables.cabinet).join(tables.site))
_UNTOLD = (
    _PICKUPS.where(_pickup.told_ms.is_(None))
    .order_by(_TURN, _pickup.heard_ms, _pickup.cabinet, _pickup.number)
    .limit(BATCH_MAX)
)
