"""What the whole firmware does with an expander that is silent at the worst moment:
the coil is off, and the cabinet helps itself.
"""

from pathlib import Path

import pytest

from host_tools.simulator.chip.flash import FlashImage
from host_tools.simulator.chip.mcp23017 import MCP23017
from host_tools.simulator.clock import VirtualClock
from host_tools.simulator.people.people import send
from host_tools.simulator.trace import Entry
from host_tools.simulator.world import World, board_named
from locker.contract import records
from locker.core.state import WAITING
from tests.simulation.coil_judge import CoilJudge
from tests.simulation.guarded import Board
from tests.simulation.stage import Cabinet, TestHost, make_flash
from tests.simulation.test_parcel_life import LIFE, SERIAL, life_in

PULSE_US = 400_000
STEP_US = 20_000


def world_of(name: str = "wall_12") -> World:
    return World(board_named(name), VirtualClock(), 1)


def silence(world: World, us: int) -> None:
    """All expanders keep their latches and acknowledge nothing."""
    until_us = world.clock.now_us() + us
    for expander in world.expanders.values():
        expander.acknowledges = lambda chip=expander: (
            world.clock.now_us() >= until_us and MCP23017.acknowledges(chip)
        )


@pytest.mark.parametrize("for_us", [100_000, 2_000_000])
def test_an_expander_that_is_silent_when_a_pulse_ends_costs_neither_the_coil_nor_the_visit(
    tmp_path: Path, for_us: int
) -> None:
    make_flash(tmp_path / "flash")
    world = world_of()
    silenced = []

    def silence_in_the_first_pulse(entry: Entry) -> None:
        if (entry.kind, entry.value) == ("coil", "on") and not silenced:
            silenced.append(entry.us)
            world.clock.after(PULSE_US // 2, lambda: silence(world, for_us))

    world.trace.listeners.append(silence_in_the_first_pulse)
    judge = CoilJudge(world, PULSE_US + STEP_US - 1)
    with FlashImage(tmp_path / "flash") as flash:
        host = TestHost(world)
        life = send(world, life_in(world), 6_000)
        board = Board(world, flash)
        board.live_until(120_000)
        judge.check()
    assert silenced
    assert not board.crashes
    assert world.chip.boots == 1
    assert life.error is None
    assert life.result[1:] == (False, True)
    lost = [record for record in host.events if record.kind == records.LEVEL_LOST]
    assert [record.a for record in lost] == [0x20]


def test_an_expander_that_is_silent_when_a_pulse_begins_is_waited_for(tmp_path: Path) -> None:
    make_flash(tmp_path / "flash")
    world = world_of()
    judge = CoilJudge(world, PULSE_US + STEP_US - 1)
    with FlashImage(tmp_path / "flash") as flash:
        host = TestHost(world)
        life = send(world, life_in(world), 6_000)
        board = Board(world, flash)
        board.before = lambda: silence_when_asked(board)
        board.live_until(120_000)
        judge.check()
    assert not board.crashes
    assert world.chip.boots == 1
    assert life.error is None
    assert life.result[1:] == (False, True)
    assert [kind for kind in host.kinds() if kind != records.LEVEL_LOST] == LIFE


def silence_when_asked(board: Board) -> None:
    """Just before the first coil is to be energised, for a second and a half."""
    if board.app and board.armed:
        board.before = None
        silence(board.world, 1_500_000)


FALSE = {records.DOOR_FORCED, records.COLLECTED, records.DOOR_OPENED}  # nobody has seen any of it


def test_doors_that_hang_on_no_silent_expander_serve_from_the_start_and_the_others_join_when_it_answers(
    tmp_path: Path,
) -> None:
    make_flash(tmp_path / "flash", "tower_24")
    with Cabinet(tmp_path / "flash", "tower_24") as cabinet:
        world, host = cabinet.world, TestHost(cabinet.world)
        world.hands.fault("expander 0x22 dead")
        hers = [
            door.number
            for door in world.board.doors
            if 0x22 in (door.lock[0], door.contact[0], door.sensor[0])
        ]
        life = send(world, life_in(world), 6_000)
        cabinet.run_until(80_000)
        assert life.error is None
        assert life.result[0] not in hers
        assert life.result[1:] == (False, True)
        assert [kind for kind in host.kinds() if kind != records.LEVEL_LOST] == LIFE
        lost = [record for record in host.events if record.kind == records.LEVEL_LOST]
        assert [(record.a, record.b) for record in lost] == [(0x22, sum(1 << number - 1 for number in hers))]
        assert cabinet.apps[0]._cabinet.away == hers
        world.faults.clear("expander 0x22 dead")
        cabinet.run_until(83_000)
        assert cabinet.apps[0]._cabinet.away == []
        world.hands.force(hers[0])
        cabinet.run_until(90_000)
        assert host.kinds()[-1] == records.DOOR_FORCED, "it is watched as ever"
        assert world.chip.boots == 1
        assert not world.trace.violations


@pytest.mark.parametrize("is_opened", [True, False])
def test_a_parcel_behind_contacts_that_are_silent_at_the_start_is_given_out_and_nothing_false_is_recorded(
    tmp_path: Path, is_opened: bool
) -> None:
    make_flash(tmp_path / "flash")
    with Cabinet(tmp_path / "flash") as cabinet:
        world, host = cabinet.world, TestHost(cabinet.world)
        door = cabinet.deposit(SERIAL)
        before = len(host.events)
        world.clock.at(31_000_000, world.power_cut)
        world.clock.at(32_000_000, lambda: [world.power_on(), world.hands.fault("expander 0x21 dead")])
        cabinet.run_until(40_000)
        if is_opened:
            world.hands.keys(f"{door:02}{cabinet.code(door, 1)}#")
            cabinet.run_until(48_000)
            assert world.doors[door].place != "shut"
            world.hands.take(door)
            world.hands.close(door)
        cabinet.run_until(160_000)
        world.faults.clear("expander 0x21 dead")
        cabinet.run_until(170_000)
        told = host.kinds()[before:]
        assert not FALSE & set(told)
        assert (records.SENSOR_FAULT in told) == is_opened, "what was not seen is a person's to settle"
        assert cabinet.apps[-1]._state.doors[door].state == WAITING
        assert world.chip.boots == 2


def test_a_cabinet_whose_whole_bus_is_silent_at_the_start_is_heard_and_its_bell_too(tmp_path: Path) -> None:
    make_flash(tmp_path / "flash")
    with Cabinet(tmp_path / "flash") as cabinet:
        world, host = cabinet.world, TestHost(cabinet.world)
        world.hands.fault("bus")
        cabinet.run_until(5_000)
        world.hands.bell()
        cabinet.run_until(20_000)
        assert records.BELL_RUNG in host.kinds()
        assert [record.a for record in host.events if record.kind == records.PART_FAILED] == [records.SCREEN]
        assert world.chip.boots == 1
        world.faults.clear("bus")
        life = send(world, life_in(world), 25_000)
        cabinet.run_until(120_000)
        assert life.error is None
        assert life.result[1:] == (False, True)
        assert not {records.DOOR_FORCED, records.SENSOR_FAULT} & set(host.kinds())


def test_an_expander_that_comes_and_goes_is_reported_once_an_hour(tmp_path: Path) -> None:
    make_flash(tmp_path / "flash")
    world = world_of()

    def flicker() -> None:
        silence(world, 1_500_000)
        world.clock.after(60_000_000, flicker)

    world.clock.at(10_000_000, flicker)
    with FlashImage(tmp_path / "flash") as flash:
        host = TestHost(world)
        Board(world, flash).live_until(600_000)
    assert host.kinds().count(records.LEVEL_LOST) == 1
