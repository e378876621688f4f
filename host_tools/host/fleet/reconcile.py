"""A board reports: its journal is compared with the ledger,
and where they contradict each other it is settled here, once for all.

    what the report shows                    what it means                     what follows
    another chip                             the board's flash was copied      refused until people have seen
                                                                               to it
    the tag of another life of the ledger    another host has taken the board  refused, likewise
    more acknowledged than the ledger holds  an older ledger was restored      a new tag; the board tells
                                                                               again what is missing
    fewer events than the ledger holds       an older journal was restored     a new epoch; parcels are put
                                                                               right by orders
    fewer acknowledged than those            an Ack was lost, or an older      it tells them again; another
                                             journal was restored              story is a branch (forks.py)
    another incarnation                      a new journal                     a new epoch; parcels are put
                                                                               right by orders
    a cabinet whose board was replaced       a new board                       it adopts the parcels of the
                                                                               old one

Nothing is guessed: what was lost on either side is told again by the other, or it is refused by name.
"""

from typing import NamedTuple

from sqlalchemy import Connection, Row, delete, func, select, update

from host_tools.errors import UserError
from host_tools.host import fields
from host_tools.host.accounts import audit
from host_tools.host.fleet import orders
from host_tools.host.fleet.orders import Order
from host_tools.host.ledger import tables
from host_tools.host.ledger.aside import REFUSED, STAFF_CODE_DEAD, raise_case
from host_tools.host.ledger.bounds import credit
from host_tools.host.ledger.ledger import RETIRED, SILENCED, Ledger, new_tag
from host_tools.host.ledger.lookups import BRANCH, Board, armed, doors_out, of_story
from host_tools.host.ledger.names import normal
from host_tools.link.messages import Refused, Report, Resume
from locker.contract import commands, records
from locker.contract.records import Record
from locker.contract.tickets import recorded

ANY_TAG = -1
_ADOPT_SHIFT = 18  # of the generation in an ADOPT
_UNSEEN = 1 << 17  # in an ADOPT: the courier said that the parcel lies where nothing is seen
BEYOND = "newer codes"
_DAY_MS = 86_400_000
_TIME_MAX = 0xFFFFFFFF  # seconds since 1970 that a Resume can say

#: Why nothing is taken from a board (cabinet.fault): the reason in a Refused, and what people are told.
FAULTS = {
    "copied": (
        1,
        "its identity runs on another chip: its flash was copied, or somebody has its keys; give that chip "
        "one of its own with `ansim provision --replace`",
    ),
    SILENCED: (1, "its board is in a stranger's hands and was silenced: provision another with its number"),
    "newer codes": (3, "its codes are of a rule that this ansim does not know: update ansim on this host"),
    "other host": (
        2,
        (
            "another host with a copy of this ledger serves it: "
            "stop that host, then run `ansim link take-over` here"
        ),
    ),
}
RESTORED_LEDGER = (
    "the board says that a host holds more of its events than this ledger does: a backup was restored here, "
    "or the board says what is not so; it tells again what is missing"
)
OTHER_STORY = (
    "it tells other events than this ledger holds, as after an older image of its flash was put back: both "
    "stories are kept, and its parcels are put right"
)
OLDER_JOURNAL = (
    "its journal holds less than this ledger, as an older image or a new one does: "
    "no parcels until its new epoch has begun"
)

OLDER_TOLD_AGAIN = (
    "its journal was restored from an older image: "
    "what it tells again is compared, then it is told how much is missing"
)

OLDER_BUILD = (
    "its firmware says that it is older than the codes and ticket keys of its journal: "
    "run `ansim flash` on it"
)


class Meeting(NamedTuple):
    """What came of a report: the answer for the board; why it was refused;
    else what was found and is being settled, if anything.
    """

    answer: Resume | Refused
    fault: str | None  # of FAULTS
    found: str | None


