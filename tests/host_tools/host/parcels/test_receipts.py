"""A receipt brings a deposit in without any link;
the event that comes later tells nobody twice; guessing is slow.
"""

from pathlib import Path

import pytest
from click.testing import CliRunner

from host_tools.cli import ansim
from host_tools.errors import UserError
from host_tools.host.connections.presence import Presence
from host_tools.host.fleet.ingest import Received, take
from host_tools.host.ledger import bounds, tables
from host_tools.host.ledger.database import now_ms
from host_tools.host.ledger.ledger import open_ledger
from host_tools.host.notify.channels.console import ConsoleNotifier
from host_tools.host.notify.notifier import Message
from host_tools.host.parcels import parcels, receipts, tickets
from host_tools.host.people import residents
from locker.contract import records
from locker.contract.codes import receipt_code
from locker.contract.keys import epoch_keys
from tests.kit import post
from tests.kit.host_board import Journal, enrol

SITE = "mapo-3"
COUNTER = 20_012  # more than its four last digits


class Site:
    """A site with two cabinets, a resident, and a courier who has deposited while there was no link."""

    def __init__(self, data: Path) -> None:
        self.ledger = open_ledger(data)
        self.boards = [enrol(self.ledger, uid) for uid in (b"uid-01", b"uid-02")]
        residents.add(self.ledger, "Kim", "kim@example.org")
        self.issued = tickets.issue(self.ledger, "Kim", SITE)
        self.slept: list[float] = []
        self.journal = Journal()
        self.journal.deposit(7, self.issued.serial, COUNTER)

    def receipt(self, counter: int = COUNTER, serial: int | None = None, which: int = 1) -> str:
        """What the screen of a cabinet shows: door, counter, code."""
        board = self.boards[which]
        key = epoch_keys(board.master_secret, board.nonce_host, board.nonce_board, board.board_id, 1, 0)[1]
        code = receipt_code(
            key, board.board_id, 1, 7, counter, self.issued.serial if serial is None else serial, 0
        )
        return f"07 {counter % 10_000:04d} {code}"

    def enter(self, receipt: str, ticket: str = "", *, dry_run: bool = False) -> receipts.Entered:
        return receipts.enter(
            self.ledger, ticket or self.issued.number, receipt, dry_run=dry_run, sleep=self.slept.append
        )

    def hear(self) -> None:
        """The link of the second cabinet is back."""
        take(
            self.ledger,
            [
                Received(
                    2, 7, 1, 100, 2_000_000_000_000, tuple(self.journal.events), uptime=self.journal.uptime
                )
            ],
        )

    def letters(self) -> list[Message]:
        sent: list[Message] = []
        post.deliver(self.ledger, ConsoleNotifier(sent.append))
        return sent

    def parcels(self) -> list[tuple[int, int, int, str, bool]]:
        found = parcels.listing(self.ledger)
        return [(one.cabinet, one.door, one.counter, one.state, one.flagged) for one in found]


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path / "data")


def test_a_receipt_brings_the_deposit_in_and_its_event_tells_nobody_twice(site: Site) -> None:
    assert site.enter(site.receipt()) == receipts.Entered(SITE, 2, 7, False)
    (letter,) = site.letters()
    assert (letter.to, letter.kind) == ("Kim", "deposited")
    assert site.parcels() == [(2, 7, COUNTER, "waiting", False)]
    assert site.enter(site.receipt()).known
    site.hear()
    assert site.letters() == []
    assert site.parcels() == [(2, 7, COUNTER, "waiting", False)]
    assert site.enter(site.receipt()).known
    site.journal.pickup(7, site.issued.serial, COUNTER)
    site.hear()
    assert site.parcels() == [(2, 7, COUNTER, "collected", False)]
    assert site.slept == []
    assert [one.state for one in tickets.listing(site.ledger)] == ["used"]


def test_a_receipt_that_comes_behind_its_event_changes_nothing(site: Site) -> None:
    site.hear()
    assert len(site.letters()) == 1
    assert site.enter(site.receipt()).known
    assert site.letters() == []
    assert len(site.parcels()) == 1


def test_the_code_in_her_letter_is_the_one_that_the_cabinet_knows(site: Site) -> None:
    site.enter(site.receipt())
    (by_receipt,) = site.letters()
    other = Site(site.ledger.data.parent / "other")
    other.boards, other.issued = site.boards, site.issued
    site.ledger.close()
    fresh = open_ledger(site.ledger.data)
    with fresh.writing() as connection:  # as if no receipt had been entered
        connection.execute(tables.parcel.delete())
        connection.execute(tables.delivery.delete())
        connection.execute(tables.outbox.delete())
    site.ledger = fresh
    site.hear()
    (by_event,) = site.letters()
    assert by_event.text.split("It waits")[0] == by_receipt.text.split("It waits")[0]


