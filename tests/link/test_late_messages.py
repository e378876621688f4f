"""What was overtaken on its way tells nothing new: nobody is told, nothing is ordered,
and nothing that is known better is forgotten.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from host_tools.host.connections.link_status import link_statuses
from host_tools.host.connections.links import Links
from host_tools.host.connections.tally import Tally
from host_tools.host.fleet import remote_opening
from host_tools.host.fleet.ingest import Received, take
from host_tools.host.fleet.received import turn_of
from host_tools.host.fleet.remote_opening import ask, give, state_of
from host_tools.host.ledger import tables
from host_tools.host.ledger.ledger import open_ledger
from host_tools.link import messages as told
from locker.contract import commands, records
from locker.wire import messages
from locker.wire.frame import Decoder
from tests.kit.host_board import Board, Journal, enrol
from tests.kit.occurrences import into

from .test_two_logs_properties import Faults, Story


class Line:
    """A board and a host's links; frames wait in hand until the test lets them arrive."""

    name = "in hand"
    verified = False

    def __init__(self, ledger: Any) -> None:
        self.ledger = ledger
        self.enrolled = enrol(ledger)
        self.board = Board(self.enrolled)
        self.said: list[dict] = []
        self.links = Links(ledger, into(self.said), Tally(into(self.said)))
        self.now_s = 1000.0
        self.for_board: list[bytes] = []
        self.waiting: list[tuple[Any, Received]] = []

    # The host's carrier

    def write(self, frame: bytes) -> None:
        self.for_board.append(frame)

    def close(self) -> None:
        """In hand nothing ends."""

    # Both ends

    def frame(self, message: tuple) -> bytes:
        return self.board.session.seal(told.typed(message))

    def greet(self) -> None:
        session = self.board.session
        session.start(0)
        session.step(0)
        hello = session.outgoing()
        assert hello
        self.arrive(hello)
        self.hear()
        assert session.ready

    def hear(self) -> list[tuple]:
        """What the board hears of all that is on its way to it."""
        frames, self.for_board = self.for_board, []
        heard = [
            self.board.session.accept(payload, 0) for frame in frames for payload in Decoder().feed(frame)
        ]
        return [told.named(message) for message in heard if message]

    def arrive(self, frame: bytes) -> None:
        """A frame of the board arrives, and waits for the ledger."""
        for payload in Decoder().feed(frame):
            heard = self.links.hear(self, payload, self.now_s)
            if heard and heard[1]:
                self.waiting.append((heard[0], heard[1]))

    def commit(self) -> list[tuple]:
        """The ledger takes what waits; what the board hears in answer."""
        while self.waiting:
            size = turn_of([said for _, said in self.waiting], 100)
            turn, self.waiting = self.waiting[:size], self.waiting[size:]
            self.links.answer(turn, take(self.ledger, [said for _, said in turn]))
        return self.hear()

    def say(self, message: tuple) -> list[tuple]:
        self.arrive(self.frame(message))
        return self.commit()

    def seen(self) -> list[str]:
        return [one["event"] for one in self.said]

    def row(self) -> Any:
        with self.ledger.reading() as connection:
            return connection.execute(tables.cabinet.select()).one()

    def orders(self) -> int:
        with self.ledger.reading() as connection:
            return len(connection.execute(tables.command.select()).all())

    def alarms(self) -> list[str]:
        with self.ledger.reading() as connection:
            return [row.kind for row in connection.execute(tables.alarm.select())]


@pytest.fixture
def line(tmp_path: Path) -> Iterator[Line]:
    with open_ledger(tmp_path / "data") as ledger:
        ledger.site("mapo-3")
        yield Line(ledger)


def overtaken_report(line: Line) -> bytes:
    """Two reports were said, the answer to the second went on, and the first is still on its way."""
    line.greet()
    line.board.journal.add(records.BOOTED, 0, 1, 1)
    late = line.frame(line.board.report())
    assert line.say(line.board.report())
    for _ in range(3):
        line.board.journal.add(records.TAMPERED)
    assert told.Ack(4) in line.say(told.Events(line.board.journal.events))
    return late


def test_a_report_that_arrives_behind_later_events_is_no_older_journal(line: Line) -> None:
    late = overtaken_report(line)
    line.arrive(late)
    assert line.commit() == []
    assert "out of step" not in line.seen()
    assert line.orders() == 0


def test_how_far_a_board_has_come_does_not_go_back_with_a_late_report_or_status(line: Line) -> None:
    late_report = overtaken_report(line)
    late_status = line.frame(told.Status(30, 2, 0, 0))
    line.say(told.Status(60, 9, 0, 0))
    line.arrive(late_report)
    line.arrive(late_status)
    line.commit()
    assert line.row().next_event == 9
    assert [status.behind for status in link_statuses(line.ledger, 0).links] == [4]


