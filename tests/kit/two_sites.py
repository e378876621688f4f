"""Two sites, and somebody who is to see nothing of one resident nor of one of the sites: what happens there
is added to a copy of a ledger, and nothing else differs.
"""

import random
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from unittest.mock import patch

from sqlalchemy import insert, select

from host_tools.host.accounts import sight
from host_tools.host.fleet.ingest import take
from host_tools.host.fleet.received import Received
from host_tools.host.ledger import tables
from host_tools.host.ledger.ledger import Ledger, open_ledger
from host_tools.host.parcels import tickets
from host_tools.host.people import residents
from locker.contract import commands, records
from tests.kit.cared_site import NOON_MS, PLACE, CaredSite
from tests.kit.host_board import Journal, enrol

ELSEWHERE = "jongno-1"
HERS, OTHERS, NOBODYS = 5, 3, 9  # doors of cabinet 1
ALL_ROLES = "operator dispatcher staff auditor"
#: What is of the other site: no output of an account of the first one holds any of these.
OF_ELSEWHERE = (ELSEWHERE, "Park", "park@", "Yun")


class TwoSites:
    """A ledger in which Kim has collected one parcel under duress and has another one, where `happened`.

    Han is for the first site, and barred by Kim; Seo is for all. Both are everything.
    """

    def __init__(self, folder: Path) -> None:
        self.data = folder / "data"
        with self._still(), open_ledger(self.data) as ledger:
            site = CaredSite(ledger)
            enrol(ledger, b"uid-03", ELSEWHERE)
            residents.add(ledger, "Lee", "lee@example.org")
            residents.add(ledger, "Park", "park@example.org", "7")
            accounts = [site.hires(name, ALL_ROLES) for name in ("Han", "Seo", "Yun")]
            self._serials = [tickets.issue(ledger, name, PLACE).serial for name in ("Kim", "Kim", "Lee")]
            self._elsewhere = tickets.issue(ledger, "Park", ELSEWHERE).serial
            tickets.issue(ledger, "Lee", PLACE)
            with ledger.writing() as connection:
                _settle(connection, accounts)
                her = residents.find(connection, "Kim").id
                sight.relate(connection, accounts[0], her, "barred", NOON_MS)
            site.puts_on_call(accounts[1], site=1)
            site.puts_on_call(accounts[2], site=2)
            site.tells(records.BELL_RUNG, cabinet=2)
            site.tells(records.DOOR_FORCED, 2, cabinet=2)
            site.looks(watches=True)
        self._copy = folder / "happened"
        shutil.copytree(self.data, self._copy)
        for data, happened in ((self.data, False), (self._copy, True)):
            with self._still(), open_ledger(data) as ledger:
                self._happens(ledger, happened)

    def case_elsewhere(self) -> int:
        """The number of a case of the other site, where it happened."""
        with open_ledger(self._copy) as ledger, ledger.reading() as connection:
            its = tables.case.c
            return connection.scalars(select(its.id).where(its.site == 2, its.cabinet.is_not(None))).all()[0]

    @contextmanager
    def at(self, *, happened: bool) -> Iterator[Path]:
        """The data folder of one of the two, at an instant that stands still, without chance."""
        with self._still():
            yield self._copy if happened else self.data

    @contextmanager
    def _still(self) -> Iterator[None]:
        with ExitStack() as held:
            chance = random.Random(1)
            held.enter_context(patch("os.urandom", chance.randbytes))
            held.enter_context(patch("random._urandom", chance.randbytes))
            held.enter_context(patch("time.time_ns", lambda: (NOON_MS + 7_200_000) * 1_000_000))
            yield

    def _happens(self, ledger: Ledger, happened: bool) -> None:
        first, second, others = self._serials
        journal, orders = Journal(7), []

        def add(kind: int, door: int, a: int, b: int, *, hers: bool = False) -> None:
            if hers and not happened:
                journal.uptime += 10
            else:
                journal.add(kind, door, a, b)

        def order(kind: int, door: int, counter: int, *, hers: bool = False) -> None:
            if happened or not hers:
                orders.append((kind, door, counter))
            add(records.COMMAND_APPLIED, door, len(orders), 1, hers=hers)

        add(records.DEPOSIT_STARTED, OTHERS, others, 1)
        add(records.DEPOSITED, OTHERS, others, 1)
        for counter, serial in ((1, first), (2, second)):
            add(records.DEPOSIT_STARTED, HERS, serial, counter, hers=True)
            add(records.PULSED, HERS, 1, counter, hers=True)
            add(records.DEPOSITED, HERS, serial, counter, hers=True)
            order(commands.REISSUE, HERS, counter, hers=True)
            add(records.REISSUED, HERS, 1, counter, hers=True)
            add(records.CODE_TRIED, HERS, 1, counter, hers=True)
            if counter == 1:
                add(records.PICKUP_OPENED, HERS, records.BY_DURESS, counter, hers=True)
                add(records.DOOR_LEFT_OPEN, HERS, 0, counter, hers=True)
                add(records.COLLECTED, HERS, serial, counter, hers=True)
        add(records.DOOR_FORCED, HERS, 0, 2, hers=True)
        order(commands.SET_OUT, NOBODYS, 0)
        add(records.OUT_OF_SERVICE, NOBODYS, 1, 0)
        _order(ledger, orders, happened)
        boards = [(1, journal), *([(3, _journal_elsewhere(self._elsewhere))] if happened else [])]
        for cabinet, its in boards:
            message = (cabinet, its.incarnation, 1, 1, NOON_MS + 3_600_000)
            take(ledger, [Received(*message, tuple(its.events), uptime=its.uptime)])
        site = CaredSite.__new__(CaredSite)
        site.ledger, site.at_ms = ledger, NOON_MS + 3_700_000
        site.looks()


def _settle(connection, accounts) -> None:
    """The accounts' users, and the sites that they are for."""
    for account, name in zip(accounts, ("han", "seo", "yun"), strict=True):
        its = tables.account.c.id == account
        connection.execute(tables.account.update().where(its).values(os_user=name))
    for account, site in ((accounts[0], 1), (accounts[2], 2)):
        connection.execute(insert(tables.account_site).values(account=account, site=site))


def _order(ledger: Ledger, orders: list[tuple[int, int, int]], happened: bool) -> None:
    """Orders that were carried out, and one for her parcel, and one elsewhere, that wait."""
    done = {"a": 1, "queued_ms": NOON_MS, "state": "done", "ended_ms": NOON_MS}
    wait = {"a": 1, "queued_ms": NOON_MS, "state": "waiting"}
    with ledger.writing() as connection:
        for number, (kind, door, counter) in enumerate(orders, 1):
            row = {"cabinet": 1, "number": number, "kind": kind, "door": door, "counter": counter}
            connection.execute(insert(tables.command).values(**row, **done))
        if happened:
            hers = {"cabinet": 1, "kind": commands.ARM_RECALL, "door": HERS, "counter": 2}
            theirs = {"cabinet": 3, "kind": commands.SET_OUT, "door": 1, "counter": 0}
            for row in (hers, theirs):
                connection.execute(insert(tables.command).values(**row, **wait))


def _journal_elsewhere(serial: int) -> Journal:
    journal = Journal(9)
    journal.deposit(4, serial, 1)
    journal.add(records.BELL_RUNG)
    journal.add(records.DOOR_FORCED, 4, 0, 1)
    return journal
