"""What boards have said becomes rows of the ledger: read in a few queries,
decided in memory, written in a few statements.

`ingest.py` begins and ends the transaction. Events behind a gap are left alone: the board sends them again.
An urgent event that is not yet due raises its alarm and tells whom it concerns at once; when its turn comes,
they find themselves done.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, insert, update

from host_tools.host import fields
from host_tools.host.fleet import forks, labels, orders, remote_opening
from host_tools.host.fleet.forks import Diverged
from host_tools.host.fleet.labels import Use
from host_tools.host.fleet.received import SEEN, Received, sightings
from host_tools.host.fleet.reconcile import BEYOND, give_up, put_right
from host_tools.host.ledger import aside, lookups, tables
from host_tools.host.ledger.aside import SET_ASIDE
from host_tools.host.ledger.bounds import REFUSALS, are_no_slips
from host_tools.host.ledger.database import execute_many, insert_or_change
from host_tools.host.ledger.event_time import Last, Moment, anchor, when
from host_tools.host.ledger.lookups import Board, Key, Serial, anchor_row, place_row
from host_tools.host.notify.letters import ODD_TICKET, UNKNOWN, Change, Letters, note_movement
from host_tools.link import records as host_records
from host_tools.link.records import OutOfRange
from locker.contract import records
from locker.contract.codes import RULE
from locker.contract.records import Record

#: How a parcel's wait ends.
ENDS = {records.COLLECTED: "collected", records.WITHDRAWN: "withdrawn"}
STARTS = (records.DEPOSIT_STARTED, records.WITHDRAWN)  # what reserves the counter of a parcel

_CHANGING = (
    "cabinet", "incarnation", "epoch", "retry", "state", "ended_ms", "flagged", "stuck", "deposited_ms",
    "deposited_from_ms", "ended_from_ms",
)  # fmt: skip


class Batch:
    """All that boards have said, for one transaction."""

    def __init__(self, connection: Connection, said: Sequence[Received]) -> None:
        self._connection = connection
        self._dialect = connection.dialect.name
        self._said = said
        self._boards = lookups.boards(
            connection, ((message.cabinet, message.incarnation) for message in said)
        )
        self._sites = {board.cabinet: board.site for board in self._boards.values()}
        self._wrong: dict[bytes, str] = {}
        self._heard = heard = {raw: self._unpacked(raw) for message in said for raw in message.records}
        serials = lookups.serials_of(
            record.a for record in heard.values() if record.kind in (records.DEPOSITED, records.WITHDRAWN)
        )
        self._tickets = lookups.tickets(connection, {board.site for board in self._boards.values()}, serials)
        self._uses = lookups.uses(connection, serials)
        self._parcels = lookups.waiting(connection, {message.cabinet for message in said}) if heard else {}
        self._by_receipt = [key for key, parcel in self._parcels.items() if parcel["receipt_ms"] is not None]
        self._events: list[tuple[int, ...]] = []  # as _EVENT_ROW names their values
        self.letters = Letters(connection)
        self._used: list[dict[str, Any]] = []  # tickets
        adopted = [
            (one.cabinet, heard[raw])
            for one in said
            for raw in one.records
            if heard[raw].kind == records.ADOPTED
        ]
        self._adoptable = lookups.adoptable(connection, adopted)
        self._epochs: list[dict[str, Any]] = []
        self._reported: list[tuple[Board, Record, Moment]] = []
        self._doubted: set[Key] = set()
        self._begun: list[tuple[Board, Record, Moment]] = []  # epochs
        self.beyond: set[int] = set()  # cabinets whose codes could not be told

    def _unpacked(self, raw: bytes) -> Record:
        try:
            return host_records.unpack(raw)
        except OutOfRange as error:
            name, value, record = error.args
            self._wrong[raw] = f"{name} is {value}"
            return record

    def hear(self, message: Received, wrong: str | None = None) -> int:
        """Takes one message; the number up to which its board is applied.

        With something `wrong` its record is set aside.
        """
        board = self._boards[message.cabinet, message.incarnation]
        if board.is_silenced:  # it was said before, and waited for its turn
            return 0
        if message.uptime is not None and not wrong:
            board.met(message.boot, anchor(message.uptime, message.at_ms))
        self._compare(board, message)
        for raw, record in [(raw, self._heard[raw]) for raw in message.records]:
            reason = wrong or self._wrong.get(raw)
            if message.only_alarms:
                if record.number > board.applied:
                    self.letters.alert(board, record, Moment(message.at_ms, message.at_ms, message.at_ms))
                continue
            if record.number == board.applied + 1:
                if record.kind == records.EPOCH_BEGUN and fields.epoch_begun(record).rule > RULE:
                    self._connection.execute(_BEYOND, {"key": message.cabinet})
                    self.beyond.add(message.cabinet)  # its codes could not be told: refused by name
                    break
                if reason:
                    self._set_aside(board, record, raw, reason, message.at_ms)
                else:
                    self._apply(board, record, message.at_ms)
            elif record.number > board.applied:
                if message.urgent:
                    self._announce_early(board, record, reason, message.at_ms)
                break
        last = self._heard[message.records[-1]].number if message.records else message.last_event
        # Not behind what it still tells again.
        return min(board.applied, last) if last < message.last_event else board.applied

    def _compare(self, board: Board, message: Received) -> None:
        """Looks whether a board tells again what the ledger holds, or another story.

        Raises Diverged at the first event that is another.
        """
        again = {
            record.number: record
            for record in map(self._heard.__getitem__, message.records)
            if record.number <= board.kept
        }
        known = lookups.told(self._connection, board, again) if again else {}
        for number, record in again.items():
            is_same = known.get(number, record) == record or records.EVENT_LOST in (
                record.kind,
                known[number].kind,
            )
            if message.urgent and not is_same:  # its turn will come, under a name of its own
                board = board.next_branch()
                self.letters.alert(board, record, Moment(message.at_ms, message.at_ms, message.at_ms))
            elif not is_same and forks.may_branch(self._connection, board.cabinet, message.at_ms):
                raise Diverged(board.cabinet, board.incarnation, number, message)

    def _announce_early(self, board: Board, record: Record, wrong: str | None, at_ms: int) -> None:
        moment = Moment(*when(record, board.last, board.anchors, at_ms), at_ms)
        if wrong:
            self.letters.alert(board, record, moment)
        else:
            self.letters.announce(board, record, self._parcel(board, record), moment)

    def _set_aside(self, board: Board, record: Record, raw: bytes, reason: str, at_ms: int) -> None:
        """Counts a record as applied and keeps it for a person.

        What it alarms of it alarms of all the same.
        """
        aside.keep(self._connection, board.cabinet, board.incarnation, record.number, raw, reason, at_ms)
        board.applied = record.number
        board.is_placed = False
        moment = Moment(at_ms, at_ms, at_ms)
        self.letters.news.append(Change(board.cabinet, record, None, moment, reason))
        self.letters.alert(board, record, moment)
        if not aside.is_told(self._connection, board.cabinet, at_ms):
            self.letters.alarm(board, record, SET_ASIDE, moment)

    def _apply(self, board: Board, record: Record, at_ms: int) -> None:
        earliest, latest = when(record, board.last, board.anchors, at_ms)
        moment = Moment(earliest, latest, at_ms)
        self._events.append((board.cabinet, board.incarnation, *record, at_ms, earliest, latest))
        board.applied = record.number
        board.is_placed = False
        board.last = Last(record.boot, record.uptime, earliest)
        self.letters.news.append(Change(board.cabinet, record, None, moment))
        if record.kind == records.DEPOSITED:
            self._deposit(board, record, moment)
        elif record.kind == records.ADOPTED:
            self._adopt(board, record)
        else:
            self._note(board, record, moment)
        parcel = self._parcel(board, record)
        self.letters.announce(board, record, parcel, moment)
        if parcel:
            self._move(board, record, parcel)
        if record.kind in ENDS:
            self._end(board, record, moment)

    def _move(self, board: Board, record: Record, parcel: dict[str, Any]) -> None:
        """What an event says of the door of a parcel."""
        if (
            record.kind in (records.DOOR_OPENED, records.DOOR_JAMMED)
            and self.letters.opener(board, record) == records.BY_HOST
        ):
            remote_opening.moved(
                self._connection,
                board.cabinet,
                record.door,
                record.b,
                is_open=record.kind == records.DOOR_OPENED,
            )
        note_movement(parcel, record)

    def _end(self, board: Board, record: Record, moment: Moment) -> None:
        parcel = self._parcel(board, record)
        if parcel and parcel["state"] == "waiting":
            ended = {"ended_from_ms": moment.earliest_ms, "ended_ms": moment.latest_ms}
            parcel |= {"state": ENDS[record.kind], **ended}
            if record.kind == records.WITHDRAWN:
                self._free(board, record, (parcel["generation"], parcel["serial"]), moment)
        elif parcel is None and not lookups.knows_parcel(self._connection, board, record.door, record.b):
            self.letters.alarm(board, record, UNKNOWN, moment)

    def _free(self, board: Board, record: Record, label: Serial, moment: Moment) -> None:
        """The courier has taken a parcel back: its ticket is as good as before,
        or another parcel on it is doubted no more.
        """
        self._uses[board.site, label] -= 1
        ticket = self._tickets.get((board.site, label))
        if ticket and ticket["state"] == "used" and not self._uses[board.site, label]:
            ticket["state"] = "open" if label[0] + 1 >= board.generation else "expired"
            self._used.append({"at": board.site, "of": label[0], "number": label[1], "is": ticket["state"]})
        elif ticket and ticket["state"] != "revoked" and self._uses[board.site, label] == 1:
            labels.trust(
                self._connection, self.letters, self._parcels, self._sites, Use(board, record, label, moment)
            )

    def _note(self, board: Board, record: Record, moment: Moment) -> None:
        """What an event says of epochs, orders and the terms of a parcel."""
        if record.kind in STARTS:
            board.starts[record.door] = record.number
        elif record.kind == records.EPOCH_BEGUN:
            epoch, rule = fields.epoch_begun(record)
            board.begin_epoch(record.number, epoch)
            began = {"incarnation": board.incarnation, "began": record.number, "began_ms": moment.latest_ms}
            self._epochs.append(
                {"cabinet": board.cabinet, "epoch": epoch, "nonce": record.b, "rule": rule, **began}
            )
            self._begun.append((board, record, moment))
        elif record.kind == records.TICKETS_TURNED:
            board.generation = record.a
        elif record.kind == records.COMMAND_APPLIED:
            self._reported.append((board, record, moment))
        elif record.kind == records.TICKET_REFUSED:
            if are_no_slips(self._connection, board.site, record, moment.latest_ms, moment.heard_ms):
                self.letters.alarm(board, record, REFUSALS, moment)
        elif record.kind == records.JOURNAL_DOUBT:
            self._doubted.add((board.cabinet, board.incarnation))
        elif record.kind == records.REISSUED:
            if parcel := self._parcel(board, record):
                parcel["retry"] = record.a
        elif record.kind == records.ARMED:
            self.letters.send_staff_code(board, record, self._parcel(board, record), moment)

    def _parcel(self, board: Board, record: Record) -> dict[str, Any] | None:
        return self._parcels.get((board.cabinet, board.incarnation, record.door, record.b))

    def _deposit(self, board: Board, record: Record, moment: Moment) -> None:
        generation, serial = label = board.ticket(record.a)
        if self._entered(board, record, label, moment):
            return
        ticket = self._tickets.get((board.site, label))
        odd = ticket is None or ticket["state"] == "revoked" or self._uses[board.site, label] > 0
        self._uses[board.site, label] += 1
        if ticket and ticket["state"] in ("open", "expired"):
            ticket["state"] = "used"
            self._used.append({"at": board.site, "of": generation, "number": serial, "is": "used"})
        if self._uses[board.site, label] > 1:
            labels.doubt(
                self._connection, self.letters, self._parcels, self._sites, Use(board, record, label, moment)
            )
        self._parcels[board.cabinet, board.incarnation, record.door, record.b] = {
            "id": None,
            "cabinet": board.cabinet,
            "incarnation": board.incarnation,
            "epoch": self._epoch_of(board, record.door),
            "door": record.door,
            "counter": record.b,
            "retry": 0,
            "serial": serial,
            "generation": generation,
            "resident": ticket["resident"] if ticket else None,
            "state": "waiting",
            "flagged": odd,
            "deposited_ms": moment.latest_ms,
            "deposited_from_ms": moment.earliest_ms,
            "stuck": 0,
            **dict.fromkeys(("ended_ms", "ended_from_ms", "receipt_ms")),
        }
        if odd:
            self.letters.alarm(board, record, ODD_TICKET, moment)

    def _entered(self, board: Board, record: Record, label: Serial, moment: Moment) -> bool:
        """Whether the parcel was brought in by its receipt:
        then the event only says when it came, and in which life of the journal.
        """
        for key in self._by_receipt:
            parcel = self._parcels.get(key)
            its = parcel and (parcel["cabinet"], parcel["door"], parcel["counter"]) == (
                board.cabinet,
                record.door,
                record.b,
            )
            if parcel and its and (parcel["generation"], parcel["serial"]) == label:
                del self._parcels[key]
                parcel |= {
                    "incarnation": board.incarnation,
                    "deposited_ms": min(moment.latest_ms, parcel["deposited_ms"]),
                    "deposited_from_ms": min(moment.earliest_ms, parcel["deposited_ms"]),
                }
                self._parcels[board.cabinet, board.incarnation, record.door, record.b] = parcel
                return True
        return False

    def _epoch_of(self, board: Board, door: int) -> int:
        """The epoch of the parcel that was just deposited: that in which its counter was reserved."""
        if not board.epochs:
            return board.epoch
        return board.epoch_of(board.starts.get(door) or lookups.start_of(self._connection, board, door))

    def _adopt(self, board: Board, record: Record) -> None:
        """A board has taken over a parcel of a lost journal, or of its predecessor:
        its code is of the board's present epoch.
        """
        parcel = self._adoptable.get((board.cabinet, record.number))
        if parcel is None:
            return
        self._parcels.pop((parcel["cabinet"], parcel["incarnation"], parcel["door"], parcel["counter"]), None)
        parcel |= {
            "cabinet": board.cabinet,
            "incarnation": board.incarnation,
            "epoch": board.epoch,
            "retry": 0,
        }
        self._parcels[board.cabinet, board.incarnation, record.door, record.b] = parcel

    def write_aside(self) -> None:
        """Puts the little into the transaction that follows from a record that is set aside."""
        self._place()
        self.letters.write()

    def _place(self) -> None:
        moved = [board for board in self._boards.values() if not board.is_placed and board.applied]
        self._many(insert_or_change(self._dialect, tables.position), [place_row(board) for board in moved])

    def write(self) -> None:
        """Puts what was decided into the transaction."""
        self._place()
        anchors = [anchor_row(board, boot) for board in self._boards.values() for boot in board.changed]
        self._many(insert_or_change(self._dialect, tables.boot), anchors)
        for board in self._boards.values():
            lookups.forget(self._connection, board)
        self._many(SEEN, sightings(self._said))
        self._many(_EVENT, [dict(zip(_EVENT_ROW, values, strict=True)) for values in self._events])
        new = [parcel for parcel in self._parcels.values() if parcel["id"] is None]
        self._many(_PARCEL, [{name: parcel[name] for name in parcel if name != "id"} for parcel in new])
        known = [parcel for parcel in self._parcels.values() if parcel["id"] is not None]
        changed = [
            parcel for parcel in known if any(parcel[name] != parcel["before"][name] for name in _CHANGING)
        ]
        self._many(
            _CHANGED,
            [{"key": parcel["id"], **{name: parcel[name] for name in _CHANGING}} for parcel in changed],
        )
        self._write_orders()
        self._many(_USED, self._used)
        for board, record, moment in self._begun:
            for lost in forks.settle(self._connection, board.cabinet, board.incarnation, moment.heard_ms):
                self.letters.lose(board, record, dict(lost._mapping), moment)
            for armed in lookups.armed(self._connection, board.cabinet, board.incarnation, record.number):
                # Else its code is of the parcel's epoch.
                if fields.armed(armed).code == records.SERVICE and not self._parcel(board, armed):
                    self.letters.send_service_code_again(board, armed, record.number, moment)
        self.letters.write()

    def _write_orders(self) -> None:
        self._many(insert_or_change(self._dialect, tables.epoch), self._epochs)
        for row in self._epochs:
            here = tables.cabinet.c.id == row["cabinet"]
            self._connection.execute(update(tables.cabinet).where(here).values(epoch=row["epoch"]))
        for board, record, moment in self._reported:
            for lost in give_up(self._connection, board, record, moment.heard_ms):
                self.letters.lose(board, record, dict(lost._mapping), moment)
        ended = [
            (board.cabinet, record.a, fields.applied(record).is_done, moment.latest_ms)
            for board, record, moment in self._reported
        ]
        orders.reported(self._connection, ended)
        for cabinet, incarnation in self._doubted:
            epoch = self._boards[cabinet, incarnation].newest_epoch
            put_right(self._connection, cabinet, epoch, self._said[-1].at_ms)

    def _many(self, statement: Any, rows: list[dict[str, Any]]) -> None:
        execute_many(self._connection, statement, rows)


_BEYOND = update(tables.cabinet).where(tables.cabinet.c.id == bindparam("key")).values(fault=BEYOND)
_EVENT = insert(tables.event)
_EVENT_ROW = ("cabinet", "incarnation", *Record._fields, "arrived_ms", "earliest_ms", "latest_ms")
_PARCEL = insert(tables.parcel)
_CHANGED = update(tables.parcel).where(tables.parcel.c.id == bindparam("key"))
_TICKET = (tables.ticket.c.site == bindparam("at")) & (tables.ticket.c.serial == bindparam("number"))
_TICKET &= tables.ticket.c.generation == bindparam("of")
_USED = update(tables.ticket).where(_TICKET).values(state=bindparam("is"))
