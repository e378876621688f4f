"""What the ledger holds of some boards when a turn begins:
their places, their waiting parcels, the tickets they name.
"""

from collections import Counter
from collections.abc import Iterable
from copy import copy
from hashlib import sha256
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, bindparam, delete, func, or_, select, true

from host_tools.host import fields
from host_tools.host.ledger.event_time import Last
from host_tools.host.ledger.ledger import SILENCED
from host_tools.host.ledger.tables import boot, cabinet, event, parcel, position, ticket
from host_tools.host.ledger.tables import epoch as epochs
from locker.contract import records
from locker.contract.records import Record

_EPOCH = 0x3FFFF  # and those of an epoch

#: A branch of a journal (see forks.py) bears the incarnation that its board reports and,
#: above the 32 bits of that, its number.
BRANCH = 1 << 32
_ANCHORS_MAX = 256  # boots that met the host since the last event that is applied
_BRANCHES_MAX = 16  # of the newest, in which an event is looked for

#: A board in one of its incarnations: the ledger's number of its cabinet, the incarnation.
Key = tuple[int, int]

#: A ticket of a site: the generation of its key, and its serial.
Serial = tuple[int, int]


class Board:
    """A board's place in the ledger: its last event, the starts of its boots,
    and those of them (`changed`) that are not in it yet.
    """

    def __init__(self, cabinet: Row, incarnation: int) -> None:
        self.cabinet: int = cabinet.id
        self.incarnation = incarnation
        self.site: int = cabinet.site
        self.epoch = 1
        self.newest_epoch: int = cabinet.epoch  # of any incarnation
        self.generation: int = cabinet.generation  # of its ticket key, behind its last event
        # Those begun in this incarnation: by the number of the event with which each began.
        self.epochs: dict[int, int] = {}
        # By door: number of the event that reserved the counter of its latest parcel.
        self.starts: dict[int, int] = {}
        self.applied = 0
        self.kept = 0  # what of it was in the ledger when the turn began
        self.forked_at = 0
        self.is_silenced = cabinet.fault == SILENCED
        self.is_placed = False  # its place is in the ledger as it is here
        self.last = Last(0, 0, cabinet.enrolled_ms)
        self.anchors: dict[int, int] = {}
        self.changed: set[int] = set()
        self.forgotten: set[int] = set()  # starts that are in the ledger and need not be
        self._board_id: bytes = cabinet.board_id

    def place(self, row: Row) -> None:
        """Takes over where the ledger has it."""
        self.applied = self.kept = row.applied
        self.forked_at = row.forked_at
        self.generation = row.generation
        self.is_placed = True
        if row.boot is not None:
            self.last = Last(row.boot, row.uptime, row.earliest_ms)

    def next_branch(self) -> "Board":
        """The same board under the name that its story gets if it turns out
        to be another than the ledger holds.
        """
        other = copy(self)
        other.incarnation += BRANCH
        return other

    def met(self, boot: int, started_ms: int) -> None:
        """A message tells when a boot began; the earliest of all is true."""
        has_room = boot in self.anchors or len(self.anchors) < _ANCHORS_MAX or boot > max(self.anchors)
        if has_room and started_ms < self.anchors.get(boot, started_ms + 1):
            self.anchors[boot] = started_ms
            self.changed.add(boot)
        while len(self.anchors) > _ANCHORS_MAX:
            self.changed.discard(min(self.anchors))
            self.forgotten.add(min(self.anchors))
            del self.anchors[min(self.anchors)]

    def ticket(self, recorded: int) -> Serial:
        """The generation and the serial of a ticket that was used behind its last event,
        as a record has it.
        """
        if not self.generation:
            return 0, recorded
        return max(0, self.generation - ((recorded >> 16 ^ self.generation) & 1)), recorded & 0xFFFF

    def begin_epoch(self, number: int, epoch: int) -> None:
        """From the event of that number on, counters are reserved in another epoch."""
        self.epochs[number] = self.epoch = epoch
        self.newest_epoch = max(self.newest_epoch, epoch)

    def epoch_of(self, start: int) -> int:
        """The epoch of a parcel whose counter the event of that number reserved."""
        later = [number for number in self.epochs if number > start]
        if not later:
            return self.epoch
        return max((epoch for number, epoch in self.epochs.items() if number < start), default=1)

    def letter_id(self, number: int, kind: str) -> str:
        """The name for ever of what is told about an event: 32 hexadecimal digits."""
        return letter_id(self._board_id, self.incarnation, number, kind)


