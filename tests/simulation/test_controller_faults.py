"""What fails in the controller itself: the I2C bus that is held low,
the UART, and the flash under the journal.
"""

from pathlib import Path

import pytest

from host_tools.simulator.chip.flash import FlashImage
from host_tools.simulator.clock import VirtualClock
from host_tools.simulator.people.people import screen_of, send
from host_tools.simulator.world import World, board_named
from locker.contract import records
from tests.simulation.guarded import Board
from tests.simulation.stage import Cabinet, TestHost, make_flash
from tests.simulation.test_parcel_life import LIFE, life_in

WRONG = {records.DOOR_FORCED, records.SENSOR_FAULT, records.STILL_INSIDE, records.JOURNAL_DOUBT}


@pytest.mark.parametrize("at_ms", [0, 8_000])
def test_a_bus_that_is_held_low_for_a_while_is_told_and_the_cabinet_goes_on_when_it_is_free(
    tmp_path: Path, at_ms: int
) -> None:
    make_flash(tmp_path / "flash")
    with Cabinet(tmp_path / "flash") as cabinet:
        world, host = cabinet.world, TestHost(cabinet.world)
        world.clock.at(at_ms * 1000, lambda: world.hands.fault("bus held"))
        world.clock.at(25_000_000, lambda: world.faults.clear("bus held"))
        moved = []
        world.clock.at((at_ms + 3_000) * 1000, lambda: moved.append(world.chip.buses[0].bytes_moved))
        world.clock.at((at_ms + 13_000) * 1000, lambda: moved.append(world.chip.buses[0].bytes_moved))
        life = send(world, life_in(world), 27_000)
        cabinet.run_until(120_000)
        assert moved[1] - moved[0] <= 40, (
            "each try keeps the keypad waiting: one at the expanders a second, two at the screen"
        )
        assert life.error is None
        assert life.result[1:] == (False, True)
        assert [
            kind for kind in host.kinds() if kind not in (records.LEVEL_LOST, records.PART_FAILED)
        ] == LIFE
        assert [event.a for event in host.events if event.kind == records.LEVEL_LOST] == [0x20]
        blank = [event.a for event in host.events if event.kind == records.PART_FAILED]
        assert blank == ([] if at_ms else [records.SCREEN]), "a screen with nothing new to show is not asked"
        assert world.chip.boots == 1
        assert "Welcome" in screen_of(world)[0]


@pytest.mark.parametrize("fault", ["uart overflow 300", "uart noise 20", "uart break"])
def test_what_befalls_the_serial_line_costs_no_parcel_and_no_event(tmp_path: Path, fault: str) -> None:
    make_flash(tmp_path / "flash")
    with Cabinet(tmp_path / "flash") as cabinet:
        world, host = cabinet.world, TestHost(cabinet.world)
        world.clock.at(7_000_000, lambda: world.hands.fault(fault))
        world.clock.at(60_000_000, lambda: world.faults.clear(fault))
        life = send(world, life_in(world), 6_000)
        cabinet.run_until(140_000)
        assert life.error is None
        assert life.result[1:] == (False, True)
        assert host.kinds() == LIFE
        assert world.chip.boots == 1


@pytest.mark.parametrize(
    ("fault", "at_ms"), [("partition write", 6_500), ("partition write", 10_000), ("partition read 3", 0)]
)
def test_a_flash_that_fails_for_a_moment_costs_a_restart_and_no_parcel(
    tmp_path: Path, fault: str, at_ms: int
) -> None:
    make_flash(tmp_path / "flash")
    world = World(board_named("wall_12"), VirtualClock(), 1)
    world.clock.at(at_ms * 1000, lambda: world.hands.fault(fault))
    with FlashImage(tmp_path / "flash") as flash:
        host = TestHost(world)
        board = Board(world, flash)
        board.live_until(22_000)
        life = send(world, life_in(world), 30_000)
        board.live_until(120_000)
    assert life.error is None
    assert life.result[1:] == (False, True)
    assert not WRONG & set(host.kinds())
    assert world.chip.boots > 1 or at_ms
