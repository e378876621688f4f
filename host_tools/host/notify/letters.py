"""What an event is to people: a letter for the resident whose parcel it is about,
an alarm for staff, and what is for dispatchers alone.

Letters never depend on alarms. A pickup under duress makes the same rows in the same order as any other, but
for one number in the table that only dispatch.py reads.
"""

from typing import Any, NamedTuple

from sqlalchemy import Connection, select

from host_tools.host import fields, kinds
from host_tools.host.ledger import lookups, tables
from host_tools.host.ledger.aside import raise_case
from host_tools.host.ledger.bounds import hold_back
from host_tools.host.ledger.database import execute_many, insert_new, is_inserted
from host_tools.host.ledger.event_time import Moment
from host_tools.host.ledger.lookups import Board
from locker.contract import records
from locker.contract.commands import ADOPT, ANSWER_BELL, ARM_RECALL, ARM_SERVICE
from locker.contract.records import RECALL, SERVICE, Record

ODD_TICKET = "ticket"  # unknown to this host, revoked, or used before
USED_TWICE = "ticket again"  # the ticket of a parcel that was there first has been used for another one
RECALL_CODE = "recall code"  # staff are sent the code that they have armed
SERVICE_CODE = "service code"  # likewise
SERVICE_CODE_AGAIN = "new service code"  # a new epoch has made it another one
UNKNOWN = "parcel"  # a cabinet gives up a parcel that the ledger does not know

OPENED = "opened"  # with her code, once the door has really opened
OPENED_MENDED = "opened at last"  # the same, after it was stuck
BY_STAFF = "opened by staff"  # by anybody else
MENDED = "mended"  # a door that was stuck has moved, and her parcel is still there
USED_LABEL = "used label"  # instead of "deposited": the ticket was used before or revoked
LABEL_AGAIN = "label used twice"  # corrects a "deposited": its ticket was used again
LOST = "unknown"  # nobody knows whether the parcel is there: the cabinet was put back to an older state
GONE = "gone"  # a person has found that her parcel is not there any more
CLEARED = "label cleared"  # takes back what made her doubt: USED_LABEL or LABEL_AGAIN
UNORDERED = "unordered code"  # alarm: a cabinet has armed a code of staff that nobody has ordered here
ODD_NEW_CODE = "odd new code"  # instead of "new code", where the ticket was odd

_OCCUPANCY = 2  # SENSOR_FAULT.a: the sensor that looks inside

# Parcel.stuck.
STUCK = 1
MOVED = 2


class Change(NamedTuple):
    """Something that is in the ledger since this turn: an event, or an alarm (`alarm` is its name).

    `moment`: when it happened.
    """

    cabinet: int
    record: Record
    alarm: str | None
    moment: Moment
    set_aside: str | None = None  # why the event was not applied