def letter_id(board_id: bytes, incarnation: int, number: int, kind: str) -> str:
    """As `Board.letter_id`."""
    said = board_id + incarnation.to_bytes(8, "big") + number.to_bytes(4, "big") + kind.encode()
    return sha256(said).hexdigest()[:32]


def boards(connection: Connection, keys: Iterable[Key]) -> dict[Key, Board]:
    """The boards, at event number 0 where the ledger has none,
    with the starts of their boots since their last event.
    """
    wanted = set(keys)
    # Two lists and no pairs, which cost more than the few rows that are too many.
    numbers = {"cabinets": sorted({number for number, _ in wanted})}
    of_cabinet = {row.id: row for row in connection.execute(_CABINETS, numbers)}
    lives = numbers | {"lives": sorted({incarnation for _, incarnation in wanted})}
    found = {(number, incarnation): Board(of_cabinet[number], incarnation) for number, incarnation in wanted}
    for row in connection.execute(_PLACES, lives):
        if (row.cabinet, row.incarnation) in wanted:
            found[row.cabinet, row.incarnation].place(row)
    for board in found.values():
        if board.forked_at and not board.last.boot:  # a branch that has no event of its own yet
            last = _LAST_OF_ALL.where(of_story(connection, board.cabinet, board.incarnation))
            row = connection.execute(last.where(event.c.number <= board.applied)).first()
            board.last = Last(*row) if row else board.last
    for row in connection.execute(_BOOTS, lives):
        if (row.cabinet, row.incarnation) in wanted:
            found[row.cabinet, row.incarnation].anchors[row.boot] = row.started_ms
    if any(row.epoch > 1 for row in of_cabinet.values()):
        for row in connection.execute(_EPOCHS, numbers):
            if (row.cabinet, row.incarnation) in wanted:
                found[row.cabinet, row.incarnation].begin_epoch(row.began, row.epoch)
    return found


_NUMBERS = bindparam("cabinets", expanding=True)
_LIVES = bindparam("lives", expanding=True)
_CABINETS = select(
    *(cabinet.c[name] for name in ("id", "site", "board_id", "epoch", "generation", "enrolled_ms", "fault"))
).where(cabinet.c.id.in_(_NUMBERS))
_SAME = (event.c.cabinet == position.c.cabinet) & (event.c.incarnation == position.c.incarnation)
_EARLIER = event.alias()
_NEWEST = (  # one that was set aside is not there
    select(func.max(_EARLIER.c.number))
    .where(_EARLIER.c.cabinet == position.c.cabinet, _EARLIER.c.incarnation == position.c.incarnation)
    .scalar_subquery()
)
_LAST = _SAME & (event.c.number == _NEWEST)
_PLACES = (
    select(*position.c, *(event.c[name] for name in ("boot", "uptime", "earliest_ms")))
    .select_from(position.outerjoin(event, _LAST))
    .where(position.c.cabinet.in_(_NUMBERS), position.c.incarnation.in_(_LIVES))
)
_MET = (boot.c.cabinet == position.c.cabinet) & (boot.c.incarnation == position.c.incarnation)
_BOOTS = (
    select(*boot.c)
    .select_from(boot.outerjoin(position, _MET).outerjoin(event, _LAST))
    .where(
        boot.c.cabinet.in_(_NUMBERS),
        boot.c.incarnation.in_(_LIVES),
        boot.c.boot >= func.coalesce(event.c.boot, 0),
    )
)

_PROVISIONED = select(cabinet.c.generation).where(cabinet.c.id == bindparam("key"))
_LAST_OF_ALL = (
    select(*(event.c[name] for name in ("boot", "uptime", "earliest_ms")))
    .order_by(event.c.number.desc())
    .limit(1)
)
_EPOCHS = select(epochs.c.cabinet, epochs.c.incarnation, epochs.c.began, epochs.c.epoch)
_EPOCHS = _EPOCHS.where(epochs.c.cabinet.in_(_NUMBERS)).order_by(epochs.c.began)


def forget(connection: Connection, board: Board) -> None:
    """Takes the starts of boots out of the ledger that a board has left behind."""
    if board.forgotten:
        here = (boot.c.cabinet == board.cabinet) & (boot.c.incarnation == board.incarnation)
        connection.execute(delete(boot).where(here, boot.c.boot.in_(board.forgotten)))