def meet(
    connection: Connection, cabinet: int, report: Report, at_ms: int, round_trip_ms: int | None
) -> Meeting:
    """Compares a report with the ledger, and settles what differs. `round_trip_ms` None: it does not tell."""
    known = connection.execute(select(tables.cabinet).where(tables.cabinet.c.id == cabinet)).one()
    fault = _fault(known, report)
    credit(connection, known, at_ms)
    timed_ms = known.round_trip_ms if round_trip_ms is None else round_trip_ms
    _keep(
        connection, cabinet, fault=fault, round_trip_ms=timed_ms, next_event=report.next_event, seen_ms=at_ms
    )
    if fault is not None:
        if fault != SILENCED:  # of which staff know
            raise_case(connection, cabinet, REFUSED, at_ms // _DAY_MS, 0, at_ms)
        return Meeting(Refused(FAULTS[fault][0]), fault, None)
    if report.incarnation != known.incarnation:  # what a journal without an event leaves behind
        place, boot = tables.position.c, tables.boot
        lives = select(place.incarnation).where(place.cabinet == cabinet)
        connection.execute(delete(boot).where(boot.c.cabinet == cabinet, boot.c.incarnation.not_in(lives)))
    held = _applied(connection, cabinet, report.incarnation)
    goes_on = held
    tag = known.tag
    found = None
    if report.acknowledged > held:
        found = RESTORED_LEDGER
        tag = _restored(connection, known, report)
    elif report.acknowledged < held and report.acknowledged + 1 < report.next_event:
        # What it has not heard to be held is told again, and compared: it may be another story.
        goes_on = report.acknowledged
    if found is None and report.tag == tag:
        _keep(connection, cabinet, tag_before=None)
    commanded = max(known.commanded, report.next_command - 1)
    # What was ordered by it is ordered by it again.
    went_back = orders.rule_of(report.build) < orders.rule_of(known.build)
    build = known.build if went_back else report.build
    _keep(connection, cabinet, incarnation=report.incarnation, build=build, commanded=commanded)
    if report.next_event <= held:
        # It will say so itself, in a JOURNAL_DOUBT behind what the ledger holds.
        found = OLDER_JOURNAL if goes_on == held else OLDER_TOLD_AGAIN
    elif _begins_anew(connection, cabinet, report.incarnation):
        found = OLDER_JOURNAL
        put_right(connection, cabinet, max(known.epoch, report.epoch), at_ms)
    if went_back and found is None:
        found = OLDER_BUILD
    orders.queue(connection, cabinet, _inheritance(connection, known, at_ms), at_ms)
    time = min(max(at_ms // 1000, 0), _TIME_MAX)
    return Meeting(Resume(goes_on, tag, known.commanded, report.uptime, time), None, found)


def take_over(ledger: Ledger, site: str, number: int | None = None, *, dry_run: bool = False) -> int:
    """From now on this ledger serves that cabinet, whichever host did before. Its number at its site, which
    may be left out where one stands there.

    Raises UserError when there is no such cabinet, or several stand there and none is named.
    """
    cabinet = tables.cabinet
    wanted = select(cabinet.c.id, cabinet.c.number).join(tables.site).order_by(cabinet.c.number)
    wanted = wanted.where(tables.site.c.name == normal(site), cabinet.c.state != RETIRED)
    with ledger.writing() as connection:
        rows = connection.execute(wanted).all()
        its = rows if number is None else [row for row in rows if row.number == number]
        if not its:
            which = "no cabinet" if number is None else f"no cabinet {number}"
            raise UserError(f"There is {which} at {site}: `ansim link` shows them.", 2)
        if len(its) > 1:
            numbers = ", ".join(str(row.number) for row in its)
            raise UserError(f"Several cabinets stand at {site} ({numbers}): say which with `--number`.", 2)
        if not dry_run:
            here = cabinet.c.id == its[0].id
            values = {"tag": new_tag(), "tag_before": ANY_TAG, "fault": None}
            connection.execute(update(cabinet).where(here).values(**values))
            audit.note(connection, ledger, "link take-over", site=normal(site), cabinet=its[0].number)
    return its[0].number


def _fault(known: Row, report: Report) -> str | None:
    if known.fault == SILENCED:
        return SILENCED
    if report.uid.to_bytes(6, "big") != known.uid:
        return "copied"
    if report.tag not in (0, known.tag, known.tag_before) and known.tag_before != ANY_TAG:
        return "other host"
    if known.fault == BEYOND and report.epoch > known.epoch:  # it began behind the last event that is here
        return BEYOND
    return None


def look_again(ledger: Ledger) -> None:
    """A host that has just started may be a newer one: boards whose codes it did not know are heard again.

    Raises UserError.
    """
    cabinet = tables.cabinet
    with ledger.writing() as connection:
        connection.execute(update(cabinet).where(cabinet.c.fault == BEYOND).values(fault=None))


def _keep(connection: Connection, cabinet: int, **values: object) -> None:
    connection.execute(update(tables.cabinet).where(tables.cabinet.c.id == cabinet).values(**values))


def _applied(connection: Connection, cabinet: int, incarnation: int) -> int:
    place = tables.position.c
    return (
        connection.scalar(
            select(place.applied).where(place.cabinet == cabinet, place.incarnation == incarnation)
        )
        or 0
    )


def _restored(connection: Connection, known: Row, report: Report) -> int:
    """Gives a ledger that was restored from a backup a new tag, by which the board learns of it.

    Returns the tag.
    """
    if report.tag != known.tag:  # it has a new one already, of which the board has not heard yet
        return known.tag
    tag = new_tag()
    _keep(connection, known.id, tag=tag, tag_before=report.tag)
    return tag


def _begins_anew(connection: Connection, cabinet: int, incarnation: int) -> bool:
    """Whether the ledger holds another journal of this board, and no epoch has begun in this one."""
    place, epoch = tables.position.c, tables.epoch.c
    others = select(func.count()).where(
        place.cabinet == cabinet, place.incarnation % BRANCH != incarnation % BRANCH, place.applied > 0
    )
    begun = select(func.count()).where(epoch.cabinet == cabinet, epoch.incarnation == incarnation)
    return bool(connection.scalar(others)) and not connection.scalar(begun)


def put_right(connection: Connection, cabinet: int, epoch: int, at_ms: int) -> None:
    """Orders a board whose journal is in doubt to know the parcels that the ledger knows,
    and to begin a new epoch behind the newest one.

    Until that has begun it takes no parcels. So first what is gone goes,
    and then what waits gets codes of the new epoch.
    """
    parcel = tables.parcel.c
    doors = connection.scalars(
        select(parcel.door).where(parcel.cabinet == cabinet).distinct().order_by(parcel.door)
    ).all()
    wanted = select(tables.parcel).where(parcel.cabinet == cabinet, parcel.state == "waiting")
    waiting = {row.door: row for row in connection.execute(wanted)}
    made = [
        Order(commands.SETTLE, door, waiting[door].counter if door in waiting else 0, epoch) for door in doors
    ]
    here = connection.execute(select(tables.cabinet).where(tables.cabinet.c.id == cabinet)).one()
    generation = connection.scalar(select(tables.site.c.generation).where(tables.site.c.id == here.site))
    if generation and orders.rule_of(here.build):
        made.append(Order(commands.TURN_TICKETS, a=generation))
    made.append(orders.new_epoch(epoch, here.build))
    made += [order for _, row in sorted(waiting.items()) for order in adoption(connection, row)]
    made += patience(connection, cabinet)
    orders.queue(connection, cabinet, made, at_ms)


def patience(connection: Connection, cabinet: int) -> list[Order]:
    """The order for the patience that a board was given last, if any, whatever it knows of that."""
    order = tables.command.c
    its = (order.cabinet == cabinet) & (order.kind == commands.SET_PATIENCE)
    wanted = select(order.a, order.state).where(its, order.state != orders.IMPOSSIBLE)
    last = connection.execute(wanted.order_by(order.sequence.desc()).limit(1)).first()
    return [Order(commands.SET_PATIENCE, a=last.a)] if last and last.state == orders.DONE else []


def _inheritance(connection: Connection, known: Row, at_ms: int) -> list[Order]:
    """The orders after which a board knows the parcels of all before it; and, as long as no event of its own
    is here, those after which it has the doors out of service that its predecessor had.

    Staff are told of codes of theirs that died with the predecessor.
    """
    parcel, cabinet, place = tables.parcel, tables.cabinet, tables.position.c
    before = (
        (cabinet.c.site == known.site) & (cabinet.c.number == known.number) & (cabinet.c.state == RETIRED)
    )
    wanted = (
        select(parcel)
        .join(cabinet)
        .where(before, parcel.c.state == "waiting")
        .order_by(parcel.c.door, parcel.c.id)
    )
    made: list[Order] = []
    is_known = connection.scalar(
        select(place.cabinet).where(place.cabinet == known.id, place.applied > 0).limit(1)
    )
    last = (
        None
        if is_known
        else connection.execute(select(cabinet).where(before).order_by(cabinet.c.id.desc()).limit(1)).first()
    )
    if last and last.incarnation is not None and last.fault != SILENCED:
        made += [
            Order(commands.SET_OUT, door, 0, 1)
            for door, is_out in doors_out(connection, last.id, last.incarnation).items()
            if is_out
        ]
        made += patience(connection, last.id)
        for record in armed(connection, last.id, last.incarnation):
            raise_case(connection, known.id, STAFF_CODE_DEAD, record.door, record.door, at_ms)
    return made + [order for row in connection.execute(wanted) for order in adoption(connection, row)]


def _adopted(connection: Connection, parcel: Row) -> int:
    """What an ADOPT says of a parcel in `a`:
    its serial, whether its door's sensor cannot see it, and its generation.
    """
    event = tables.event.c
    its = (
        of_story(connection, parcel.cabinet, parcel.incarnation)
        & (event.door == parcel.door)
        & (event.b == parcel.counter)
    )
    told = (event.kind == records.PARCEL_FLAGGED) | (event.kind == records.ADOPTED) & (
        event.a.bitwise_and(_UNSEEN) != 0
    )
    unseen = connection.execute(select(event.number).where(its, told).limit(1)).first()
    return (
        recorded(parcel.serial, parcel.generation)
        | (_UNSEEN if unseen else 0)
        | parcel.generation << _ADOPT_SHIFT
    )


def give_up(connection: Connection, board: Board, record: Record, at_ms: int) -> list[Row]:
    """A board reports an order (its COMMAND_APPLIED).

    The parcels of which nobody knows since where they are: those that it was to adopt by an order that is not
    possible lie behind a door that gives them out to nobody; those that it took after it was ordered to
    settle their door it has given up. Call it before the order is noted as ended.
    """
    cabinet = board.cabinet
    command, parcel, place = tables.command.c, tables.parcel, tables.cabinet.c
    its = (command.cabinet == cabinet) & (command.number == record.a) & (command.state == orders.WAITING)
    kind = commands.SETTLE if fields.applied(record).is_done else commands.ADOPT
    order = connection.execute(select(tables.command).where(its, command.kind == kind)).first()
    if order is None:
        return []
    if kind == commands.SETTLE:
        return _settled_away(connection, board, record, at_ms)
    here = connection.execute(select(place.site, place.number).where(place.id == cabinet)).one()
    cabinets = select(place.id).where(place.site == here.site, place.number == here.number)
    wanted = select(parcel).where(
        parcel.c.cabinet.in_(cabinets), parcel.c.door == order.door, parcel.c.counter == order.counter
    )
    rows = connection.execute(wanted.where(parcel.c.state == "waiting").order_by(parcel.c.id)).all()
    lost = [row for row in rows if _adopted(connection, row) == order.a]
    for row in lost:
        connection.execute(
            update(parcel).where(parcel.c.id == row.id).values(state="unknown", ended_ms=at_ms)
        )
    return lost


def _settled_away(connection: Connection, board: Board, record: Record, at_ms: int) -> list[Row]:
    """The parcel that a board gave up by an order to settle its door,
    though the ledger held that it waits.
    """
    event, parcel = tables.event.c, tables.parcel
    before = of_story(connection, board.cabinet, board.incarnation) & (event.number == record.number - 1)
    before &= (event.kind == records.COLLECTED) & (event.door == record.door)
    gone = connection.execute(select(event.door, event.b).where(before)).first()
    if gone is None:
        return []
    its = (parcel.c.cabinet == board.cabinet) & (parcel.c.incarnation == board.incarnation)
    its &= (parcel.c.door == gone.door) & (parcel.c.counter == gone.b) & (parcel.c.state == "collected")
    rows = list(connection.execute(select(parcel).where(its)).all())
    connection.execute(update(parcel).where(its).values(state="unknown", ended_ms=at_ms))
    return rows


def adoption(connection: Connection, parcel: Row) -> list[Order]:
    """The orders after which a board has a parcel that waits behind one of its doors."""
    made = [Order(commands.ADOPT, parcel.door, parcel.counter, _adopted(connection, parcel))]
    if parcel.retry:
        made.append(Order(commands.REISSUE, parcel.door, parcel.counter, parcel.retry))
    return made
