"""A board that is refused: it is told why, people are told once,
and what cannot wait is heard all the same.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from host_tools.host.connections.link_status import REFUSED, link_statuses
from host_tools.host.fleet import reconcile
from host_tools.host.ledger import tables
from host_tools.host.ledger.ledger import open_ledger
from host_tools.link import messages as told
from locker.contract import records
from locker.contract.codes import RULE
from tests.kit.host_board import Journal

from .test_late_messages import Line


@pytest.fixture
def line(tmp_path: Path) -> Iterator[Line]:
    with open_ledger(tmp_path / "data") as ledger:
        ledger.site("mapo-3")
        yield Line(ledger)


def of_a_newer_rule(line: Line) -> list[tuple]:
    """A board has begun an epoch of a rule that this host does not know; what it hears."""
    line.board.journal.add(records.BOOTED, 0, 1, 1)
    line.greet()
    line.say(line.board.report())
    line.board.journal.add(records.EPOCH_BEGUN, 0, RULE + 1 << 18 | 2, 77)
    line.board.epoch = 2
    return line.say(told.Events(line.board.journal.events))


def test_a_board_whose_codes_are_of_a_newer_rule_is_refused_by_name_until_a_newer_host_starts(
    line: Line,
) -> None:
    assert of_a_newer_rule(line) == [told.Refused(3)]
    line.greet()
    assert line.say(line.board.report()) == [told.Refused(3)]
    (status,) = link_statuses(line.ledger, 0).links
    assert status.state == REFUSED
    assert "update ansim" in (status.reason or "")
    assert line.seen().count("refused") == 1
    reconcile.look_again(line.ledger)
    line.board.acknowledged = 1
    line.greet()
    (held,) = line.say(line.board.report())
    assert isinstance(held, told.Resume)
    assert held.number == 1


def test_a_board_that_was_put_back_to_before_that_epoch_is_heard_again(line: Line) -> None:
    of_a_newer_rule(line)
    line.board.journal.events.pop()
    line.board.epoch = 1
    line.greet()
    (held,) = line.say(line.board.report())
    assert isinstance(held, told.Resume)
    assert [status.reason for status in link_statuses(line.ledger, 0).links] == [None]


@pytest.mark.parametrize("why", ["copied", "other host", "newer codes", "not answered yet"])
def test_a_bell_is_heard_whatever_keeps_the_rest_from_being_believed(line: Line, why: str) -> None:
    if why == "newer codes":
        of_a_newer_rule(line)
    else:
        line.board.journal.add(records.BOOTED, 0, 1, 1)
        line.greet()
        report = line.board.report()._replace(**{"copied": {"uid": 7}, "other host": {"tag": 7}}.get(why, {}))
        line.arrive(line.frame(report))
        if why != "not answered yet":
            assert any(isinstance(answer, told.Refused) for answer in line.commit())
    line.board.journal.add(records.PULSED, 3, 1, 1)
    bell = line.board.journal.add(records.BELL_RUNG, 0, 1)
    forced = line.board.journal.add(records.DOOR_FORCED, 3)
    for record in (bell, bell, forced):
        line.arrive(line.frame(told.Urgent(record)))
    answers = line.commit()
    assert not [answer for answer in answers if isinstance(answer, told.Ack)]
    refused = ["refused"] if why in ("copied", "other host") else []  # of which staff are told too
    assert line.alarms() == [*refused, "bell", "forced"]
    with line.ledger.reading() as connection:
        assert len(connection.execute(tables.event.select()).all()) == (why == "newer codes"), (
            "nothing else is believed"
        )


def test_a_journal_begun_anew_is_told_each_time_and_a_report_that_is_repeated_once(line: Line) -> None:
    line.board.journal.add(records.BOOTED, 0, 1, 1)
    line.greet()
    line.say(line.board.report())
    line.say(told.Events(line.board.journal.events))
    for incarnation in (8, 9):
        line.board.journal = Journal(incarnation)
        for _ in range(2):
            line.greet()
            line.say(line.board.report())
    assert line.seen().count("out of step") == 2


def test_what_is_said_of_an_older_image_is_what_its_board_can_know(line: Line) -> None:
    line.greet()
    for _ in range(4):
        line.board.journal.add(records.BOOTED, 0, 1, 1)
    line.say(line.board.report())
    line.say(told.Events(line.board.journal.events))
    del line.board.journal.events[2:]
    for acknowledged, words in ((0, reconcile.OLDER_TOLD_AGAIN), (2, reconcile.OLDER_JOURNAL)):
        line.board.acknowledged = acknowledged
        line.greet()
        line.say(line.board.report())
        assert [one["detail"] for one in line.said if one["event"] == "out of step"][-1] == words
