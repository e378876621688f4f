"""What one board may cause has bounds:
letters that people at it could not have made are held, refused tickets are a case.
"""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from host_tools.cli import ansim
from host_tools.host.fleet.ingest import take
from host_tools.host.fleet.received import Received
from host_tools.host.fleet.reconcile import meet
from host_tools.host.ledger import bounds, tables
from host_tools.host.ledger.ledger import Ledger, open_ledger
from host_tools.host.notify.channels.file import FileNotifier
from host_tools.host.parcels import parcels, tickets
from host_tools.host.people import residents
from host_tools.link.messages import Report
from locker.contract import records
from tests.kit import post
from tests.kit.host_board import Journal, enrol

DOORS = 12  # of a wall_12
HOUR_MS = 3_600_000
NOON_MS = 1_700_000_000_000


@pytest.fixture
def ledger(tmp_path: Path):
    with open_ledger(tmp_path / "data") as opened:
        opened.site("mapo-3")
        residents.add(opened, "Kim", "kim@example.org")
        yield opened


class Cabinet:
    """A board with the serials of its site, and its ledger."""

    def __init__(self, ledger: Ledger, uid: bytes = b"uid-01") -> None:
        self.ledger = ledger
        self.enrolled = enrol(ledger, uid)
        known = ledger.enrolled(uid)
        assert known
        self.id = known.id
        self.journal = Journal(100 + known.id)
        self.told = 0
        with ledger.writing() as connection:
            connection.execute(tables.cabinet.update().values(enrolled_ms=NOON_MS))

    def visit(self, door: int, counter: int) -> None:
        serial = tickets.issue(self.ledger, "Kim").serial
        self.journal.deposit(door, serial, counter)

    def meets(self, at_ms: int) -> None:
        journal = self.journal
        numbers = (
            len(journal.events) + 1,
            self.told,
            0,
            1,
            1,
            100,
            journal.uptime,
            int.from_bytes(self.enrolled.uid, "big"),
        )
        with self.ledger.writing() as connection:
            meet(
                connection,
                self.id,
                Report(self.enrolled.board_id, journal.incarnation, 1, *numbers),
                at_ms,
                None,
            )

    def tell(self, at_ms: int) -> None:
        """All that it has not told, eight records a message."""
        while self.told < len(self.journal.events):
            said = Received(
                self.id,
                self.journal.incarnation,
                1,
                100,
                at_ms,
                tuple(self.journal.events[self.told : self.told + 8]),
            )
            (self.told,) = take(self.ledger, [said]).applied

    def letters(self) -> list[str | None]:
        """Of those to residents, why each is held."""
        with self.ledger.reading() as connection:
            rows = connection.execute(tables.outbox.select().order_by(tables.outbox.c.sequence))
            return [row.held for row in rows if row.resident]

    def cases(self) -> list[str]:
        with self.ledger.reading() as connection:
            return sorted(connection.scalars(tables.alarm.select().with_only_columns(tables.alarm.c.kind)))


@pytest.fixture
def cabinet(ledger: Ledger) -> Cabinet:
    return Cabinet(ledger)


def test_a_board_that_tells_more_than_people_can_do_is_believed_but_its_letters_wait_for_a_person(
    cabinet: Cabinet,
) -> None:
    cabinet.meets(NOON_MS)
    for counter in range(1, 6):
        for door in range(1, DOORS + 1):
            cabinet.visit(door, counter)
    cabinet.tell(NOON_MS + 10_000)
    assert len(parcels.listing(cabinet.ledger)) == 60  # applied and acknowledged always
    assert cabinet.letters() == [None] * DOORS + [bounds.FLOOD] * (60 - DOORS)
    assert cabinet.cases() == [bounds.HELD_BACK]
    cabinet.journal.add(records.BELL_RUNG)
    cabinet.tell(NOON_MS + 11_000)
    assert cabinet.cases() == ["bell", bounds.HELD_BACK]
    with cabinet.ledger.reading() as connection:
        rows = connection.execute(tables.outbox.select().where(tables.outbox.c.kind == "bell"))
        assert [row.held for row in rows] == [None]


def test_a_letter_that_is_told_again_takes_one_place(cabinet: Cabinet) -> None:
    cabinet.meets(NOON_MS)
    for door in range(1, DOORS):
        cabinet.visit(door, 1)
    cabinet.tell(NOON_MS + 1_000)
    cabinet.journal.add(records.PULSED, 3, 1, 1)  # of which the host does not hear before the urgent copies
    forced = cabinet.journal.add(records.DOOR_FORCED, 3, 0, 1)
    for _ in range(3):
        take(
            cabinet.ledger,
            [Received(cabinet.id, cabinet.journal.incarnation, 1, 100, NOON_MS + 2_000, (forced,), True)] * 2,
        )
    cabinet.tell(NOON_MS + 3_000)
    assert cabinet.letters() == [None] * DOORS
    assert cabinet.cases() == ["forced"]