def names(incarnation: int) -> list[int]:
    """Under which an event of a journal may stand: the branch, and those that it goes on from."""
    first = incarnation % BRANCH
    return [first, *range(max(first + BRANCH, incarnation - _BRANCHES_MAX * BRANCH), incarnation + 1, BRANCH)]


def story(connection: Connection, cabinet: int, incarnation: int) -> list[tuple[int, int | None]]:
    """The journal, or the branch and those that it goes on from, the newest first:
    each with the number below which it counts (None: all).

    What an older one holds from that number on happened too, but is none of this story.
    """
    forked_at: dict[int, int] = {}
    if incarnation >= BRANCH:
        its = (position.c.cabinet == cabinet) & position.c.incarnation.in_(names(incarnation))
        rows = connection.execute(select(position.c.incarnation, position.c.forked_at).where(its))
        forked_at = {row.incarnation: row.forked_at for row in rows}
    parts: list[tuple[int, int | None]] = []
    below = None
    for label in reversed(names(incarnation)):
        parts.append((label, below))
        began = forked_at.get(label, 0)
        if began:
            below = began if below is None else min(below, began)
    return parts


def of_story(connection: Connection, cabinet: int, incarnation: int) -> ColumnElement[bool]:
    """Whether an event is of that story."""
    parts = [
        (event.c.incarnation == label) & (event.c.number < below if below is not None else true())
        for label, below in story(connection, cabinet, incarnation)
    ]
    return (event.c.cabinet == cabinet) & or_(*parts)


def told(connection: Connection, board: Board, numbers: Iterable[int]) -> dict[int, Record]:
    """The events with these numbers as the ledger holds them; those that it has set aside are left out."""
    its = of_story(connection, board.cabinet, board.incarnation) & event.c.number.in_(list(numbers))
    rows = connection.execute(select(*(event.c[name] for name in Record._fields)).where(its))
    return {row.number: Record(*row) for row in rows}


def generation_at(connection: Connection, cabinet: int, incarnation: int, number: int) -> int:
    """The generation of a board's ticket key before the event of that number in that story:
    as it was provisioned, or has turned since.
    """
    its = (
        of_story(connection, cabinet, incarnation)
        & (event.c.kind == records.TICKETS_TURNED)
        & (event.c.number < number)
    )
    last = connection.scalar(select(event.c.a).where(its).order_by(event.c.number.desc()).limit(1))
    return last if last is not None else connection.execute(_PROVISIONED, {"key": cabinet}).scalar_one()


def start_of(connection: Connection, board: Board, door: int) -> int:
    """The number of the event that reserved the counter of a door's latest parcel,
    for a board that has told it before this turn.
    """
    here = of_story(connection, board.cabinet, board.incarnation) & (event.c.door == door)
    its = (
        here
        & event.c.kind.in_((records.DEPOSIT_STARTED, records.WITHDRAWN))
        & (event.c.number <= board.applied)
    )
    return connection.scalar(select(event.c.number).where(its).order_by(event.c.number.desc()).limit(1)) or 0


def armed(connection: Connection, cabinet: int, incarnation: int, number: int | None = None) -> list[Record]:
    """The ARMED of each door whose code of staff still waited to be used at the event of that number,
    or at the end of the story.
    """
    kinds = (records.ARMED, records.DOOR_OPENED, records.DEPOSIT_STARTED, records.WITHDRAWN, records.ADOPTED)
    its = of_story(connection, cabinet, incarnation) & event.c.kind.in_(kinds)
    its = its if number is None else its & (event.c.number < number)
    rows = connection.execute(
        select(*(event.c[name] for name in Record._fields)).where(its).order_by(event.c.number)
    )
    last = {row.door: Record(*row) for row in rows}
    return [record for record in last.values() if record.kind == records.ARMED and fields.armed(record).code]


def doors_out(connection: Connection, cabinet: int, incarnation: int) -> dict[int, bool]:
    """By door, whether a story leaves it out of service; doors of which it says nothing are left out."""
    is_told = (event.c.kind == records.OUT_OF_SERVICE) | (
        (event.c.kind == records.DOOR_TESTED) & (event.c.a == 1)
    )
    found: dict[int, bool] = {}
    for label, below in reversed(story(connection, cabinet, incarnation)):
        its = select(event.c.kind, event.c.door, event.c.a).where(
            event.c.cabinet == cabinet, event.c.incarnation == label, is_told
        )
        its = its if below is None else its.where(event.c.number < below)
        for row in connection.execute(its.order_by(event.c.number)):
            found[row.door] = row.kind == records.OUT_OF_SERVICE and row.a == 1
    return found


