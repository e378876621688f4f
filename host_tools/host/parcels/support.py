"""What a person at the host can do for a parcel that waits:
another code, a code for staff, an opening; and answering a bell.
"""

from typing import NamedTuple

from sqlalchemy import Connection, Row, func, select, update

from host_tools.errors import UserError
from host_tools.host import kinds
from host_tools.host.accounts import audit, sight
from host_tools.host.fleet import orders, remote_opening
from host_tools.host.fleet.orders import Order
from host_tools.host.ledger import tables
from host_tools.host.ledger.database import now_ms
from host_tools.host.ledger.event_time import Moment
from host_tools.host.ledger.ledger import Ledger
from host_tools.host.ledger.lookups import BRANCH
from host_tools.host.ledger.places import Place, cabinet_at
from host_tools.host.notify.letters import Letters
from host_tools.host.notify.log import moment
from host_tools.host.parcels import bells
from host_tools.host.people import residents
from locker.contract import commands

_RETRY_MAX = 15


class Call(NamedTuple):
    """A call of somebody who has rung: the number of its event in the cabinet's journal,
    and when the host heard of it (ms since 1970).
    """

    number: int
    heard_ms: int


def reissue(ledger: Ledger, place: Place, *, dry_run: bool = False) -> None:
    """Orders another code for the parcel that waits there;
    the one before dies when the cabinet has heard of it. Raises UserError.
    """
    with ledger.writing() as connection:
        parcel = waiting(connection, place)
        order_code(connection, parcel, now_ms(), dry_run=dry_run)
        about = {**place.named(), "resident": parcel.resident}
        audit.note(connection, ledger, "parcel reissue", **about, dry_run=dry_run)


def order_code(connection: Connection, parcel: Row, at_ms: int, *, dry_run: bool = False) -> None:
    """Orders another code for that parcel, at a time in ms since 1970. Raises UserError when it has had all
    that there are.
    """
    retry = max(parcel.retry, orders.newest_order(connection, parcel, (commands.REISSUE,))) + 1
    if retry > _RETRY_MAX:
        raise UserError(
            f"That parcel has had {_RETRY_MAX} codes: open its door with `ansim "
            "parcel recall` or `ansim parcel open`.",
            page="codes",
        )
    if not dry_run:
        order = Order(commands.REISSUE, parcel.door, parcel.counter, retry)
        orders.queue(connection, parcel.cabinet, [order], at_ms)


def recall(ledger: Ledger, place: Place, *, dry_run: bool = False) -> bool:
    """Arms the code with which staff take a parcel out; staff are sent it when the cabinet knows it. One that
    the cabinet has not been told of is not armed any more. Whether there was a code before, which is dead as
    soon as the cabinet knows the new one.

    Raises UserError.
    """
    with ledger.writing() as connection:
        parcel = waiting(connection, place)
        arming = orders.newest_order(connection, parcel, (commands.ARM_RECALL, commands.ARM_SERVICE)) + 1
        if arming > orders.STAFF_CODE_VERSION_MAX:
            raise UserError(
                f"That door has had {orders.STAFF_CODE_VERSION_MAX} codes for staff with this parcel: "
                "open it with `ansim parcel open`.",
                page="staff_codes",
            )
        if not dry_run:
            orders.forget_untold(connection, parcel.cabinet, parcel.door, commands.ARM_RECALL)
            orders.queue(
                connection,
                parcel.cabinet,
                [Order(commands.ARM_RECALL, parcel.door, parcel.counter, arming)],
                now_ms(),
            )
        about = {**place.named(), "resident": parcel.resident}
        audit.note(connection, ledger, "parcel recall", **about, dry_run=dry_run)
    return arming > 1


def assign(
    ledger: Ledger, place: Place, resident: str, unit: str | None = None, *, dry_run: bool = False
) -> str:
    """Gives a parcel that waits there and is nobody's to a resident, who is sent its letter;
    how lists name her. Raises UserError.
    """
    with ledger.writing() as connection:
        parcel = waiting(connection, place)
        if parcel.resident is not None:
            raise UserError(
                f"The parcel behind door {place.door:02d} has a resident already: "
                "`ansim parcel list` shows whom.",
                page="assigned",
            )
        person = residents.find(connection, resident, unit)
        if not dry_run:
            values = {"resident": person.id, "flagged": False}
            connection.execute(update(tables.parcel).where(tables.parcel.c.id == parcel.id).values(**values))
            sight.settle(connection, person.id, [cabinet_at(connection, place).site])
            letters = Letters(connection)
            letters.tell_of_deposit({**parcel._mapping, **values}, now_ms())
            letters.write()
        about = {**place.named(), "resident": person.id}
        audit.note(connection, ledger, "parcel assign", **about, dry_run=dry_run)
    return residents.label(person.name, person.unit)