@pytest.mark.parametrize("digit", [0, 1, 3, 6, 13])
def test_a_wrong_digit_takes_a_quarter_of_a_minute_and_the_right_one_is_taken_afterwards(
    site: Site, digit: int
) -> None:
    plain = site.receipt().replace(" ", "")
    wrong = plain[:digit] + str((int(plain[digit]) + 1) % 10) + plain[digit + 1 :]
    for count in range(1, 4):
        with pytest.raises(UserError, match="do not belong together"):
            site.enter(wrong)
        assert site.slept == [receipts.WRONG_S] * count
    assert site.parcels() == []
    assert not site.enter(plain).known


def test_a_receipt_of_another_ticket_or_a_forged_ticket_brings_nothing_in(site: Site) -> None:
    other = tickets.issue(site.ledger, "Kim", SITE)
    forged = site.issued.number[:5] + f"{(int(site.issued.number[5:]) + 1) % 10_000:04d}"
    for ticket in (other.number, forged):
        with pytest.raises(UserError, match="do not belong together"):
            site.enter(site.receipt(), ticket)
    assert site.slept == [receipts.WRONG_S] * 2
    assert site.parcels() == []


@pytest.mark.parametrize(
    ("ticket", "receipt"), [("1234", "0" * 14), ("1" * 9, "0" * 13), ("1" * 9, "٠" * 14), ("", "")]
)
def test_what_is_no_ticket_and_no_receipt_is_said_at_once(site: Site, ticket: str, receipt: str) -> None:
    with pytest.raises(UserError, match="digits"):
        receipts.enter(site.ledger, ticket, receipt, sleep=site.slept.append)
    assert site.slept == []


def test_a_used_label_is_flagged_also_by_its_receipt(site: Site) -> None:
    site.hear()
    assert len(site.letters()) == 1
    assert not site.enter(site.receipt(which=0)).known
    assert [kind for kind in (letter.kind for letter in site.letters()) if kind != "ticket again"] == [
        "used label",
        "ticket",
    ]
    assert sorted(flagged for *_, flagged in site.parcels())[-1]


def test_a_dry_run_tells_and_changes_nothing_and_the_command_names_no_resident(site: Site) -> None:
    assert not site.enter(site.receipt(), dry_run=True).known
    assert site.parcels() == []
    arguments = ("receipt", "enter", site.issued.number, site.receipt(), "--data", str(site.ledger.data))
    assert "would be entered" in CliRunner().invoke(ansim, [*arguments, "--dry-run"]).stdout
    told = CliRunner().invoke(ansim, list(arguments))
    assert told.exit_code == 0, told.output
    assert "door 07 of cabinet 2" in told.stdout
    assert "Kim" not in told.output
    assert '"known": true' in CliRunner().invoke(ansim, [*arguments, "--json"]).stdout


def test_a_board_that_began_a_new_journal_meanwhile_still_has_one_parcel(site: Site) -> None:
    site.enter(site.receipt())
    take(
        site.ledger,
        [Received(2, 99, 1, 100, 2_000_000_000_000, tuple(site.journal.events), uptime=site.journal.uptime)],
    )
    assert site.parcels() == [(2, 7, COUNTER, "waiting", False)]
    assert len(site.letters()) == 1
    assert records.DEPOSITED


def test_a_command_says_that_a_letter_goes_out_only_when_a_server_runs_that_sends_it(site: Site) -> None:
    at = (
        "--site",
        SITE,
        "--cabinet",
        "2",
        "--door",
        "7",
        "--resident",
        "Kim",
        "--data",
        str(site.ledger.data),
    )
    held = ("--site", SITE, "--number", "2", "--data", str(site.ledger.data))

    def said(*words: str) -> str:
        return CliRunner().invoke(ansim, words).stdout

    def forget() -> None:
        with site.ledger.writing() as connection:
            connection.execute(tables.parcel.update().values(resident=None))
            connection.execute(tables.outbox.update().values(held=bounds.FLOOD))

    entered = said("receipt", "enter", site.issued.number, site.receipt(), *at[:2], *at[-2:])
    assert "is entered; its resident's letter goes out when a server runs: no server is running" in entered
    forget()
    assert "are released; each of them goes out when a server runs: no server is running" in said(
        "link", "release", *held
    )
    assert "to Kim; her letter goes out when a server runs: no server is running" in said(
        "parcel", "assign", *at
    )
    assert "once a server runs: no server is running" in said("link", "take-over", *held)
    Presence(site.ledger).beat(now_ms(), {})
    forget()
    assert "are released; each of them goes out now." in said("link", "release", *held)
    assert "to Kim; her letter goes out now." in said("parcel", "assign", *at)
    assert "(within 300 s)." in said("link", "take-over", *held)


def test_of_a_deposit_that_a_receipt_tells_nobody_says_when_it_was_more_exactly_than_is_known(
    site: Site,
) -> None:
    with site.ledger.writing() as connection:
        issued_ms = connection.execute(tables.ticket.select()).one().issued_ms - 86_400_000
        connection.execute(tables.ticket.update().values(issued_ms=issued_ms))
    site.enter(site.receipt())
    (letter,) = site.letters()
    assert "(happened between " in letter.text
    assert letter.happened < letter.happened_until == letter.heard
