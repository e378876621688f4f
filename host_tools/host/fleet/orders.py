"""What boards are ordered to do: a log for each board,
from which it is told the next order until it has reported it.

An order waits in the ledger for as long as its board is away. Its number is its place in the board's log; the
board applies each once. See docs/decisions/0071-model-of-the-two-logs.md for why it gets it late.
"""

import os
from collections.abc import Iterable
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, bindparam, delete, func, select, update

from host_tools.host.ledger import aside, tables
from host_tools.host.ledger.database import now_ms
from host_tools.host.ledger.ledger import Ledger
from host_tools.link.messages import Command, encode_message
from locker.contract import commands
from locker.contract.codes import RULE

#: How often a door may have a code for staff with one parcel.
STAFF_CODE_VERSION_MAX = 15
WAITING = "waiting"
DONE = "done"
IMPOSSIBLE = "impossible"

EPOCH_BITS = 18

BUILD_OF_RULE_1 = 2  # the first firmware that knows it, and generations of ticket keys
_EPOCH_DAYS_MAX = 30
_DAY_MS = 86_400_000
_COLUMNS = tables.command.c
_NEXT = (
    select(tables.command, tables.cabinet.c.commanded)
    .join(tables.cabinet, tables.cabinet.c.id == _COLUMNS.cabinet)
    .where(_COLUMNS.state == WAITING, _COLUMNS.cabinet.in_(bindparam("of", expanding=True)))
    .order_by(_COLUMNS.number.is_(None), _COLUMNS.number, _COLUMNS.sequence)
)
#: What people order, and not the host itself.
_OF_STAFF = (
    commands.REISSUE,
    commands.ARM_RECALL,
    commands.ARM_SERVICE,
    commands.DISARM,
    commands.SET_OUT,
    commands.SET_PATIENCE,
    commands.ANSWER_BELL,
)


class Order(NamedTuple):
    """What a command says, without its number;
    see locker.contract.commands for what `counter` and `a` mean by kind.
    """

    kind: int
    door: int = 0
    counter: int = 0
    a: int = 0


def queue(connection: Connection, cabinet: int, orders: Iterable[Order], at_ms: int) -> None:
    """Puts orders at the end of a board's log. One that waits there already is not said twice."""
    table = tables.command
    rows = connection.execute(select(table).where(table.c.cabinet == cabinet, table.c.state == WAITING))
    waiting = {_what(Order(row.kind, row.door, row.counter, row.a)) for row in rows}
    for order in orders:
        if _what(order) not in waiting:
            waiting.add(_what(order))
            values = {"cabinet": cabinet, "queued_ms": at_ms, "state": WAITING, **order._asdict()}
            connection.execute(table.insert().values(**values))


def _what(order: Order) -> Order:
    """What makes two orders the same: one new epoch is as good as another."""
    return Order(order.kind) if order.kind == commands.BEGIN_EPOCH else order


def reported(connection: Connection, ended: Iterable[tuple[int, int, bool, int]]) -> None:
    """Notes (cabinet, number, whether it was possible, when) of orders that boards have reported;
    what is known already stays.
    """
    rows = [
        {"at": cabinet, "which": number, "state": DONE if possible else IMPOSSIBLE, "ended_ms": at_ms}
        for cabinet, number, possible, at_ms in ended
    ]
    if rows:
        table = tables.command
        _tell_of_the_impossible(connection, rows)
        here = (
            (table.c.cabinet == bindparam("at"))
            & (table.c.number == bindparam("which"))
            & (table.c.state == WAITING)
        )
        connection.execute(update(table).where(here), rows)
        applied = tables.cabinet.c.commanded < bindparam("which")
        connection.execute(
            update(tables.cabinet)
            .where(tables.cabinet.c.id == bindparam("at"), applied)
            .values(commanded=bindparam("which")),
            [{"at": row["at"], "which": row["which"]} for row in rows],
        )


def _tell_of_the_impossible(connection: Connection, rows: Iterable[dict[str, Any]]) -> None:
    """Staff are told of what they have ordered and a board could not carry out:
    who gave the order may have gone meanwhile.
    """
    table = tables.command
    for row in rows:
        if row["state"] == IMPOSSIBLE:
            its = (
                (table.c.cabinet == row["at"]) & (table.c.number == row["which"]) & (table.c.state == WAITING)
            )
            order = connection.execute(select(table).where(its)).first()
            if order is not None and order.kind in _OF_STAFF:
                kind = aside.IN_VAIN if order.kind != commands.ANSWER_BELL else aside.ANSWERED_LATE
                aside.raise_case(connection, row["at"], kind, order.sequence, order.door, now_ms())


def next_orders(ledger: Ledger, cabinets: Iterable[int]) -> dict[int, Command]:
    """The order that each of these boards is to be told now; boards without one are left out.

    An order gets its number when it is told for the first time, and that is in the ledger before it is told:
    a number that is given earlier may be one that the board has heard from a newer ledger than this one,
    which was restored from a backup. It gets another one when the board has left its number behind and all
    that it tells is here: the record of what came of it is lost, or was never made.
    """
    table = tables.command
    with ledger.reading() as connection:
        rows = connection.execute(_NEXT, {"of": list(cabinets)}).all()
    first: dict[int, Row] = {}
    for row in rows:
        first.setdefault(row.cabinet, row)
    numbers = {cabinet: row.number for cabinet, row in first.items()}
    untold = [row for row in first.values() if row.number is None]
    untold += _left_behind(
        ledger, [row for row in first.values() if row.number is not None and row.number <= row.commanded]
    )
    if untold:
        with ledger.writing() as connection:
            for row in untold:
                numbers[row.cabinet] = _last_number(connection, row.cabinet) + 1
                connection.execute(
                    update(table).where(table.c.sequence == row.sequence).values(number=numbers[row.cabinet])
                )
    made = {}
    for cabinet, row in first.items():
        order = Command(numbers[cabinet], row.kind, row.door, row.counter, row.a)
        if _is_makeable(order):
            made[cabinet] = order
        else:
            _give_up(ledger, row)
    return made


