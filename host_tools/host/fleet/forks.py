"""A journal that went on from an older image of its flash:
two stories under one name, and both of them happened.

The ledger holds one story of a board's events; the board, put back to an older image, tells another from some
number on. They part where the board first says something else than the ledger holds. From there on the
board's story is a **branch**, which the ledger keeps under a name of its own: the incarnation that the board
reports, and above its 32 bits which branch it is. What was told before stays as it is.

    parcel                                                     what follows
    both stories have it, and it waits                         it moves to the branch; its code is what she
                                                               was told
    the older story ended it, the board thinks that it waits   SETTLE: the board gives it up
    the older story began it, and the board does not know it   ADOPT: she gets a new code
    a receipt brought it in, and the board does not know it    ADOPT: she gets a new code
    the board does not know it, and has another parcel there   unknown: a person looks, and she is told so
    the branch gave it a code that somebody else was told      REISSUE: she gets a new code

    A door that the older story took out of service, or put back, of which the branch says otherwise or
    nothing, is ordered so again, and so is how long the cabinet waits for people.
    Staff are told of codes of theirs that the branch knows nothing of.

First the board begins a new epoch, so that no counter serves twice; when that event is in the ledger all
before it is too, and only then is anything settled. See docs/decisions/0122-a-branch-of-a-journal.md.
"""

from collections.abc import Sequence

from sqlalchemy import Connection, Row, select, update

from host_tools.host.fleet import orders
from host_tools.host.fleet.orders import Order
from host_tools.host.fleet.received import Received
from host_tools.host.fleet.reconcile import adoption, patience
from host_tools.host.ledger import tables
from host_tools.host.ledger.aside import STAFF_CODE_DEAD, raise_case
from host_tools.host.ledger.database import insert_or_change
from host_tools.host.ledger.lookups import BRANCH, armed, doors_out, generation_at, of_story, story
from locker.contract import commands, records

_PAUSE_MS = 10_000  # between two branches of a board, lest one that goes astray costs the others their time
_RETRY_MAX = 15

# What says whether a parcel is behind a door, by the last of them.
_HERE = (records.DEPOSITED, records.ADOPTED)
_GONE = (records.DEPOSIT_STARTED, records.CANCELLED, records.WITHDRAWN, records.COLLECTED)


class Diverged(Exception):  # noqa: N818 - nothing is wrong
    """A board says something else than the ledger holds; `args`:
    its cabinet, the incarnation, the event number, and what was Received.
    """


def named(connection: Connection, said: Sequence[Received]) -> list[Received]:
    """The messages with the incarnation of the newest branch, where their board has branched,
    instead of the one that it reports.
    """
    place = tables.position.c
    wanted = select(place.cabinet, place.incarnation).where(
        place.cabinet.in_({one.cabinet for one in said}), place.incarnation >= BRANCH
    )
    newest: dict[tuple[int, int], int] = {}
    for row in connection.execute(wanted.order_by(place.incarnation)):
        newest[row.cabinet, row.incarnation % BRANCH] = row.incarnation
    return [
        _renamed(one, newest[one.cabinet, one.incarnation])
        if (one.cabinet, one.incarnation) in newest
        else one
        for one in said
    ]


def _renamed(one: Received, incarnation: int) -> Received:
    report = one.report and one.report._replace(incarnation=incarnation)
    return one._replace(incarnation=incarnation, report=report)


def may_branch(connection: Connection, cabinet: int, at_ms: int) -> bool:
    """Whether the last branch of this board is long enough ago."""
    known = connection.scalar(select(tables.cabinet.c.forked_ms).where(tables.cabinet.c.id == cabinet))
    return known is None or not 0 <= at_ms - known < _PAUSE_MS


def branch(connection: Connection, cabinet: int, incarnation: int, number: int, one: Received) -> None:
    """From event `number` on, which a message tells, a board's story is a branch.

    A new epoch is ordered, then parcels are put right.
    """
    at_ms = one.at_ms
    label = incarnation + BRANCH
    place = {"cabinet": cabinet, "incarnation": label, "applied": number - 1, "forked_at": number}
    place["generation"] = generation = generation_at(connection, cabinet, incarnation, number)
    connection.execute(insert_or_change(connection.dialect.name, tables.position), place)
    if one.started_ms is not None:
        anchor = {"cabinet": cabinet, "incarnation": label, "boot": one.boot, "started_ms": one.started_ms}
        connection.execute(insert_or_change(connection.dialect.name, tables.boot), anchor)
    epoch, parcel, event = tables.epoch, tables.parcel, tables.event.c
    known = (epoch.c.cabinet == cabinet) & (epoch.c.incarnation == incarnation) & (epoch.c.began < number)
    connection.execute(update(epoch).where(known).values(incarnation=label))
    later = select(event.number).where(
        of_story(connection, cabinet, incarnation),
        event.number >= number,
        event.kind.in_(_HERE),
        event.door == parcel.c.door,
        event.b == parcel.c.counter,
    )
    common = (
        (parcel.c.cabinet == cabinet)
        & (parcel.c.incarnation == incarnation)
        & (parcel.c.state == "waiting")
        & ~later.exists()
    )
    connection.execute(update(parcel).where(common).values(incarnation=label))
    row = connection.execute(select(tables.cabinet).where(tables.cabinet.c.id == cabinet)).one()
    values = {"incarnation": label, "unsettled": row.epoch, "forked_ms": at_ms}
    connection.execute(update(tables.cabinet).where(tables.cabinet.c.id == cabinet).values(**values))
    newest = connection.execute(
        select(tables.site.c.generation).where(tables.site.c.id == row.site)
    ).scalar_one()
    turn = (
        [Order(commands.TURN_TICKETS, a=newest)] if newest > generation and orders.rule_of(one.build) else []
    )
    orders.queue(connection, cabinet, [*turn, orders.new_epoch(row.epoch, one.build)], at_ms)


