"""What was ordered and could not be carried out is told to whoever ordered it; and a bell is answered that was meant."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from host_board import Journal, enrol

from host_tools.cli import _place, ansim
from host_tools.host import orders, presence, residents, tables, tickets
from host_tools.host.database import now_ms
from host_tools.host.ledger import open_ledger
from host_tools.host.replica import Said, take
from locker.core import records

AT = ("--site", "mapo-3", "--cabinet", "1")


class Desk:
    """A host with one cabinet, whose board does what a test says while a command waits."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.journal = Journal()
        self.waited = 0
        self.meanwhile: Callable[[], None] = lambda: None
        with open_ledger(data) as ledger:
            enrol(ledger)
            residents.add(ledger, "Kim")
            presence.Presence(ledger).beat(now_ms(), {})  # a server runs
            serial = tickets.issue(ledger, "Kim").serial
        self.journal.deposit(7, serial, 1)
        self.hear()

    def hear(self) -> None:
        with open_ledger(self.data) as ledger:
            take(ledger, [Said(1, self.journal.incarnation, 1, 1, now_ms(), tuple(self.journal.events), uptime=self.journal.uptime)])

    def hear_copy(self, event: bytes) -> None:
        with open_ledger(self.data) as ledger:
            take(ledger, [Said(1, self.journal.incarnation, 1, 1, now_ms(), (event,), True, self.journal.uptime)])

    def carry_out(self, possible: bool) -> None:
        """The board is told its next order, and reports it."""
        with open_ledger(self.data) as ledger:
            order = orders.next_orders(ledger, [1])[1]
        self.journal.add(records.COMMAND_APPLIED, order.door, order.number, 1 << 1 | possible)
        self.hear()

    def run(self, *arguments: str) -> Result:
        return CliRunner().invoke(ansim, [*arguments, "--data", str(self.data)])

    def orders(self) -> list[tuple[str, int]]:
        with open_ledger(self.data) as ledger, ledger.reading() as connection:
            return [(row.state, row.a) for row in connection.execute(tables.command.select().order_by(tables.command.c.sequence))]


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """Time passes only while a command waits, and then what `meanwhile` says happens."""
    desk = Desk(tmp_path / "data")
    now = [0.0]

    def sleep(seconds: float) -> None:
        now[0] += seconds
        desk.waited += 1
        if desk.waited == 3:
            desk.meanwhile()

    monkeypatch.setattr(_place.time, "sleep", sleep)
    monkeypatch.setattr(_place.time, "monotonic", lambda: now[0])
    return desk


COMMANDS = (("parcel", "reissue", *AT, "--door", "7"), ("parcel", "recall", *AT, "--door", "7"), ("door", "out", *AT, "--door", "7"))


@pytest.mark.parametrize("command", COMMANDS)
def test_what_the_cabinet_does_is_told_to_whoever_ordered_it(desk: Desk, command: tuple[str, ...]) -> None:
    desk.meanwhile = lambda: desk.carry_out(True)
    ended = desk.run(*command)
    assert ended.exit_code == 0, ended.output
    assert "Waiting up to 10 s" in ended.stderr
    assert ended.stdout.startswith("Carried out.")


@pytest.mark.parametrize("command", COMMANDS)
def test_what_it_cannot_do_is_a_failure_that_says_why(desk: Desk, command: tuple[str, ...]) -> None:
    desk.meanwhile = lambda: desk.carry_out(False)
    ended = desk.run(*command)
    assert ended.exit_code == 1
    assert "could not carry that out" in str(ended.exception)
    listed = json.loads(desk.run("order", "list", "--state", "impossible", "--json").stdout)
    assert [(row["door"], row["state"]) for row in listed] == [(7, "impossible")]


def test_what_is_not_carried_out_in_time_is_said_to_wait_and_listed(desk: Desk) -> None:
    ended = desk.run("parcel", "reissue", *AT, "--door", "7")
    assert ended.exit_code == 0
    assert ended.stdout.startswith("Ordered, not yet carried out: `ansim order list` tells")
    assert 95 <= desk.waited <= 105
    assert "waiting" in desk.run("order", "list").stdout
    waited = desk.waited
    assert json.loads(desk.run("parcel", "recall", *AT, "--door", "7", "--no-wait", "--json").stdout)["outcome"] == "waiting"
    assert desk.waited == waited


def test_a_bell_that_is_over_is_told_to_be_over(desk: Desk) -> None:
    desk.journal.add(records.BELL_RUNG, 0, 1)
    desk.hear()
    desk.meanwhile = lambda: desk.carry_out(False)
    ended = desk.run("bell", "ack", *AT)
    assert ended.exit_code == 1
    assert "that call is over" in str(ended.exception)


def test_the_bell_that_is_answered_is_the_one_that_was_meant(desk: Desk) -> None:
    calls = [len(desk.journal.events) + 1]
    desk.journal.add(records.BELL_RUNG, 0, 1)
    desk.journal.add(records.BELL_RUNG, 0, 4, calls[0])  # the rings of an hour within that call
    desk.hear()
    desk.run("bell", "ack", *AT, "--no-wait")
    desk.journal.add(records.BOOTED, 0, 1, 1)
    calls.append(len(desk.journal.events) + 1)
    desk.hear_copy(desk.journal.add(records.BELL_RUNG, 0, 1))  # its event is still to come
    desk.run("bell", "ack", *AT, "--no-wait")
    desk.run("bell", "ack", *AT, "--no-wait", "--call", str(calls[0]))
    assert [number for _, number in desk.orders()] == calls  # the last one waits already
    assert "There was no call 99" in str(desk.run("bell", "ack", *AT, "--call", "99").exception)