class Letters:
    """The letters, alarms and pickups of one turn; `write` puts them into the transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._dialect = connection.dialect.name
        self._rows: list[dict[str, Any]] = []
        self._pickups: list[dict[str, Any]] = []
        # Those of this turn, by the board, door and counter.
        self._deposits: dict[tuple[int, int, int, int], Record] = {}
        self._how: dict[tuple[int, int, int, int], int] = {}  # who opened, likewise
        self.news: list[Change] = []

    @property
    def are_written(self) -> bool:
        """Whether somebody is to be told something."""
        return bool(self._rows)

    @property
    def has_pickups(self) -> bool:
        """Whether a door with a parcel behind it was opened, by whomever."""
        return bool(self._pickups)

    def announce(self, board: Board, record: Record, parcel: dict[str, Any] | None, moment: Moment) -> None:
        """Tells staff and the resident what they must know of an event; saying it twice tells it once."""
        self.alert(board, record, moment)
        if record.kind == records.DEPOSITED:
            self._deposits[board.cabinet, board.incarnation, record.door, record.b] = record
        if parcel and parcel["state"] == "waiting" and parcel["resident"] is not None:
            kind = self._letter_of(board, record, parcel)
            if kind:
                self.tell(board, record, kind, parcel, moment)

    def alert(self, board: Board, record: Record, moment: Moment) -> None:
        """Tells staff and dispatchers of an event alone; for that neither a parcel nor an order is needed."""
        alarm = kinds.alarm_of(record)
        if alarm and not self._is_no_alarm(board, record):
            self.alarm(board, self._call_of(board, record), alarm, moment)
        if record.kind == records.PICKUP_OPENED:
            self._pickup(board, record, moment)

    def _call_of(self, board: Board, record: Record) -> Record:
        """For a button that was pressed again: the call that this is about, which is told of unless it was
        before. Where somebody has answered that call already, it is a call of its own.
        """
        if record.kind != records.BELL_RUNG or not 0 < record.b < record.number:
            return record
        order = tables.command.c
        its = (order.cabinet == board.cabinet) & (order.kind == ANSWER_BELL) & (order.a == record.b)
        if self._connection.execute(select(order.sequence).where(its).limit(1)).first() is not None:
            return record
        return record._replace(number=record.b)

    def _is_no_alarm(self, board: Board, record: Record) -> bool:
        """Keys that work again; and something seen behind a door whose parcel the host knows,
        and the cabinet is about to learn of.
        """
        if record.kind == records.SENSOR_FAULT and record.a == _OCCUPANCY:
            order = tables.command.c
            its = (
                (order.cabinet == board.cabinet)
                & (order.kind == ADOPT)
                & (order.door == record.door)
                & (order.state == "waiting")
            )
            return self._connection.scalar(select(order.sequence).where(its).limit(1)) is not None
        return record.kind == records.KEYS_LEFT_OUT and not record.a

    def _letter_of(self, board: Board, record: Record, parcel: dict[str, Any]) -> str | None:
        """What the resident is told of an event of her parcel; None for nothing."""
        if record.kind == records.DEPOSITED and parcel["receipt_ms"] is not None:
            return None  # she was told when its receipt was entered
        kind = kinds.letter_of(record)
        if parcel["flagged"] and kind in _OF_ODD_TICKETS:
            return _OF_ODD_TICKETS[kind]
        if record.kind == records.DOOR_OPENED:
            how = self.opener(board, record)
            if how in (records.BY_CODE, records.BY_DURESS):
                return OPENED_MENDED if parcel["stuck"] == STUCK else OPENED
            return None if how is None else BY_STAFF
        return MENDED if _is_mended(parcel, record) else kind

    def opener(self, board: Board, record: Record) -> int | None:
        """Who has opened the door of the parcel that an event is about, as records.BY_;
        None when nobody has.
        """
        key = (board.cabinet, board.incarnation, record.door, record.b)
        if key not in self._how:
            event = tables.event.c
            here = lookups.of_story(self._connection, board.cabinet, board.incarnation) & (
                event.door == record.door
            )
            its = here & (event.kind == records.PICKUP_OPENED) & (event.b == record.b)
            found = self._connection.scalar(select(event.a).where(its).order_by(event.number.desc()).limit(1))
            if found is None:
                return None
            self._how[key] = found
        return self._how[key]

    def _pickup(self, board: Board, record: Record, moment: Moment) -> None:
        self._how[board.cabinet, board.incarnation, record.door, record.b] = record.a
        of_board = {
            "cabinet": board.cabinet,
            "incarnation": board.incarnation,
            "number": record.number,
            "door": record.door,
        }
        self._pickups.append({**of_board, "how": record.a, **moment._asdict(), "told_ms": None})

    def alarm(self, board: Board, record: Record, kind: str, moment: Moment) -> None:
        """Tells staff of an event that a person should look at, once."""
        row = {
            "cabinet": board.cabinet,
            "incarnation": board.incarnation,
            "number": record.number,
            "kind": kind,
            "door": record.door,
        }
        happened = {"earliest_ms": moment.earliest_ms, "latest_ms": moment.latest_ms}
        if is_inserted(self._connection, tables.alarm, row | {"raised_ms": moment.heard_ms} | happened):
            self.news.append(Change(board.cabinet, record, kind, moment))
            self.tell(board, record, kind, None, moment)

    def tell(
        self, board: Board, record: Record, kind: str, parcel: dict[str, Any] | None, moment: Moment
    ) -> None:
        """Puts a letter into the outbox: to the parcel's resident, or to staff when there is no parcel."""
        self._rows.append(self._letter(board, record, kind, parcel, moment))

    def send_staff_code(
        self, board: Board, record: Record, parcel: dict[str, Any] | None, moment: Moment
    ) -> None:
        """Sends staff the code of 12 digits that they have armed for a door;
        none where they have taken it back.

        A board that says so of a code that nobody has ordered has them walk there for nothing, or worse:
        that is an alarm.
        """
        code, arming = fields.armed(record)
        kind = {RECALL: RECALL_CODE, SERVICE: SERVICE_CODE}.get(code)
        if kind and not self._is_ordered(board, record):
            self.alarm(board, record, UNORDERED, moment)
        elif kind:
            row = self._letter(board, record, kind, parcel, moment)
            self._rows.append(row | {"resident": None, "counter": record.b, "retry": arming})

    def send_service_code_again(self, board: Board, armed: Record, number: int, moment: Moment) -> None:
        """An epoch has begun (the event of that number),
        and with it a service code that waits to be used has become another one.
        """
        row = self._letter(board, armed, SERVICE_CODE_AGAIN, None, moment)
        of_door = {
            "id": board.letter_id(number, f"staff {SERVICE_CODE_AGAIN} {armed.door}"),
            "resident": None,
        }
        self._rows.append(row | of_door | {"counter": armed.b, "retry": fields.armed(armed).arming})

    def _is_ordered(self, board: Board, record: Record) -> bool:
        order = tables.command.c
        code, arming = fields.armed(record)
        kind = {RECALL: ARM_RECALL, SERVICE: ARM_SERVICE}[code]
        its = (order.cabinet == board.cabinet) & (order.kind == kind) & (order.door == record.door)
        its &= (order.counter == record.b) & (order.a == arming)
        return self._connection.scalar(select(order.sequence).where(its).limit(1)) is not None

    def lose(
        self, board: Board, record: Record, parcel: dict[str, Any], moment: Moment, kind: str = LOST
    ) -> None:
        """Nobody knows whether a parcel is still there: staff and its resident are told so.

        `record` is how that was found out.
        """
        about = Record(
            record.kind,
            parcel["door"],
            record.boot,
            record.number,
            record.uptime,
            record.a,
            parcel["counter"],
        )
        row = self._letter(board, about, kind, parcel, moment)
        if parcel["resident"] is not None:
            self._rows.append(row | {"id": board.letter_id(record.number, f"{kind} {parcel['id']}")})
        raise_case(self._connection, board.cabinet, kind, parcel["id"], parcel["door"], moment.heard_ms)

    def correct(self, first: dict[str, Any], use: str, moment: Moment) -> None:
        """The label of a parcel that was told as any other has been used again:
        staff and the resident are told so.

        `use` names the event that it was used by: each is told.
        """
        record = self._deposits.get(
            (first["cabinet"], first["incarnation"], first["door"], first["counter"])
        ) or self._deposit_of(first)
        if record is None:  # of a journal that this ledger never had
            return
        key = (first["cabinet"], first["incarnation"])
        board = lookups.boards(self._connection, [key])[key]
        self.alarm(board, record, USED_TWICE, moment)
        if first["resident"] is not None:
            row = self._letter(board, record, LABEL_AGAIN, first, moment)
            self._rows.append(row | {"id": board.letter_id(record.number, f"{LABEL_AGAIN} {use}")})

    def clear(self, parcel: dict[str, Any], why: str, moment: Moment) -> None:
        """A parcel that waits is not to be doubted any more: its resident is told so.

        `why` names what says so: each is told.
        """
        record = self._deposits.get(
            (parcel["cabinet"], parcel["incarnation"], parcel["door"], parcel["counter"])
        ) or self._deposit_of(parcel)
        if record is not None and parcel["resident"] is not None and parcel["state"] == "waiting":
            key = (parcel["cabinet"], parcel["incarnation"])
            board = lookups.boards(self._connection, [key])[key]
            row = self._letter(board, record, CLEARED, parcel, moment)
            self._rows.append(row | {"id": board.letter_id(record.number, f"{CLEARED} {why}")})

    def tell_gone(self, parcel: dict[str, Any], moment: Moment) -> None:
        """A person has settled that a parcel is gone: its resident is told so."""
        key = (parcel["cabinet"], parcel["incarnation"])
        board = lookups.boards(self._connection, [key])[key]
        about = Record(records.EVENT_LOST, parcel["door"], 0, 0, 0, 0, parcel["counter"])
        row = self._letter(board, about, GONE, parcel, moment)
        self._rows.append(row | {"id": board.letter_id(0, f"{GONE} {parcel['id']}")})

    def tell_of_deposit(self, parcel: dict[str, Any], heard_ms: int) -> None:
        """A parcel that was nobody's is somebody's now: she is told as of any deposit."""
        key = (parcel["cabinet"], parcel["incarnation"])
        board = lookups.boards(self._connection, [key])[key]
        record = self._deposit_of(parcel) or of_receipt(parcel)
        event = tables.event.c
        its = (event.cabinet == parcel["cabinet"]) & (
            event.incarnation.in_(lookups.names(parcel["incarnation"]))
        )
        earliest = self._connection.scalar(
            select(event.earliest_ms).where(its, event.number == record.number)
        )
        latest_ms = parcel["deposited_ms"]
        moment = Moment(
            min(latest_ms, earliest or since_ms(self._connection, parcel["cabinet"])), latest_ms, heard_ms
        )
        self.tell(board, record, kinds.DEPOSITED, parcel, moment)

    def _deposit_of(self, parcel: dict[str, Any]) -> Record | None:
        """The event with which a parcel came, from an earlier turn."""
        event = tables.event.c
        names = lookups.names(parcel["incarnation"])
        its = (
            (event.cabinet == parcel["cabinet"])
            & event.incarnation.in_(names)
            & (event.door == parcel["door"])
        )
        its &= (event.b == parcel["counter"]) & event.kind.in_((records.DEPOSITED, records.ADOPTED))
        row = self._connection.execute(
            select(*(event[name] for name in Record._fields)).where(its).order_by(event.number)
        ).first()
        if row:
            return Record(*row)
        return of_receipt(parcel) if parcel["receipt_ms"] is not None else None

    def _letter(
        self, board: Board, record: Record, kind: str, parcel: dict[str, Any] | None, moment: Moment
    ) -> dict[str, Any]:
        return {
            "id": board.letter_id(record.number, kind if parcel else f"staff {kind}"),
            "kind": kind,
            "resident": parcel["resident"] if parcel else None,
            "cabinet": board.cabinet,
            "epoch": parcel["epoch"] if parcel else board.epoch,
            "door": record.door,
            "counter": parcel["counter"] if parcel else record.number if kind == kinds.BELL else 0,
            "retry": parcel["retry"] if parcel else 0,
            "serial": parcel["serial"] if parcel else 0,
            "generation": parcel["generation"] if parcel else 0,
            "queued_ms": moment.heard_ms,
            "earliest_ms": moment.earliest_ms,
            "latest_ms": moment.latest_ms,
            "attempts": 0,
            "held": None,
        }

    def write(self) -> None:
        """Puts what was decided into the transaction."""
        hold_back(self._connection, self._rows)
        execute_many(self._connection, insert_new(self._dialect, tables.outbox), self._rows)
        execute_many(self._connection, insert_new(self._dialect, tables.pickup), self._pickups)