class _Behind:
    """What the board thinks of one door: the parcel behind it (None: none),
    the counter that was given out last, the retries.
    """

    def __init__(self) -> None:
        self.counter: int | None = None
        self.newest = 0
        self.retry = 0


def settle(connection: Connection, cabinet: int, incarnation: int, at_ms: int) -> list[Row]:
    """An epoch has begun: in a branch it orders what puts parcels right.

    Gives those of which nobody knows where they are.
    """
    known = connection.execute(select(tables.cabinet).where(tables.cabinet.c.id == cabinet)).one()
    if known.unsettled is None or known.incarnation != incarnation:
        return []
    doors = _behind(connection, cabinet, incarnation)
    parcel = tables.parcel
    rows = connection.execute(select(parcel).where(parcel.c.cabinet == cabinet).order_by(parcel.c.id)).all()
    waiting = [row for row in rows if row.state == "waiting"]
    here = {
        (row.door, row.counter): row
        for row in waiting
        if row.incarnation == incarnation and _is_known(doors, row)
    }
    lost = [
        row
        for row in waiting
        if row.incarnation % BRANCH == incarnation % BRANCH and here.get((row.door, row.counter)) != row
    ]
    told = {(row.epoch, row.door, row.counter): row for row in rows if row.incarnation != incarnation}
    made = [
        Order(commands.SETTLE, number, 0, known.unsettled)
        for number, door in doors.items()
        if door.counter and (number, door.counter) not in here
    ]
    unknown = []
    for row in lost:
        door = doors.setdefault(row.door, _Behind())
        taken = door.counter and (row.door, door.counter) in here
        if taken or door.newest >= row.counter:
            unknown.append(row)
        else:
            made += adoption(connection, row)
            door.newest = row.counter
    for row in here.values():
        double = told.get((row.epoch, row.door, row.counter))
        retry = max(row.retry, double.retry) + 1 if double else row.retry
        if double or retry > doors[row.door].retry:
            made.append(Order(commands.REISSUE, row.door, row.counter, min(retry, _RETRY_MAX)))
    made += _doors_again(connection, cabinet, incarnation, doors)
    made += patience(connection, cabinet)
    kept = {(one.door, one.a) for one in armed(connection, cabinet, incarnation)}
    for one in armed(connection, cabinet, incarnation - BRANCH):
        if (one.door, one.a) not in kept:
            raise_case(connection, cabinet, STAFF_CODE_DEAD, one.number, one.door, at_ms)
    orders.queue(connection, cabinet, made, at_ms)
    connection.execute(update(tables.cabinet).where(tables.cabinet.c.id == cabinet).values(unsettled=None))
    for row in unknown:
        connection.execute(
            update(parcel).where(parcel.c.id == row.id).values(state="unknown", ended_ms=at_ms)
        )
    return unknown


def _doors_again(
    connection: Connection, cabinet: int, incarnation: int, doors: dict[int, _Behind]
) -> list[Order]:
    """The orders for doors that the older story took out of service or put back, of which the branch itself
    says nothing.
    """
    known_out = doors_out(connection, cabinet, incarnation)
    event = tables.event.c
    of_branch = (event.cabinet == cabinet) & (event.incarnation == incarnation)
    told = select(event.door).where(of_branch, event.kind == records.OUT_OF_SERVICE)
    said = set(connection.scalars(told))
    return [
        Order(commands.SET_OUT, number, doors.setdefault(number, _Behind()).newest, int(is_out))
        for number, is_out in doors_out(connection, cabinet, incarnation - BRANCH).items()
        if is_out != known_out.get(number, False) and number not in said
    ]


def _is_known(doors: dict[int, _Behind], parcel: Row) -> bool:
    """Whether the board has that parcel; one that a receipt brought in it may have forgotten."""
    return parcel.door in doors and doors[parcel.door].counter == parcel.counter


def _behind(connection: Connection, cabinet: int, incarnation: int) -> dict[int, _Behind]:
    """By door, what the board's own story says."""
    event = tables.event.c
    doors: dict[int, _Behind] = {}
    kinds = (*_HERE, *_GONE, records.REISSUED)
    for label, below in reversed(story(connection, cabinet, incarnation)):
        its = select(event.kind, event.door, event.a, event.b).where(
            event.cabinet == cabinet, event.incarnation == label, event.kind.in_(kinds)
        )
        its = its if below is None else its.where(event.number < below)
        for row in connection.execute(its.order_by(event.number)):
            door = doors.setdefault(row.door, _Behind())
            if row.kind == records.REISSUED:
                door.retry = row.a
                continue
            door.counter = row.b if row.kind in _HERE else None
            door.newest = max(door.newest, row.b + (row.kind == records.WITHDRAWN))
            door.retry = 0 if row.kind in _HERE else door.retry
    return doors
