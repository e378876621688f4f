"""Boots, incarnations, uptimes and clocks that jump: tables do not grow by them,
and no event is of a time that no clock can show.
"""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from host_tools.host.fleet.ingest import take
from host_tools.host.fleet.received import Received
from host_tools.host.fleet.reconcile import Meeting
from host_tools.host.ledger import lookups, tables
from host_tools.host.ledger.event_time import Last, anchor, when
from host_tools.host.ledger.ledger import Enrolment, Ledger, open_ledger
from host_tools.host.notify.log import moment
from host_tools.link.messages import Report, Resume, encode_message
from locker.contract import records
from locker.contract.records import Record
from tests.kit.host_board import Journal, enrol

NOON_MS = 1_700_000_000_000
DAY_MS = 86_400_000


@pytest.fixture
def ledger(home: Path):
    with open_ledger(home) as opened:
        opened.site("mapo-3")
        yield opened


def report(
    ledger: Ledger,
    made: Enrolment,
    incarnation: int = 7,
    boot: int = 1,
    at_ms: int = NOON_MS,
    uptime: int = 100,
) -> Meeting:
    told = Report(
        made.board_id, incarnation, 1, 1, 0, 0, 1, boot, 100, uptime, int.from_bytes(made.uid, "big")
    )
    said = Received(1, incarnation, boot, 100, at_ms, uptime=uptime, next_event=1, report=told)
    return take(ledger, [said]).meetings[0]


def rows(ledger: Ledger, table: str) -> int:
    with ledger.reading() as connection:
        return len(connection.execute(tables.metadata.tables[table].select()).all())


def test_hundreds_of_boots_without_an_event_leave_few_rows_and_the_newest_count(ledger: Ledger) -> None:
    made = enrol(ledger)
    for boot in range(1, 300):
        report(ledger, made, boot=boot)
    assert rows(ledger, "boot") <= 256
    with ledger.reading() as connection:
        assert max(lookups.boards(connection, [(1, 7)])[1, 7].anchors) == 299


def test_many_incarnations_without_an_event_leave_no_rows(ledger: Ledger) -> None:
    made = enrol(ledger)
    for incarnation in range(1, 80):
        report(ledger, made, incarnation)
    assert (rows(ledger, "boot"), rows(ledger, "position"), rows(ledger, "command")) == (1, 0, 0)


@pytest.mark.parametrize("at_ms", [-1000, 0, 2**32 * 1000, 2**45])
def test_whatever_the_hosts_clock_says_its_answer_can_be_said(ledger: Ledger, at_ms: int) -> None:
    answer = report(ledger, enrol(ledger), at_ms=at_ms).answer
    assert isinstance(answer, Resume)
    assert encode_message(answer)


@settings(max_examples=300)
@given(
    st.lists(
        st.tuples(st.integers(1, 9), st.sampled_from((0, 1, 36_000, 2**31, 2**32 - 1)), st.booleans()),
        max_size=40,
    )
)
def test_however_boots_and_uptimes_jump_an_event_is_of_a_time_that_can_be_shown(
    jumps: list[tuple[int, int, bool]],
) -> None:
    last, anchors, now_ms = Last(0, 0, NOON_MS), {}, NOON_MS
    for number, (boot, uptime, meets) in enumerate(jumps * 10, 1):
        now_ms += 1000
        if meets:
            anchors[boot] = min(anchors.get(boot, now_ms), anchor(uptime, now_ms))
        earliest, latest = when(Record(records.PULSED, 1, boot, number, uptime, 1, 1), last, anchors, now_ms)
        assert earliest <= latest <= now_ms
        assert moment(earliest) >= "1996"
        last = Last(boot, uptime, earliest)


def test_an_event_of_an_uptime_that_cannot_be_is_in_the_ledger_and_can_be_listed(ledger: Ledger) -> None:
    made = enrol(ledger)
    journal = Journal()
    for boot, uptime in ((9, 2**32 - 1), (1, 0)) * 50:
        journal.boot, journal.uptime = boot, uptime - 10 if uptime else -10
        journal.add(records.BELL_RUNG)
    report(ledger, made, boot=9, uptime=2**32 - 1)
    at = 0
    while at < 100:
        (at,) = take(
            ledger, [Received(1, 7, 9, 100, NOON_MS + DAY_MS, tuple(journal.events[at : at + 8]))]
        ).applied
    with ledger.reading() as connection:
        assert all(moment(row.earliest_ms) for row in connection.execute(tables.event.select()))
