"""When the link speaks of a pickup: a copy at once, the visit when it ends,
and no later than 8 s after the opening.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from host_tools.simulator.people.people import resident, send
from locker.contract import records

from .stage import Cabinet, TestHost, make_flash

SERIAL = 7
COMES_MS = 50_000
VISIT_MS = 8_000
SILENT_MS = 10_000  # when a session that nobody answers is begun anew


class HardOfHearing(TestHost):
    """The host at the end of a line on which each urgent copy is lost."""

    def _hear(self, data: bytes) -> None:
        kept = list(self.urgent)
        super()._hear(data)
        self.urgent = kept


@pytest.fixture
def cabinet(tmp_path: Path) -> Iterator[Cabinet]:
    make_flash(tmp_path / "flash")
    with Cabinet(tmp_path / "flash") as cabinet:
        yield cabinet


def until(cabinet: Cabinet, true: Callable[[], object], patience_ms: int) -> int:
    """The time at which something has come true, looked at each 100 ms."""
    begun = now_ms = cabinet.world.clock.now_ms()
    while not true():
        assert now_ms < begun + patience_ms
        now_ms += 100
        cabinet.run_until(now_ms)
    return now_ms


def opened(host: TestHost) -> bool:
    return records.PICKUP_OPENED in host.kinds()


def test_a_quick_visit_is_told_when_it_ends_behind_the_copy_of_its_opening(cabinet: Cabinet) -> None:
    host = TestHost(cabinet.world)
    door = cabinet.deposit(SERIAL)
    visit = send(cabinet.world, resident(cabinet.world, door, cabinet.code(door, 1)), COMES_MS)
    told_ms = until(cabinet, lambda: host.urgent, 2 * COMES_MS)
    assert not opened(host)
    ended_ms = until(cabinet, lambda: opened(host), VISIT_MS)
    assert records.COLLECTED in host.kinds()
    assert told_ms < ended_ms < told_ms + VISIT_MS
    cabinet.run_until(ended_ms + 1000)
    assert visit.result is True


def test_an_opening_whose_copy_is_lost_is_told_within_eight_seconds_however_long_the_visit(
    cabinet: Cabinet,
) -> None:
    host = HardOfHearing(cabinet.world)
    door = cabinet.deposit(SERIAL)
    cabinet.run_until(COMES_MS)
    cabinet.world.hands.keys(f"{door:02}{cabinet.code(door, 1)}#")
    opened_ms = until(cabinet, lambda: cabinet.world.doors[door].place != "shut", SILENT_MS)
    told_ms = until(cabinet, lambda: opened(host), SILENT_MS)
    assert not host.urgent
    assert VISIT_MS - 1000 <= told_ms - opened_ms <= VISIT_MS + 200
    greeted = host.received_bytes
    cabinet.run_until(told_ms + SILENT_MS + 2000)
    assert host.received_bytes == greeted  # nothing was said, nothing was to be answered


def test_a_door_that_opens_late_is_told_at_most_eight_seconds_after_it_has_really_opened(
    cabinet: Cabinet,
) -> None:
    host = TestHost(cabinet.world)
    door = cabinet.deposit(SERIAL)
    cabinet.run_until(COMES_MS)
    cabinet.world.hands.block(door)
    cabinet.world.hands.keys(f"{door:02}{cabinet.code(door, 1)}#")
    jammed_ms = until(cabinet, lambda: records.DOOR_JAMMED in host.kinds(), 2 * SILENT_MS)
    cabinet.run_until(jammed_ms + SILENT_MS)  # all that was to be said is said
    cabinet.world.hands.unblock(door)
    cabinet.world.hands.force(door)
    opened_ms = until(cabinet, lambda: cabinet.world.doors[door].place != "shut", SILENT_MS)
    told_ms = until(cabinet, lambda: host.kinds()[-1] == records.DOOR_OPENED, SILENT_MS)
    assert told_ms - opened_ms <= VISIT_MS + 400