def vouch(ledger: Ledger, place: Place, *, dry_run: bool = False) -> None:
    """Staff have looked: the parcel that waits there is honest, whatever its label.

    Its resident is told so. Raises UserError.
    """
    with ledger.writing() as connection:
        parcel = waiting(connection, place)
        if not parcel.flagged:
            raise UserError(
                f"Nobody doubts the parcel behind door {place.door:02d}: "
                "`ansim parcel list` shows no remark.",
                page="undoubted",
            )
        if parcel.resident is None:
            raise UserError(
                f"The parcel behind door {place.door:02d} is nobody's: "
                "`ansim parcel assign` gives it to its resident.",
                page="nobodys",
            )
        if not dry_run:
            connection.execute(
                update(tables.parcel).where(tables.parcel.c.id == parcel.id).values(flagged=False)
            )
            at_ms = now_ms()
            letters = Letters(connection)
            letters.clear(
                {**parcel._mapping, "flagged": False}, f"by staff {at_ms}", Moment(at_ms, at_ms, at_ms)
            )
            letters.write()
        about = {**place.named(), "resident": parcel.resident}
        audit.note(connection, ledger, "parcel vouch", **about, dry_run=dry_run)


def check_waiting(ledger: Ledger, place: Place) -> None:
    """Raises UserError when no parcel waits there."""
    with ledger.reading() as connection:
        waiting(connection, place)


_UNHEARD = (
    ", as far as this host has heard from its present board: "
    "`ansim link` shows if it is heard, `ansim events` what was told before"
)


def want_open(ledger: Ledger, place: Place) -> int:
    """Asks the cabinet to open the door of a parcel for somebody who stands there;
    the number of this wish (see remote_opening.py).
    """
    with ledger.reading() as connection:
        parcel = waiting(connection, place)
    return remote_opening.ask(ledger, parcel.cabinet, parcel.door, parcel.counter, now_ms())


def answer_bell(ledger: Ledger, place: Place, call: int | None = None, *, dry_run: bool = False) -> Call:
    """Tells whoever rang that a person has seen it: with the call of that number,
    else with the latest that the host has heard of.

    Whoever acts takes the call's case by that. Returns the call that is answered. Raises UserError when there
    is no such call, it is over already, or somebody else has taken it.
    """
    with ledger.writing() as connection:
        cabinet = cabinet_at(connection, place)
        calls = _calls(connection, cabinet)
        chosen = [one for one in calls if call in (None, one.number)]
        if not chosen:
            which = "Nobody has rung" if call is None else f"There was no call {call}"
            latest = (
                f": the latest is call {calls[0].number}, heard {moment(calls[0].heard_ms)}"
                if calls
                else _UNHEARD
            )
            raise UserError(f"{which} at cabinet {place.cabinet} of {place.site}{latest}.")
        _check_goes_on(connection, cabinet, chosen[0], calls[0])
        if not dry_run:
            at_ms, call = now_ms(), chosen[0].number
            case = bells.take_call(connection, ledger, cabinet.id, call, at_ms)
            orders.queue(connection, cabinet.id, [Order(commands.ANSWER_BELL, 0, 0, call)], at_ms)
            words = f"call {call}" if case is None else f"call {call}, case {case}"
            audit.note(connection, ledger, "bell ack", **place.named(), text=words)
    return chosen[0]


def _calls(connection: Connection, cabinet: Row) -> list[Call]:
    """The calls of a cabinet's present journal, the latest first;
    also those whose events are still to come.
    """
    alarm = tables.alarm.c
    # It may have been rung before its board's story branched.
    its = alarm.incarnation % BRANCH == (cabinet.incarnation or 0) % BRANCH
    here = (alarm.cabinet == cabinet.id) & its & (alarm.kind == kinds.BELL)
    rows = connection.execute(
        select(alarm.number, alarm.raised_ms)
        .where(here)
        .order_by(alarm.incarnation.desc(), alarm.number.desc())
    )
    return [Call(*row) for row in rows]


def _check_goes_on(connection: Connection, cabinet: Row, call: Call, latest: Call) -> None:
    """Raises UserError for a call that was answered, or rung again since."""
    if call != latest:
        raise UserError(
            f"Call {call.number} is over, and its screen takes no answer: it was rung again. Answer call "
            f"{latest.number}, heard {moment(latest.heard_ms)}."
        )
    order = tables.command.c
    its = (
        (order.cabinet == cabinet.id)
        & (order.kind == commands.ANSWER_BELL)
        & (order.a == call.number)
        & (order.state == orders.DONE)
    )
    ended_ms = connection.scalar(
        select(func.max(order.ended_ms)).where(its, order.queued_ms >= call.heard_ms)
    )
    if ended_ms is not None:
        raise UserError(
            f"Call {call.number}, heard {moment(call.heard_ms)}, was answered already: "
            f"its screen said so {moment(ended_ms)}."
        )


def waiting(connection: Connection, place: Place) -> Row:
    """The row of the parcel that waits there; raises UserError when there is none."""
    cabinet = cabinet_at(connection, place)
    parcel = tables.parcel
    wanted = select(parcel).where(
        parcel.c.cabinet == cabinet.id, parcel.c.door == place.door, parcel.c.state == "waiting"
    )
    wanted = wanted.where(sight.sees_resident(connection, parcel.c.resident))
    row = connection.execute(wanted.order_by(parcel.c.id.desc())).first()
    if row is None:
        raise UserError(
            f"No parcel waits behind door {place.door:02d} of cabinet {place.cabinet} at {place.site}: "
            "`ansim parcel list`.",
            page="no_parcel",
        )
    return row
