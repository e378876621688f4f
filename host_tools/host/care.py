"""What a person at the host can do for a parcel that waits: another code, a code for staff, an opening; and answering a bell."""

from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, func, select, update

from host_tools.errors import Complaint
from host_tools.host import openings, orders, residents, tables
from host_tools.host.database import now_ms
from host_tools.host.ledger import RETIRED, Ledger
from host_tools.host.letters import ALARMS, Letters
from host_tools.host.names import normal
from host_tools.host.orders import Order
from host_tools.host.standing import BRANCH
from locker.core import commands, records

_RETRY_MAX = 15
ARMING_MAX = 15


class Place(NamedTuple):
    """A door of a cabinet; door 0 is the cabinet itself."""

    site: str
    cabinet: int
    door: int = 0


def reissue(ledger: Ledger, place: Place, *, dry_run: bool = False) -> None:
    """Orders another code for the parcel that waits there; the one before dies when the cabinet has heard of it. Raises Complaint."""
    with ledger.writing() as connection:
        parcel = waiting(connection, place)
        retry = max(parcel.retry, newest_order(connection, parcel, (commands.REISSUE,))) + 1
        if retry > _RETRY_MAX:
            raise Complaint(f"That parcel has had {_RETRY_MAX} codes: open its door with `ansim parcel recall` or `ansim parcel open`.")
        if not dry_run:
            orders.queue(connection, parcel.cabinet, [Order(commands.REISSUE, parcel.door, parcel.counter, retry)], now_ms())


def recall(ledger: Ledger, place: Place, *, dry_run: bool = False) -> None:
    """Arms the code with which staff take a parcel out; staff are sent it when the cabinet knows it. Raises Complaint."""
    with ledger.writing() as connection:
        parcel = waiting(connection, place)
        arming = newest_order(connection, parcel, (commands.ARM_RECALL, commands.ARM_SERVICE)) + 1
        if arming > ARMING_MAX:
            raise Complaint(f"That door has had {ARMING_MAX} codes for staff with this parcel: open it with `ansim parcel open`.")
        if not dry_run:
            orders.queue(connection, parcel.cabinet, [Order(commands.ARM_RECALL, parcel.door, parcel.counter, arming)], now_ms())


def assign(ledger: Ledger, place: Place, resident: str, unit: str | None = None, *, dry_run: bool = False) -> str:
    """Gives a parcel that waits there and is nobody's to a resident, who is sent its letter; how lists name her. Raises Complaint."""
    with ledger.writing() as connection:
        parcel = waiting(connection, place)
        if parcel.resident is not None:
            raise Complaint(f"The parcel behind door {place.door:02d} has a resident already: `ansim parcel list` shows whom.")
        person = residents.find(connection, resident, unit)
        if not dry_run:
            values = {"resident": person.id, "flagged": False}
            connection.execute(update(tables.parcel).where(tables.parcel.c.id == parcel.id).values(**values))
            letters = Letters(connection)
            letters.tell_of_deposit({**parcel._mapping, **values}, now_ms())
            letters.write()
    return residents.label(person.name, person.unit)


def want_open(ledger: Ledger, place: Place) -> int:
    """Asks the cabinet to open the door of a parcel for somebody who stands there; the number of this wish (see openings.py)."""
    with ledger.reading() as connection:
        parcel = waiting(connection, place)
    return openings.ask(ledger, parcel.cabinet, parcel.door, parcel.counter, now_ms())


def answer_bell(ledger: Ledger, place: Place, call: int | None = None, *, dry_run: bool = False) -> None:
    """Tells whoever rang that a person has seen it: with the call of that number, else with the latest that the host has heard of.

    Raises Complaint when there is no such call.
    """
    with ledger.writing() as connection:
        cabinet = cabinet_at(connection, place)
        alarm = tables.alarm.c  # which also has the calls whose events are still to come
        its = alarm.incarnation % BRANCH == (cabinet.incarnation or 0) % BRANCH  # it may have been rung before its board's story branched
        here = (alarm.cabinet == cabinet.id) & its & (alarm.kind == ALARMS[records.BELL_RUNG])
        if call is not None:
            here &= alarm.number == call
        number = connection.scalar(select(alarm.number).where(here).order_by(alarm.incarnation.desc(), alarm.number.desc()).limit(1))
        if number is None:
            which = "Nobody has rung" if call is None else f"There was no call {call}"
            raise Complaint(f"{which} at cabinet {place.cabinet} of {place.site}.")
        if not dry_run:
            orders.queue(connection, cabinet.id, [Order(commands.ANSWER_BELL, 0, 0, number)], now_ms())


def waiting(connection: Connection, place: Place) -> Row:
    """The row of the parcel that waits there; raises Complaint when there is none."""
    cabinet = cabinet_at(connection, place)
    parcel = tables.parcel
    wanted = select(parcel).where(parcel.c.cabinet == cabinet.id, parcel.c.door == place.door, parcel.c.state == "waiting")
    row = connection.execute(wanted.order_by(parcel.c.id.desc())).first()
    if row is None:
        raise Complaint(f"No parcel waits behind door {place.door:02d} of cabinet {place.cabinet} at {place.site}: `ansim parcel list`.")
    return row


def cabinet_at(connection: Connection, place: Place) -> Row:
    """The row of that cabinet; raises Complaint when there is none."""
    cabinet = tables.cabinet
    here = (tables.site.c.name == normal(place.site)) & (cabinet.c.number == place.cabinet) & (cabinet.c.state != RETIRED)
    row = connection.execute(select(cabinet).join(tables.site).where(here)).first()
    if row is None:
        raise Complaint(f"There is no cabinet {place.cabinet} at {place.site}: `ansim cabinet list` shows them.", 2)
    return row


def newest_order(connection: Connection, parcel: Any, kinds: tuple[int, ...]) -> int:
    """The largest `a` of the orders of these kinds for a parcel (its cabinet, door and counter), carried out or not; 0 for none."""
    table = tables.command.c
    its = (table.cabinet == parcel.cabinet) & (table.door == parcel.door) & (table.counter == parcel.counter)
    return connection.scalar(select(func.max(table.a)).where(its, table.kind.in_(kinds))) or 0