def test_six_o_clock_in_the_evening_passes(cabinet: Cabinet) -> None:
    cabinet.meets(NOON_MS)
    for counter in range(1, 9):  # every door is filled, emptied and filled again, a visit in 20 s
        for door in range(1, DOORS + 1):
            cabinet.visit(door, counter)
            cabinet.tell(NOON_MS + 20_000 * (counter * DOORS + door))
    assert set(cabinet.letters()) == {None}
    assert cabinet.cases() == []


def test_a_courier_who_fills_every_door_at_once_passes(cabinet: Cabinet) -> None:
    cabinet.meets(NOON_MS)
    for door in range(1, DOORS + 1):
        cabinet.visit(door, 1)
        cabinet.tell(NOON_MS + 5_000 * door)
    assert set(cabinet.letters()) == {None}


def test_a_days_backlog_passes_however_fast_it_comes(cabinet: Cabinet) -> None:
    cabinet.meets(NOON_MS)
    for counter in range(1, 11):
        for door in range(1, DOORS + 1):
            cabinet.visit(door, counter)
    cabinet.meets(NOON_MS + 24 * HOUR_MS)
    cabinet.tell(NOON_MS + 24 * HOUR_MS + 5_000)
    assert set(cabinet.letters()) == {None}


def test_held_letters_are_sent_or_discarded_by_a_person(cabinet: Cabinet, tmp_path: Path) -> None:
    cabinet.meets(NOON_MS)
    for counter in (1, 2):
        for door in range(1, DOORS + 1):
            cabinet.visit(door, counter)
    cabinet.tell(NOON_MS + 1_000)
    notifier = FileNotifier(tmp_path / "messages.jsonl")
    assert len(post.deliver(cabinet.ledger, notifier).sent) == DOORS + 1  # and the case
    way = [
        "link",
        "release",
        "--site",
        "mapo-3",
        "--number",
        "1",
        "--data",
        str(cabinet.ledger.data),
        "--json",
    ]
    ended = CliRunner().invoke(ansim, way)
    assert json.loads(ended.output) == {"site": "mapo-3", "cabinet": 1, "letters": DOORS, "discarded": False}
    assert len(post.deliver(cabinet.ledger, notifier).sent) == DOORS
    post.close(notifier)
    assert json.loads(CliRunner().invoke(ansim, [*way, "--discard"]).output)["letters"] == 0
    assert "There is no cabinet 9" in str(CliRunner().invoke(ansim, [*way[:5], "9", *way[6:]]).exception)


def refused(cabinet: Cabinet, count: int, at_ms: int) -> None:
    for _ in range(count):
        cabinet.journal.add(records.TICKET_REFUSED, 0, 1, 0)
    cabinet.tell(at_ms)


def test_a_slip_with_a_ticket_is_nobodys_business(cabinet: Cabinet) -> None:
    refused(cabinet, 7, NOON_MS)
    refused(cabinet, 7, NOON_MS + HOUR_MS)
    assert cabinet.cases() == []


def test_eight_refused_tickets_in_an_hour_are_a_case_once_an_hour_and_site(ledger: Ledger) -> None:
    here, there = Cabinet(ledger), Cabinet(ledger, b"uid-02")
    refused(here, 4, NOON_MS)
    refused(there, 4, NOON_MS + HOUR_MS // 2)
    assert here.cases() == [bounds.REFUSALS]
    refused(there, 230, NOON_MS + HOUR_MS)
    assert here.cases() == [bounds.REFUSALS]
    refused(here, 1, NOON_MS + HOUR_MS * 3 // 2)
    assert here.cases() == [bounds.REFUSALS] * 2


def test_labels_of_a_key_that_is_too_old_are_no_guesses(cabinet: Cabinet) -> None:
    cabinet.journal.add(records.TICKET_REFUSED, 0, 200 << 16 | 207, 10)
    cabinet.tell(NOON_MS)
    assert cabinet.cases() == []
    refused(cabinet, 1, NOON_MS + 60_000)
    assert cabinet.cases() == [bounds.REFUSALS]


def test_a_ticket_oracle_keeps_no_bell_from_being_heard(cabinet: Cabinet) -> None:
    cabinet.journal.add(records.TICKET_REFUSED, 0, 0xFFFF, 10)
    cabinet.journal.add(records.BELL_RUNG)
    cabinet.tell(NOON_MS)
    assert cabinet.cases() == ["bell", bounds.REFUSALS]


def test_what_is_counted_is_forgotten_after_a_week(cabinet: Cabinet) -> None:
    for day in range(20):
        refused(cabinet, 1, NOON_MS + 24 * HOUR_MS * day)
    with cabinet.ledger.reading() as connection:
        assert len(connection.execute(tables.refusal.select()).all()) <= 8
