"""A site in virtual time: cabinets whose history is scripted, their links, and a post that is up or down."""

from host_tools.host.connections.presence import LinkChange, Presence
from host_tools.host.fleet.ingest import take
from host_tools.host.fleet.received import Received
from host_tools.host.ledger import tables
from host_tools.host.ledger.ledger import Ledger
from host_tools.host.parcels import tickets
from host_tools.host.people import residents
from host_tools.host.stays.sweep import Swept, sweep
from host_tools.host.stays.watch import GAP_MS
from locker.contract import records
from tests.kit.host_board import Journal, enrol

START_MS = 1_700_000_000_000
MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
A_YEAR_MS = 365 * 24 * HOUR_MS


class Cabin:
    """A cabinet: what it journals, and what the host has heard of that."""

    def __init__(self, id_: int, incarnation: int) -> None:
        self.id = id_
        self.journal = Journal(incarnation)
        self.told = 0  # events that the host has
        self.is_up = False  # its link
        self._counters: dict[int, int] = {}

    def add(self, at_ms: int, kind: int, door: int = 0, a: int = 0, b: int = 0) -> None:
        """Journals an event that happens at that time; the board began a minute before START_MS."""
        self.journal.uptime = (at_ms - START_MS + MINUTE_MS) // 100 - 10
        self.journal.add(kind, door, a, b)

    def deposit(self, at_ms: int, door: int, serial: int) -> int:
        """A courier's visit; the parcel's counter."""
        counter = self._counters[door] = self._counters.get(door, 0) + 1
        self.add(at_ms, records.DEPOSIT_STARTED, door, serial, counter)
        self.add(at_ms, records.DEPOSITED, door, serial, counter)
        return counter

    def collect(self, at_ms: int, door: int, serial: int) -> None:
        counter = self._counters[door]
        self.add(at_ms, records.PICKUP_OPENED, door, records.BY_CODE, counter)
        self.add(at_ms, records.DOOR_OPENED, door, 0, counter)
        self.add(at_ms, records.COLLECTED, door, serial, counter)


class StaySite:
    """A ledger, its server, cabinets and residents; the time is what the test says."""

    def __init__(self, ledger: Ledger, cabinets: int = 1) -> None:
        self.ledger = ledger
        ledger.site("mapo-3")
        self.presence = Presence(ledger, is_alone=True)
        self.cabins = [self._cabin(number) for number in range(cabinets)]
        with ledger.writing() as connection:
            connection.execute(tables.cabinet.update().values(enrolled_ms=START_MS - A_YEAR_MS))

    def _cabin(self, number: int) -> Cabin:
        known = self.ledger.enrolled(enrol(self.ledger, b"uid-%02d" % number).uid)
        assert known is not None
        return Cabin(known.id, 7 + number)

    def resident(self, name: str, contact: str = "her@example.org") -> None:
        residents.add(self.ledger, name, contact)

    def serial(self, name: str) -> int:
        return tickets.issue(self.ledger, name, "mapo-3").serial

    def link(self, at_ms: int, *cabins: Cabin, up: bool = True) -> None:
        """The links of these cabinets come up, or go down."""
        for cabin in cabins:
            cabin.is_up = up
        self.presence.beat(at_ms, {cabin.id: LinkChange(up, at_ms) for cabin in cabins})

    def hear(self, at_ms: int, cabin: Cabin, at_most: int = 1 << 30) -> None:
        """The host hears the next events of a cabinet."""
        journal = cabin.journal
        events = tuple(journal.events[cabin.told : cabin.told + at_most])
        if events:
            uptime = (at_ms - START_MS + MINUTE_MS) // 100
            said = Received(cabin.id, journal.incarnation, journal.boot, 1, at_ms, events)
            take(self.ledger, [said._replace(uptime=uptime, next_event=len(journal.events) + 1)])
            cabin.told += len(events)

    def post(self, at_ms: int) -> None:
        """Everything that waits is handed over."""
        outbox = tables.outbox
        with self.ledger.writing() as connection:
            connection.execute(outbox.update().where(outbox.c.sent_ms.is_(None)).values(sent_ms=at_ms))

    def sweep(self, at_ms: int, gap_ms: int = GAP_MS) -> Swept:
        self.presence.beat(at_ms, {})
        return sweep(self.ledger, at_ms, gap_ms)

    def run(self, since_ms: int, until_ms: int, step_ms: int = HOUR_MS) -> int:
        """The server runs, the post too, and boards tell what they have; the time at which it stops."""
        for at_ms in range(since_ms, until_ms + 1, step_ms):
            for cabin in self.cabins:
                if cabin.is_up:
                    self.hear(at_ms, cabin)
            self.sweep(at_ms, step_ms + 1)
            self.post(at_ms)
        return until_ms

    def told(self) -> list[tuple[str, float]]:
        """The letters to residents about stays: kind, and when in hours behind START_MS."""
        outbox = tables.outbox
        kinds = ("reminder", "last reminder", "overdue", "recalled", "paused", "resumed", "extended")
        with self.ledger.reading() as connection:
            rows = connection.execute(
                outbox.select().where(outbox.c.kind.in_(kinds)).order_by(outbox.c.sequence)
            ).all()
        return [(row.kind, (row.queued_ms - START_MS) / HOUR_MS) for row in rows]

    def cases(self) -> list[tuple[str, str]]:
        """Kind and state of all cases of stays."""
        with self.ledger.reading() as connection:
            rows = connection.execute(tables.case.select().order_by(tables.case.c.id)).all()
        return [(row.kind, row.state) for row in rows if row.kind in ("recall", "no contact")]
