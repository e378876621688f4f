"""Alarms of one cabinet never delay another's: cabinets take turns,
repeats are folded and counted, and nothing is folded away.
"""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from host_tools.host.fleet.ingest import take
from host_tools.host.fleet.received import Received
from host_tools.host.ledger import tables
from host_tools.host.ledger.ledger import Ledger, open_ledger
from host_tools.host.notify import dispatch
from host_tools.host.notify.folding import BURST, Folds
from host_tools.host.notify.post import STAFF_LOOK
from locker.contract import records
from tests.kit import post
from tests.kit.host_board import Journal, enrol
from tests.kit.post import Broken, Paper

NOON_MS = 1_700_000_000_000
MINUTE_MS = 60_000


class Street:
    """A thief's board, cabinet 1, and an honest one, cabinet 2; the time is an argument."""

    def __init__(self, ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
        self.ledger = ledger
        self.at_ms = NOON_MS
        monkeypatch.setattr("time.time_ns", lambda: self.at_ms * 1_000_000)
        for uid in (b"uid-01", b"uid-02"):
            enrol(ledger, uid)
        self.boards = {1: Journal(7), 2: Journal(8)}
        self.folds = (Folds(), Folds())
        self.dispatchers, self.staff = Paper(), Paper()

    def tells(self, cabinet: int, kind: int, door: int, a: int = 0, times: int = 1) -> None:
        journal = self.boards[cabinet]
        first = len(journal.events)
        for _ in range(times):
            journal.add(kind, door, a, 1 if kind == records.PICKUP_OPENED else 0)
        take(
            self.ledger,
            [Received(cabinet, journal.incarnation, 1, 1, self.at_ms, tuple(journal.events[first:]))],
        )

    def duress(self, cabinet: int, door: int, times: int = 1) -> None:
        self.tells(cabinet, records.PICKUP_OPENED, door, records.BY_DURESS, times)

    def dispatch(self) -> list[str]:
        """One round: the lines that dispatchers are told in it."""
        before = len(self.dispatchers.messages)
        post.dispatched(self.ledger, self.dispatchers, self.folds[0])
        return [message.text for message in self.dispatchers.messages[before:]]

    def post(self) -> list[tuple[str, str]]:
        """The same of letters to staff."""
        before = len(self.staff.messages)
        post.deliver(self.ledger, self.staff, self.folds[1])
        return [(message.kind, message.text) for message in self.staff.messages[before:]]


@pytest.fixture
def street(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    with open_ledger(tmp_path / "data") as ledger:
        ledger.site("mapo-3")
        yield Street(ledger, monkeypatch)


def test_a_womans_silent_alarm_is_told_in_the_first_round_whatever_a_stolen_board_tells(
    street: Street,
) -> None:
    street.duress(1, 3, 3 * dispatch.BATCH_MAX)
    street.at_ms += 1_000
    street.duress(2, 7)
    told = street.dispatch()
    assert [text for text in told if "door 07 at mapo-3, cabinet 2 was opened" in text]
    assert len(told) <= BURST + 1


def test_each_repeat_is_told_within_a_minute_and_counted_and_the_ledger_has_them_all(street: Street) -> None:
    street.duress(1, 3, 100)
    first = street.dispatch()
    assert len(first) == BURST
    assert "door 03 at mapo-3, cabinet 1, 93 more openings under duress" in first[-1]
    street.duress(1, 3, 5)
    assert street.dispatch() == []
    street.at_ms += MINUTE_MS
    (more,) = street.dispatch()
    assert "5 more openings" in more
    with street.ledger.reading() as connection:
        rows = connection.execute(tables.pickup.select()).all()
    assert len(rows) == 105
    assert all(row.told_ms for row in rows)


def test_no_alarm_is_folded_into_that_of_another_door_or_kind(street: Street) -> None:
    street.duress(1, 3, 100)
    street.tells(1, records.DOOR_FORCED, 3, times=100)
    street.dispatch()
    street.post()
    street.duress(1, 4)
    assert ["door 04" in text for text in street.dispatch()] == [True]
    street.tells(1, records.BELL_RUNG, 0)
    street.tells(1, records.DOOR_FORCED, 4)
    assert [kind for kind, _ in street.post()] == ["bell", "forced"]


def test_her_second_silent_alarm_is_a_line_of_its_own(street: Street) -> None:
    street.duress(2, 7)
    street.dispatch()
    street.duress(2, 7)
    assert ["was opened under duress" in text for text in street.dispatch()] == [True]


def test_doors_that_a_cabinet_has_not_are_folded_together(street: Street) -> None:
    for door in range(13, 100):
        street.duress(1, door, 10)
    assert len(street.dispatch()) == BURST


def test_a_child_that_plays_with_the_help_button_is_heard_and_then_counted(street: Street) -> None:
    for _ in range(20):
        street.tells(2, records.BELL_RUNG, 0)
        street.at_ms += 1_000
        street.post()
    told = [kind for kind, _ in ((one.kind, one.text) for one in street.staff.messages)]
    assert told == ["bell"] * BURST
    street.at_ms += MINUTE_MS
    ((kind, text),) = street.post()
    assert kind == "bell"
    assert text.startswith("12 more like this one since it was last told: ")


def test_forced_doors_of_a_stolen_board_delay_no_bell_of_another_cabinet(street: Street) -> None:
    for _ in range(3):
        for door in (1, 2, 3):
            street.tells(1, records.DOOR_FORCED, door, times=STAFF_LOOK // 4)
    street.tells(2, records.BELL_RUNG, 0)
    assert ("bell", "mapo-3, cabinet 2") in [
        (kind, "mapo-3, cabinet 2" if "cabinet 2" in text else "") for kind, text in street.post()
    ]


def test_what_a_channel_does_not_take_is_told_when_it_is_back(street: Street) -> None:
    street.duress(1, 3, 20)
    assert post.dispatched(street.ledger, Broken(), street.folds[0]).failed
    told = street.dispatch()
    assert len(told) == BURST
    assert "13 more" in told[-1]


@given(st.lists(st.tuples(st.integers(0, 90_000), st.integers(0, 30)), max_size=40), st.integers(0, 600_000))
def test_whatever_comes_when_each_is_told_once_and_none_waits_longer_than_a_minute(
    steps: list[tuple[int, int]], back_ms: int
) -> None:
    folds, at_ms, untold, told, came = Folds(), NOON_MS, [], 0, 0
    for pause_ms, count in steps:
        for _ in range(pause_ms // 1_000):
            at_ms += 1_000
            plan = folds.plan("door", untold, at_ms)
            assert not plan.waiting or at_ms - min(untold) <= MINUTE_MS + 1_000
            told += len(plan.singly) + len(plan.many)
            lines = len(plan.singly) + bool(plan.many)
            assert lines <= BURST
            folds.told("door", lines, at_ms)
            untold = [] if not plan.waiting else untold
        untold = untold + [at_ms] * count
        came += count
    at_ms -= back_ms  # a host's clock that is put back costs a minute at most
    folds.plan("door", untold, at_ms)
    plan = folds.plan("door", untold, at_ms + MINUTE_MS)
    assert told + len(plan.singly) + len(plan.many) == came