def since_ms(connection: Connection, cabinet: int) -> int:
    """Since when parcels can have come to a cabinet, in ms since 1970."""
    return connection.execute(
        select(tables.cabinet.c.enrolled_ms).where(tables.cabinet.c.id == cabinet)
    ).scalar_one()


def of_receipt(parcel: dict[str, Any]) -> Record:
    """Stands for the event of a deposit that was brought in by its receipt,
    with a number that no event of a board has.
    """
    number = 1 << 31 | parcel["door"] << 17 | parcel["counter"]
    return Record(records.DEPOSITED, parcel["door"], 0, number, 0, parcel["serial"], parcel["counter"])


_OF_ODD_TICKETS = {kinds.DEPOSITED: USED_LABEL, kinds.NEW_CODE: ODD_NEW_CODE}


def note_movement(parcel: dict[str, Any], record: Record) -> None:
    """Notes whether the door of a parcel is stuck, after its letter was decided."""
    if record.kind == records.DOOR_JAMMED:
        parcel["stuck"] = STUCK
    elif record.kind == records.DOOR_OPENED and parcel["stuck"]:
        parcel["stuck"] = MOVED
    elif _is_mended(parcel, record):
        parcel["stuck"] = 0


def _is_mended(parcel: dict[str, Any], record: Record) -> bool:
    """Whether a door that was stuck has moved and its parcel is still there,
    or staff have said that it is in service again.
    """
    if record.kind == records.STILL_INSIDE:
        return parcel["stuck"] == MOVED
    return bool(parcel["stuck"]) and record.kind == records.OUT_OF_SERVICE and not record.a