def _left_behind(ledger: Ledger, passed: list[Row]) -> list[Row]:
    """Those of these orders of whose end nothing is on its way any more."""
    if not passed:
        return []
    cabinet, place = tables.cabinet.c, tables.position.c
    at = (place.cabinet == cabinet.id) & (place.incarnation == cabinet.incarnation)
    applied = func.coalesce(select(place.applied).where(at).scalar_subquery(), 0)
    told = select(cabinet.id).where(
        cabinet.id.in_({row.cabinet for row in passed}), applied >= cabinet.next_event - 1
    )
    with ledger.reading() as connection:
        silent = set(connection.scalars(told))
    return [row for row in passed if row.cabinet in silent]


def _is_makeable(order: Command) -> bool:
    try:
        encode_message(order)
    except ValueError:
        return False
    return True


def _give_up(ledger: Ledger, row: Row) -> None:
    """An order that no message can hold is impossible, and staff are told."""
    with ledger.writing() as connection:
        at_ms = now_ms()
        here = tables.command.c.sequence == row.sequence
        connection.execute(update(tables.command).where(here).values(state=IMPOSSIBLE, ended_ms=at_ms))
        aside.raise_case(connection, row.cabinet, aside.UNMADE_ORDER, row.sequence, row.door, at_ms)


def _last_number(connection: Connection, cabinet: int) -> int:
    """The newest number of a board's log, as far as the ledger or the board itself knows."""
    newest = connection.scalar(
        select(func.max(tables.command.c.number)).where(tables.command.c.cabinet == cabinet)
    )
    commanded = connection.scalar(select(tables.cabinet.c.commanded).where(tables.cabinet.c.id == cabinet))
    return max(newest or 0, commanded or 0)


def roll_epochs(ledger: Ledger, at_ms: int) -> int:
    """Orders a new epoch for each board whose epoch is older than 30 days or of an older rule than its
    firmware knows; once a day while it is not possible. How many.

    An epoch that began in time to come, by a clock that was wrong then, may be older too.
    """
    cabinet, epoch, command = tables.cabinet, tables.epoch, tables.command
    began = func.coalesce(
        select(func.max(epoch.c.began_ms)).where(epoch.c.cabinet == cabinet.c.id).scalar_subquery(),
        cabinet.c.enrolled_ms,
    )
    recent = select(command.c.number).where(
        command.c.cabinet == cabinet.c.id,
        command.c.kind == commands.BEGIN_EPOCH,
        command.c.queued_ms.between(at_ms - _DAY_MS, at_ms + _DAY_MS),
    )
    present = select(epoch.c.rule).where(epoch.c.cabinet == cabinet.c.id, epoch.c.epoch == cabinet.c.epoch)
    rule = func.coalesce(present.scalar_subquery(), cabinet.c.rule)
    is_new = began.between(at_ms - _EPOCH_DAYS_MAX * _DAY_MS, at_ms + _DAY_MS)
    is_due = ~is_new | ((rule < RULE) & (cabinet.c.build >= BUILD_OF_RULE_1))
    due = select(cabinet.c.id, cabinet.c.epoch, cabinet.c.build).where(
        cabinet.c.state == "enrolled", is_due, ~recent.exists()
    )
    with ledger.reading() as connection:
        rows = connection.execute(due).all()
    if rows:
        with ledger.writing() as connection:
            for row in rows:
                queue(connection, row.id, [new_epoch(row.epoch, row.build)], at_ms)
    return len(rows)


def rule_of(build: int | None) -> int:
    """The newest rule of codes and tails that a firmware knows, as far as this host knows it too."""
    return RULE if (build or 0) >= BUILD_OF_RULE_1 else 0


def new_epoch(newest: int, build: int | None) -> Order:
    """The order to begin the epoch behind the newest one, with the host's half of its nonce,
    by the newest rule of that firmware.
    """
    return Order(
        commands.BEGIN_EPOCH,
        0,
        int.from_bytes(os.urandom(4), "big"),
        newest + 1 | rule_of(build) << EPOCH_BITS,
    )


def forget_untold(connection: Connection, cabinet: int, door: int, kind: int) -> None:
    """Takes back the orders of that kind for a door that its board has not been told of."""
    table = tables.command
    untold = (table.c.state == WAITING) & table.c.number.is_(None)
    same = (table.c.cabinet == cabinet) & (table.c.kind == kind) & (table.c.door == door)
    connection.execute(delete(table).where(same, untold))


def newest_order(connection: Connection, parcel: Any, kinds: tuple[int, ...]) -> int:
    """The largest `a` of the orders of these kinds for a parcel (its cabinet, door and counter),
    carried out or not; 0 for none.
    """
    table = tables.command.c
    its = (table.cabinet == parcel.cabinet) & (table.door == parcel.door) & (table.counter == parcel.counter)
    return connection.scalar(select(func.max(table.a)).where(its, table.kind.in_(kinds))) or 0
