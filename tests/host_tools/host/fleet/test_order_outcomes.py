"""What was ordered and could not be carried out is told to whoever ordered it;
and a bell is answered that was meant.
"""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from host_tools.cli import _place, ansim
from host_tools.host.connections import presence
from host_tools.host.fleet import orders
from host_tools.host.fleet.ingest import Received, take
from host_tools.host.fleet.received import Outcome
from host_tools.host.ledger import tables
from host_tools.host.ledger.database import now_ms
from host_tools.host.ledger.ledger import Ledger, open_ledger
from host_tools.host.notify.channels.console import ConsoleNotifier
from host_tools.host.notify.log import moment, of_change
from host_tools.host.notify.notifier import Message
from host_tools.host.parcels import tickets
from host_tools.host.people import residents
from locker.contract import records
from tests.kit import post
from tests.kit.host_board import Journal, enrol

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
            self.presence = presence.Presence(ledger)
            # A server runs, and the link is up.
            self.presence.beat(now_ms(), {1: presence.LinkChange(True, now_ms())})
            serial = tickets.issue(ledger, "Kim").serial
        self.journal.deposit(7, serial, 1)
        self.hear()

    def hear(self) -> Outcome:
        with open_ledger(self.data) as ledger:
            return take(
                ledger,
                [
                    Received(
                        1,
                        self.journal.incarnation,
                        1,
                        1,
                        now_ms(),
                        tuple(self.journal.events),
                        uptime=self.journal.uptime,
                    )
                ],
            )

    def hear_copy(self, event: bytes) -> None:
        with open_ledger(self.data) as ledger:
            take(
                ledger,
                [Received(1, self.journal.incarnation, 1, 1, now_ms(), (event,), True, self.journal.uptime)],
            )

    def carry_out(self, possible: bool) -> None:
        """The board is told its next order, and reports it."""
        with open_ledger(self.data) as ledger:
            order = orders.next_orders(ledger, [1])[1]
        self.journal.add(records.COMMAND_APPLIED, order.door, order.number, 1 << 1 | possible)
        self.hear()

    def run(self, *arguments: str) -> Result:
        return CliRunner().invoke(ansim, [*arguments, "--data", str(self.data)])

    def link_goes_down(self, at_ms: int) -> None:
        with open_ledger(self.data) as ledger:
            presence.Presence(ledger).beat(now_ms(), {})
            self._of(ledger).beat(now_ms(), {1: presence.LinkChange(False, at_ms)})

    def server_ends(self) -> None:
        with open_ledger(self.data) as ledger:
            self._of(ledger).end(now_ms())

    def _of(self, ledger: Ledger) -> presence.Presence:
        other = presence.Presence(ledger)
        other.id = self.presence.id
        return other

    def letters(self) -> list[Message]:
        sent: list[Message] = []
        with open_ledger(self.data) as ledger:
            post.deliver(ledger, ConsoleNotifier(sent.append))
        return sent

    def orders(self) -> list[tuple[str, int]]:
        with open_ledger(self.data) as ledger, ledger.reading() as connection:
            return [
                (row.state, row.a)
                for row in connection.execute(tables.command.select().order_by(tables.command.c.sequence))
            ]


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


COMMANDS = (
    ("parcel", "reissue", *AT, "--door", "7"),
    ("parcel", "recall", *AT, "--door", "7"),
    ("door", "out", *AT, "--door", "7"),
)


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
    assert (
        json.loads(desk.run("parcel", "recall", *AT, "--door", "7", "--no-wait", "--json").stdout)["outcome"]
        == "waiting"
    )
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
    desk.run("bell", "ack", *AT, "--no-wait", "--call", str(calls[1]))
    assert [number for _, number in desk.orders()] == calls  # the last one waits already
    over = str(desk.run("bell", "ack", *AT, "--call", str(calls[0])).exception)
    assert "is over" in over
    assert f"Answer call {calls[1]}, heard 20" in over
    unknown = str(desk.run("bell", "ack", *AT, "--call", "99").exception)
    assert "There was no call 99" in unknown
    assert f"the latest is call {calls[1]}, heard 20" in unknown


