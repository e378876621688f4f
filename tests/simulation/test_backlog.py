"""A cabinet that has heard nothing of its host for months tells it everything,
while its residents are served as ever.
"""

from pathlib import Path

from host_tools.simulator.chip.flash import FlashImage
from host_tools.simulator.chip.nvs import Namespace
from host_tools.simulator.cpython_board.hal import MARKS
from host_tools.simulator.people.people import send
from locker.contract import records
from locker.core.state import State
from locker.shell.journal import Journal
from locker.shell.second_copy import pair
from tests.simulation.stage import Cabinet, TestHost, make_flash
from tests.simulation.typist import check_answered, typing

BACKLOG = 10_000
SERIAL = 9
TYPES_MS = 33_000
TOLD_MS_MAX = 240_000


def live_for_months(path: Path, doors: tuple[int, ...]) -> None:
    """Events of doors that were played with, and nobody heard of them."""
    with FlashImage(path) as flash:
        partition = flash.partition("journal")
        assert partition is not None
        state = State(doors)
        journal = Journal(partition, state.apply, state.carried)
        pair(Namespace(flash, MARKS), journal, state)
        while journal.next_number <= BACKLOG:
            state.apply(journal.append(records.DOOR_FLAPPED, 0, journal.next_number, 7, 0))
            journal.tidy(0, quiet=True)


def test_ten_thousand_events_are_told_in_order_and_keep_nobody_waiting(tmp_path: Path) -> None:
    make_flash(tmp_path / "flash")
    with Cabinet(tmp_path / "flash") as cabinet:
        doors = tuple(cabinet.world.doors)
    live_for_months(tmp_path / "flash", doors)
    with Cabinet(tmp_path / "flash") as cabinet:
        world = cabinet.world
        door = cabinet.deposit(SERIAL)
        visit = send(world, typing(world, door, cabinet.code(door, 1)), TYPES_MS)
        host = TestHost(world)  # now the cable is plugged in
        cabinet.run_until(45_000)
        assert visit.done
        assert not visit.error
        check_answered(world, visit.result)
        assert 100 < len(host.events) < BACKLOG, "she came while the backlog was told"
        cabinet.run_until(TOLD_MS_MAX)
        assert not world.trace.violations
    assert [record.number for record in host.events] == list(range(1, len(host.events) + 1))
    assert host.kinds()[-1] == records.COLLECTED
    assert len(host.events) > BACKLOG