def test_a_late_report_keeps_no_alarm_from_being_heard(line: Line) -> None:
    late = overtaken_report(line)
    line.arrive(late)
    line.arrive(line.frame(told.Urgent(line.board.journal.add(records.BELL_RUNG, 0, 1))))
    line.commit()
    assert "bell" in line.alarms()


def test_a_repeated_report_keeps_no_alarm_from_being_heard(line: Line) -> None:
    line.greet()
    line.say(line.board.report())
    line.arrive(line.frame(line.board.report()))  # it has not heard the answer yet
    line.arrive(line.frame(told.Urgent(line.board.journal.add(records.BELL_RUNG, 0, 1))))
    assert any(isinstance(answer, told.Resume) for answer in line.commit())
    assert line.alarms() == ["bell"]


def test_what_is_said_in_a_new_conversation_is_not_judged_by_the_report_of_the_last_one(line: Line) -> None:
    """A board with an older journal rings before its report has arrived:
    its number is one that the ledger waits for.
    """
    overtaken_report(line)
    older = Journal()
    for _ in range(4):
        older.add(records.LAMP_FAILED)
    line.board.journal = older
    line.greet()
    line.frame(line.board.report())  # lost
    line.arrive(line.frame(told.Urgent(older.add(records.BELL_RUNG, 0, 1))))
    line.commit()
    with line.ledger.reading() as connection:
        assert len(connection.execute(tables.event.select()).all()) == 4, (
            "event 5 of the older journal is none of this one"
        )


def test_what_was_said_before_a_new_report_is_in_the_ledger_before_it_is_compared(line: Line) -> None:
    line.greet()
    line.say(line.board.report())
    for _ in range(8):
        line.board.journal.add(records.TAMPERED)
    line.arrive(line.frame(told.Events(line.board.journal.events)))  # the ledger is busy
    line.board.journal.events = line.board.journal.events[:4]  # an older image is put back
    line.board.acknowledged = 4
    line.greet()
    line.arrive(line.frame(line.board.report()))
    held = [answer for answer in line.commit() if isinstance(answer, told.Resume)]
    assert [answer.number for answer in held] == [8], "so that no number is given out twice"
    assert "out of step" in line.seen()


def test_only_the_first_message_of_a_meeting_times_the_round_trip(line: Line) -> None:
    line.greet()
    line.now_s += 0.25
    line.say(line.board.report())
    line.now_s += 3
    line.say(line.board.report())
    assert line.row().round_trip_ms == 250


def test_a_challenge_counts_for_the_latest_wish_at_its_door_and_a_late_one_for_none(line: Line) -> None:
    line.greet()
    line.say(line.board.report())
    cabinet = line.row().id

    def wish(door: int) -> int:
        made = ask(line.ledger, cabinet, door, 1, 0)
        remote_opening.untold(line.ledger, [cabinet], 0)
        return made

    wish(3)
    late = line.frame(told.Challenge(3, 0))
    second = wish(3)
    line.say(told.Challenge(3, 77))
    line.arrive(late)
    assert state_of(line.ledger, second) == remote_opening.CHALLENGED
    # The board has had the wish twice: its newest challenge is the one that is good.
    line.say(told.Challenge(3, 78))
    third = wish(5)
    line.say(told.Challenge(3, 0))
    assert state_of(line.ledger, third) == remote_opening.ASKED
    give(line.ledger, third, 1234)
    line.say(told.Challenge(0, 0))
    assert state_of(line.ledger, third) in (remote_opening.ASKED, remote_opening.GIVEN)
    remote_opening.untold(line.ledger, [cabinet], 0)
    line.say(told.Challenge(0, 0))
    assert state_of(line.ledger, third) == remote_opening.REFUSED


def test_a_report_that_is_repeated_orders_nothing_twice(line: Line) -> None:
    """Another incarnation: the ledger's parcels are put right by orders, once."""
    overtaken_report(line)
    line.board.journal = Journal(incarnation=8)
    line.greet()
    for _ in range(3):
        line.say(line.board.report())
    with line.ledger.reading() as connection:
        kinds = [row.kind for row in connection.execute(tables.command.select())]
    assert kinds == [commands.BEGIN_EPOCH]


def test_a_second_answer_to_a_report_takes_nothing_back_at_the_board(tmp_path: Path) -> None:
    """Two reports had two answers; the second arrives when the host has acknowledged more,
    and the board may have erased it.
    """
    story = Story(tmp_path, 1, Faults())
    for _ in range(20):
        story.step()
    link, journal = story.board.link, story.board.journal
    assert link._in_step
    story.board._record(records.BELL_RUNG, None, 1, story.now_ms)
    for _ in range(20):
        story.step()
    acknowledged = journal.acknowledged
    assert acknowledged == journal.next_number - 1 > 1
    link._apply((messages.RESUME, 1, journal.tag, 0, 0, 0), story.now_ms)
    assert journal.acknowledged == acknowledged
    story.ledger.close()