def test_a_call_has_one_number_in_its_line_its_message_its_answer_and_what_is_ordered(desk: Desk) -> None:
    number = len(desk.journal.events) + 1
    desk.journal.add(records.BELL_RUNG, 0, 1)
    (news,) = [one for one in desk.hear().news if one.alarm]
    answer = f"ansim bell ack --site mapo-3 --cabinet 1 --call {number}"
    line = of_change(news, "mapo-3", 1).in_words()
    assert f"ALARM: bell: call {number}, `{answer}`" in line
    (letter,) = [one for one in desk.letters() if one.kind == "bell"]
    assert f"call {number}. " in letter.text
    assert f"`{answer}`" in letter.text
    would = desk.run(*answer.split()[1:], "--dry-run")
    assert would.stdout.startswith(f"Would order: answer bell (call {number}, heard 20")
    desk.meanwhile = lambda: desk.carry_out(True)
    done = desk.run(*answer.split()[1:])
    assert done.stdout.startswith(f"Carried out. The screen says that call {number}, heard 20")
    assert json.loads(desk.run("order", "list", "--json").stdout)[0]["what"] == f"answer to call {number}"
    for again in ((), ("--dry-run",)):
        ended = desk.run(*answer.split()[1:], *again)
        assert ended.exit_code == 1
        assert "was answered already" in str(ended.exception)


ORDERED = (
    *COMMANDS,
    ("door", "service", *AT, "--door", "7"),
    ("cabinet", "patience", "2", *AT),
    ("bell", "ack", *AT),
)


@pytest.mark.parametrize("command", ORDERED)
def test_an_order_that_does_not_reach_its_cabinet_says_so_at_once(
    desk: Desk, command: tuple[str, ...]
) -> None:
    desk.journal.add(records.BELL_RUNG, 0, 1)
    desk.hear()
    down_ms = now_ms() - 60_000
    desk.link_goes_down(down_ms)
    said = desk.run(*command).stdout
    assert said.startswith(
        "Ordered, but NOTHING REACHES THE CABINET NOW: "
        f"the link to cabinet 1 is down since {moment(down_ms)}."
    )
    desk.server_ends()
    with open_ledger(desk.data) as ledger, ledger.writing() as connection:
        connection.execute(tables.server.delete())
    assert json.loads(desk.run(*command, "--json").stdout)["hindrance"].startswith("no server is running")
    assert "no server is running" in desk.run(*command, "--dry-run").stdout
    assert desk.waited == 0


@pytest.mark.parametrize("command", ORDERED)
def test_staff_are_told_once_of_what_they_ordered_and_a_cabinet_could_not_do_later(
    desk: Desk, command: tuple[str, ...]
) -> None:
    desk.journal.add(records.BELL_RUNG, 0, 1)
    desk.hear()
    desk.letters()
    desk.run(*command, "--no-wait")
    desk.carry_out(False)
    (letter,) = desk.letters()
    assert (letter.to, letter.kind) == ("staff", "answered late" if command[0] == "bell" else "impossible")
    assert (
        "still need help" if command[0] == "bell" else "`ansim order list --state impossible`"
    ) in letter.text
    desk.hear()
    assert desk.letters() == []


def test_what_the_host_orders_by_itself_is_no_news_for_staff_when_it_is_impossible(desk: Desk) -> None:
    desk.letters()
    with open_ledger(desk.data) as ledger, ledger.writing() as connection:
        orders.queue(connection, 1, [orders.new_epoch(1, 100)], now_ms())
    desk.carry_out(False)
    assert desk.letters() == []


def test_a_list_of_orders_says_which_is_which_as_the_events_do(desk: Desk) -> None:
    desk.run("door", "out", *AT, "--door", "7", "--no-wait")
    desk.carry_out(True)
    desk.run("door", "in", *AT, "--door", "7", "--no-wait")
    listed = json.loads(desk.run("order", "list", "--json").stdout)
    assert [(one["number"], one["what"]) for one in listed] == [
        (None, "back in service"),
        (1, "out of service"),
    ]
    assert "order 1 of the host was carried out" in desk.run("events", *AT).stdout.replace("\n", " ")


@pytest.mark.parametrize(
    "command", [("door", "out"), ("door", "service"), ("parcel", "reissue"), ("events",)]
)
def test_a_door_that_the_cabinet_does_not_have_is_refused_with_those_that_it_has(
    desk: Desk, command: tuple[str, ...]
) -> None:
    ended = desk.run(*command, *AT, "--door", "13")
    assert ended.exit_code != 0
    assert "Cabinet 1 of mapo-3 has no door 13: its doors are 01 to 12." in str(ended.exception)
    assert desk.orders() == []
