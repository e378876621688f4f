"""A board whose flash may be put back, and its ledger, without a line between them."""

from host_tools.host.fleet.ingest import take
from host_tools.host.fleet.received import Outcome, Received
from host_tools.host.ledger import tables
from host_tools.host.ledger.ledger import Enrolment, Ledger
from host_tools.host.parcels import parcels, tickets
from host_tools.link import messages
from locker.contract import commands, records
from tests.kit.host_board import Journal, enrol


class Meetings:
    """A board whose flash may be put back, and its ledger, without a line between them."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.enrolled: Enrolment = enrol(ledger)
        self.journal = Journal()
        self.held = 0
        self.at_ms = 1_000_000_000

    def image(self) -> Journal:
        image = Journal(self.journal.incarnation, self.journal.boot)
        image.events, image.uptime = list(self.journal.events), self.journal.uptime
        return image

    def put_back(self, image: Journal, held: int) -> None:
        self.journal, self.held = image, held
        self.journal.boot += 1

    def serial(self) -> int:
        return tickets.issue(self.ledger, "Kim").serial

    def deposit(self, door: int, counter: int) -> int:
        serial = self.serial()
        self.journal.deposit(door, serial, counter)
        return serial

    def say(self, *records_: bytes, urgent: bool = False) -> Outcome:
        self.at_ms += 60_000
        journal = self.journal
        one = Received(1, journal.incarnation, journal.boot, 100, self.at_ms, records_, urgent)
        return take(
            self.ledger, [one._replace(last_event=len(journal.events), started_ms=self.at_ms - 30_000)]
        )

    def report(self) -> messages.Report:
        journal = self.journal
        return messages.Report(
            self.enrolled.board_id,
            journal.incarnation,
            1,
            len(journal.events) + 1,
            self.held,
            self.tag(),
            1,
            journal.boot,
            100,
            journal.uptime,
            int.from_bytes(self.enrolled.uid, "big"),
        )

    def meet(self) -> int:
        """Reports; the number that the host goes on from."""
        journal, report = self.journal, self.report()
        one = Received(
            1,
            journal.incarnation,
            journal.boot,
            100,
            self.at_ms,
            uptime=journal.uptime,
            next_event=report.next_event,
            report=report,
        )
        answer = take(self.ledger, [one]).meetings[0].answer
        assert isinstance(answer, messages.Resume)
        self.held = min(self.held, answer.number) if answer.number < self.held else self.held
        return answer.number

    def tag(self) -> int:
        with self.ledger.reading() as connection:
            return connection.scalar(tables.cabinet.select().with_only_columns(tables.cabinet.c.tag)) or 0

    def tell_all(self) -> list[Outcome]:
        """All from where the host goes on, eight records a message, as boards do."""
        at = self.meet()
        taken = []
        while at < len(self.journal.events):
            taken.append(self.say(*self.journal.events[at : at + 8]))
            assert taken[-1].applied[0] > at
            at = taken[-1].applied[0]
        self.held = at
        return taken

    def begin_epoch(self) -> None:
        """The board carries out the order for a new epoch."""
        (order,) = [
            row for row in self.orders() if row.kind == commands.BEGIN_EPOCH and row.state == "waiting"
        ]
        self.journal.add(records.EPOCH_BEGUN, 0, order.a, 12345)
        self.tell_all()

    def orders(self) -> list:
        with self.ledger.reading() as connection:
            return list(connection.execute(tables.command.select().order_by(tables.command.c.sequence)))

    def ordered(self) -> list[tuple[int, int, int, int]]:
        return [
            (row.kind, row.door, row.counter, row.a)
            for row in self.orders()
            if row.kind != commands.BEGIN_EPOCH
        ]

    def letters(self) -> list[tuple[str, int, int]]:
        with self.ledger.reading() as connection:
            rows = connection.execute(tables.outbox.select().order_by(tables.outbox.c.sequence))
            return [(row.kind, row.door, row.counter) for row in rows if row.resident]

    def aside(self) -> list[int]:
        """The numbers of the events that could not be applied."""
        with self.ledger.reading() as connection:
            return [row.number for row in connection.execute(tables.aside.select())]

    def states(self) -> dict[int, str]:
        return {parcel.serial: parcel.state for parcel in parcels.listing(self.ledger)}
