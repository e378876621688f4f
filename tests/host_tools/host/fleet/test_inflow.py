"""What one board may make its host write has a bound, which no honest board ever meets."""

from pathlib import Path

from host_tools.host.fleet.inflow import COPIES_MAX, EVENTS_MAX, EVENTS_PER_S, Inflow
from host_tools.host.fleet.received import Received
from host_tools.host.ledger import bounds, tables
from host_tools.host.ledger.ledger import open_ledger
from locker.contract import records
from tests.kit.host_board import Journal, enrol

BATCH = 8
JOURNAL = 20_000  # events of a full one
DAY_S = 86_400


def said(cabinet: int, kind: int, count: int = BATCH, *, urgent: bool = False) -> Received:
    journal = Journal()
    for _ in range(count):
        journal.add(kind, 1)
    return Received(cabinet, 7, 1, 1, 0, tuple(journal.events), urgent)


def test_a_stolen_board_fills_no_disk() -> None:
    inflow, flood = Inflow(), said(1, records.DOOR_FORCED)
    taken = sum(BATCH for tenth in range(600 * 10) for _ in range(100) if inflow.admits(flood, tenth / 10))
    assert taken <= EVENTS_MAX + EVENTS_PER_S * 600
    assert list(inflow.flooding) == [1]


def test_a_full_journal_that_comes_twice_passes_and_so_does_the_busiest_day_behind_it() -> None:
    inflow, events = Inflow(), said(1, records.DEPOSITED)
    assert all(inflow.admits(events, 0.0) for _ in range(2 * JOURNAL // BATCH))
    # A visit in 20 s, day and night.
    assert all(inflow.admits(events, 20.0 * visit) for visit in range(1, DAY_S // 20))
    assert not inflow.flooding


def test_a_bell_is_heard_beside_any_flood_and_another_cabinet_notices_nothing() -> None:
    inflow, flood = Inflow(), said(1, records.DOOR_FORCED)
    while inflow.admits(flood, 0.0):
        pass
    copy = said(1, records.PICKUP_OPENED, 1, urgent=True)
    assert sum(inflow.admits(copy, 0.0) for _ in range(3 * COPIES_MAX)) == COPIES_MAX
    assert inflow.admits(said(1, records.BELL_RUNG, 1, urgent=True), 0.0)
    assert inflow.admits(said(2, records.BELL_RUNG), 0.0)
    assert inflow.admits(Received(1, 7, 1, 1, 0), 0.0)  # that it lives


def test_staff_are_told_once_an_hour_that_a_board_tells_more_than_there_can_be(tmp_path: Path) -> None:
    with open_ledger(tmp_path / "data") as ledger:
        ledger.site("mapo-3")
        enrol(ledger)
        hour_ms = 3_600_000
        told = [bounds.tell_of_floods(ledger, [1], at_ms) for at_ms in (0, 1_000, hour_ms - 1, hour_ms)]
        assert told == [[1], [], [], [1]]
        with ledger.reading() as connection:
            assert [row.kind for row in connection.execute(tables.outbox.select())] == [bounds.FLOODS] * 2
