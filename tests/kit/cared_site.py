"""A site whose boards tell of bells and doors, and the people who are on call for it."""

from collections.abc import Sequence

from sqlalchemy import Row, insert, select

from host_tools.host import pager
from host_tools.host.care import cases, intake
from host_tools.host.care.duty import DAY_MINUTES
from host_tools.host.fleet.ingest import take
from host_tools.host.fleet.received import Received
from host_tools.host.ledger import tables
from host_tools.host.ledger.ledger import Ledger
from host_tools.host.notify.notifier import HANDED_OVER, Receipt
from host_tools.host.pager import Work
from host_tools.host.parcels import tickets
from host_tools.host.people import residents
from locker.contract import records
from tests.kit.host_board import Journal, enrol

NOON_MS = 1_700_000_000_000
SECOND_MS = 1_000
MINUTE_MS = 60_000
HOUR_MS = 3_600_000
PLACE = "mapo-3"


class CaredSite:
    """Cabinets 1 and 2 of one site; the time is `at_ms`."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.at_ms = NOON_MS
        for uid in (b"uid-01", b"uid-02"):
            enrol(ledger, uid, PLACE)
        residents.add(ledger, "Kim", "kim@example.org")
        self.boards = {1: Journal(7), 2: Journal(8)}
        with ledger.writing() as connection:
            connection.execute(tables.cabinet.update().values(enrolled_ms=NOON_MS - 864_000_000))

    def tells(self, kind: int, door: int = 0, a: int = 0, b: int = 0, *, cabinet: int = 1) -> None:
        """A board journals an event, and the host hears of it now."""
        journal = self.boards[cabinet]
        journal.add(kind, door, a, b)
        self.hears(cabinet)

    def hears(self, cabinet: int = 1) -> None:
        journal = self.boards[cabinet]
        its = (cabinet, journal.incarnation, journal.boot, 1, self.at_ms)
        take(self.ledger, [Received(*its, tuple(journal.events), uptime=journal.uptime)])

    def rings(self, cabinet: int = 1) -> None:
        self.tells(records.BELL_RUNG, cabinet=cabinet)

    def deposits(self, door: int, *, cabinet: int = 1) -> None:
        serial = tickets.issue(self.ledger, "Kim", PLACE).serial
        self.boards[cabinet].deposit(door, serial, 1)
        self.hears(cabinet)

    def takes_in(self) -> int:
        with self.ledger.writing() as connection:
            return intake.take_in(connection, self.at_ms)

    def cases(self, state: str | None = None) -> Sequence[Row]:
        with self.ledger.reading() as connection:
            return cases.listing(connection, state=state)

    def hires(self, name: str, roles: str = "staff", contact: str | None = None) -> int:
        """An account; the ledger's number of it."""
        contact = f"{name.lower()}@example.org" if contact is None else contact
        values = {"name": name, "roles": roles, "contact": contact, "since_ms": NOON_MS}
        with self.ledger.writing() as connection:
            connection.execute(insert(tables.account).values(**values))
            return connection.execute(
                select(tables.account.c.id).where(tables.account.c.name == name)
            ).scalar_one()

    def puts_on_call(self, *accounts: int, site: int | None = None) -> None:
        """Day and night, in this order."""
        with self.ledger.writing() as connection:
            for rank, account in enumerate(accounts, 1):
                row = {"site": site, "account": account, "rank": rank, "days": 127}
                connection.execute(insert(tables.duty).values(**row, from_minute=0, until_minute=DAY_MINUTES))

    def looks(self, *, watches: bool = False) -> Work:
        """The pager looks at the ledger now."""
        return pager.look(self.ledger, self.at_ms, watches)

    def pages(self) -> list[tuple[int, str, int]]:
        """Hands over all that is due: (seconds since NOON_MS, name, case)."""
        told = []
        for page in self.looks().pages:
            told.append(((self.at_ms - NOON_MS) // SECOND_MS, page.name, page.case_id))
            pager.note_page(self.ledger, page, Receipt(HANDED_OVER), self.at_ms)
        return told

    def pages_for(self, seconds: int, step_s: int = 10) -> list[tuple[int, str, int]]:
        """The same, again and again for so long."""
        told = []
        for _ in range(seconds // step_s):
            told += self.pages()
            self.at_ms += step_s * SECOND_MS
        return told