def knows_parcel(connection: Connection, board: Board, door: int, counter: int) -> bool:
    """Whether the ledger holds that parcel, waiting or not."""
    here = (parcel.c.cabinet == board.cabinet) & (parcel.c.door == door) & (parcel.c.counter == counter)
    return bool(connection.scalar(select(func.count()).select_from(parcel).where(here)))


def adoptable(
    connection: Connection, wanted: Iterable[tuple[int, Record]]
) -> dict[tuple[int, int], dict[str, Any]]:
    """The parcels that boards (by the ledger's number of the cabinet) have adopted,
    by cabinet and event number.

    A parcel may have been deposited with an earlier board of the same cabinet.
    """
    found = {}
    for number, record in wanted:
        here = select(cabinet.c.site, cabinet.c.number).where(cabinet.c.id == number).subquery()
        same = select(cabinet.c.id).join(
            here, (cabinet.c.site == here.c.site) & (cabinet.c.number == here.c.number)
        )
        generation, serial = fields.adopted(record)
        its = (parcel.c.door == record.door) & (parcel.c.counter == record.b)
        its &= (parcel.c.generation == generation) & (parcel.c.serial == serial)
        row = connection.execute(
            select(parcel).where(parcel.c.cabinet.in_(same), its, parcel.c.state == "waiting")
        ).first()
        if row:
            found[number, record.number] = _with_its_past(row)
    return found


def serials_of(recorded: Iterable[int]) -> set[int]:
    """The serials that these may be, which records have."""
    return {serial for one in recorded for serial in (one, one & 0xFFFF)}


def tickets(
    connection: Connection, sites: Iterable[int], serials: set[int]
) -> dict[tuple[int, Serial], dict[str, Any]]:
    """The tickets with these serials, by site and by generation and serial."""
    if not serials:
        return {}
    rows = connection.execute(
        select(ticket).where(ticket.c.site.in_(set(sites)), ticket.c.serial.in_(serials))
    )
    return {(row.site, (row.generation, row.serial)): dict(row._mapping) for row in rows}


def uses(connection: Connection, serials: set[int]) -> Counter[tuple[int, Serial]]:
    """How many deposits each of these serials has made at its site, by generation:
    those not counted that the courier took back.
    """
    if not serials:
        return Counter()
    ticket_of = (cabinet.c.site, parcel.c.generation, parcel.c.serial)
    made = select(*ticket_of, func.count().label("times")).join_from(parcel, cabinet)
    made = made.where(parcel.c.serial.in_(serials), parcel.c.state != "withdrawn").group_by(*ticket_of)
    return Counter({(row.site, (row.generation, row.serial)): row.times for row in connection.execute(made)})


def deposits(
    connection: Connection, site: int, label: Serial
) -> dict[tuple[int, int, int, int], dict[str, Any]]:
    """The parcels that came on a ticket, as `waiting`, but for those that the courier took back,
    whether they wait or not.
    """
    of_site = select(cabinet.c.id).where(cabinet.c.site == site)
    its = (
        (parcel.c.generation == label[0])
        & (parcel.c.serial == label[1])
        & (parcel.c.state != "withdrawn")
        & parcel.c.cabinet.in_(of_site)
    )
    rows = connection.execute(select(parcel).where(its))
    return {(row.cabinet, row.incarnation, row.door, row.counter): _with_its_past(row) for row in rows}


def waiting(connection: Connection, cabinets: set[int]) -> dict[tuple[int, int, int, int], dict[str, Any]]:
    """The parcels that wait in these cabinets, by cabinet, incarnation, door and counter."""
    rows = connection.execute(
        select(parcel).where(parcel.c.cabinet.in_(cabinets), parcel.c.state == "waiting")
    )
    return {(row.cabinet, row.incarnation, row.door, row.counter): _with_its_past(row) for row in rows}


def _with_its_past(row: Row) -> dict[str, Any]:
    """The row, and under `before` what it was when the turn began."""
    return {**row._mapping, "before": row._mapping}


def place_row(board: Board) -> dict[str, Any]:
    """A board's place, as a row of the table."""
    return {
        name: getattr(board, name)
        for name in ("cabinet", "incarnation", "applied", "generation", "forked_at")
    }


def anchor_row(board: Board, boot: int) -> dict[str, Any]:
    """The start of one of its boots, likewise."""
    return {
        "cabinet": board.cabinet,
        "incarnation": board.incarnation,
        "boot": boot,
        "started_ms": board.anchors[boot],
    }
