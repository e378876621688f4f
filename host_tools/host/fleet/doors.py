"""What staff order for a door or a cabinet as such: out of service and back,
codes of theirs, how long it waits for people.
"""

from collections.abc import Callable
from typing import NamedTuple

from sqlalchemy import Connection, insert, select

from host_tools.errors import UserError
from host_tools.host.accounts import audit, sight
from host_tools.host.fleet import orders
from host_tools.host.fleet.orders import STAFF_CODE_VERSION_MAX, Order, newest_order
from host_tools.host.ledger import tables
from host_tools.host.ledger.database import now_ms
from host_tools.host.ledger.ledger import Ledger
from host_tools.host.ledger.lookups import of_story
from host_tools.host.ledger.places import Place, cabinet_at
from locker.contract import commands, records

PATIENCE_MAX = 4
NOT_DONE = "not done: related to her"  # what the audit says of such an order, to auditors and to her

#: The records that say which parcel counter a door is at.
_COUNTING = (
    records.DEPOSIT_STARTED,
    records.CANCELLED,
    records.DEPOSITED,
    records.WITHDRAWN,
    records.STILL_INSIDE,
    records.COLLECTED,
    records.ADOPTED,
)


class Doorway(NamedTuple):
    """A door of a cabinet (the ledger's number of it) and the parcel counter that its board has for it."""

    cabinet: int
    door: int
    counter: int


def set_out(ledger: Ledger, place: Place, *, is_out: bool, dry_run: bool = False) -> None:
    """Orders a door out of service, or back. Raises UserError."""
    act = "door out" if is_out else "door in"
    _order(ledger, place, act, commands.SET_OUT, lambda connection, doorway: int(is_out), dry_run=dry_run)


def arm_service(ledger: Ledger, place: Place, *, dry_run: bool = False) -> None:
    """Arms a code with which staff open a door once; staff are sent it when the cabinet knows it.

    Raises UserError.
    """

    def arming(connection: Connection, doorway: Doorway) -> int:
        number = newest_order(connection, doorway, (commands.ARM_RECALL, commands.ARM_SERVICE)) + 1
        if number > STAFF_CODE_VERSION_MAX:
            raise UserError(
                f"That door has had {STAFF_CODE_VERSION_MAX} codes for staff since its last parcel: "
                "the next parcel makes room for others.",
                page="staff_codes",
            )
        return number

    _order(ledger, place, "door service", commands.ARM_SERVICE, arming, dry_run=dry_run)


def disarm(ledger: Ledger, place: Place, *, dry_run: bool = False) -> None:
    """Takes a code of staff back. Raises UserError."""
    _order(ledger, place, "door disarm", commands.DISARM, lambda connection, doorway: 0, dry_run=dry_run)


def set_patience(ledger: Ledger, place: Place, factor: int, *, dry_run: bool = False) -> None:
    """Orders a cabinet to wait for people so many times as long as it does by itself (1-4).

    Raises UserError.
    """
    if not 1 <= factor <= PATIENCE_MAX:
        raise UserError(
            f"Patience is from 1 to {PATIENCE_MAX}: how many times as long a cabinet waits for people.", 2
        )
    _order(
        ledger,
        place,
        "cabinet patience",
        commands.SET_PATIENCE,
        lambda connection, doorway: factor,
        dry_run=dry_run,
    )


def _order(
    ledger: Ledger,
    place: Place,
    act: str,
    kind: int,
    argument: Callable[[Connection, Doorway], int],
    *,
    dry_run: bool,
) -> None:
    """Puts an order into the board's log, in place of one of its kind that the board has not been told of.

    Of an account that is related to the resident whose parcel waits there it is in vain, like one that a
    board could not carry out, and no board hears of it: a refusal would say that something of hers is there.
    """
    with ledger.writing() as connection:
        doorway = _doorway(connection, place)
        order = Order(kind, doorway.door, doorway.counter, argument(connection, doorway))
        resident = _whose(connection, doorway)
        if not dry_run and _is_kept_from(connection, ledger, resident):
            _in_vain(connection, doorway.cabinet, order, now_ms())
            audit.note(connection, ledger, act, **place.named(), resident=resident, text=NOT_DONE)
        elif not dry_run:
            orders.forget_untold(connection, doorway.cabinet, doorway.door, kind)
            orders.queue(connection, doorway.cabinet, [order], now_ms())
            audit.note(connection, ledger, act, **place.named(), resident=resident)


def _is_kept_from(connection: Connection, ledger: Ledger, resident: int | None) -> bool:
    account = ledger.actor.account
    if account is None or resident is None:
        return False
    return sight.is_related(connection, account, resident)


def _in_vain(connection: Connection, cabinet: int, order: Order, at_ms: int) -> None:
    """An order that is impossible from the beginning. It counts as no code of the door."""
    values = {**order._replace(a=0)._asdict(), "queued_ms": at_ms, "ended_ms": at_ms}
    connection.execute(insert(tables.command).values(cabinet=cabinet, state=orders.IMPOSSIBLE, **values))


def _whose(connection: Connection, doorway: Doorway) -> int | None:
    """The resident whose parcel waits behind a door, None for nobody's or none."""
    parcel = tables.parcel.c
    its = (parcel.cabinet == doorway.cabinet) & (parcel.door == doorway.door) & (parcel.state == "waiting")
    return connection.scalar(select(parcel.resident).where(its).order_by(parcel.id.desc()).limit(1))


def _doorway(connection: Connection, place: Place) -> Doorway:
    cabinet = cabinet_at(connection, place)
    if not place.door:
        return Doorway(cabinet.id, 0, 0)
    event = tables.event.c
    its = (
        of_story(connection, cabinet.id, cabinet.incarnation or 0)
        & (event.door == place.door)
        & event.kind.in_(_COUNTING)
    )
    row = connection.execute(
        select(event.kind, event.b).where(its).order_by(event.number.desc()).limit(1)
    ).first()
    if row is None:
        return Doorway(cabinet.id, place.door, 0)
    return Doorway(cabinet.id, place.door, row.b + (row.kind == records.WITHDRAWN))
