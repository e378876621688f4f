"""What the whole firmware does with an expander that is silent at the worst moment: the coil is off, and the cabinet helps itself."""

from pathlib import Path

import pytest

from host_tools.simulator.clock import VirtualClock
from host_tools.simulator.flash import FlashImage
from host_tools.simulator.mcp23017 import MCP23017
from host_tools.simulator.people import send
from host_tools.simulator.trace import Entry
from host_tools.simulator.world import World, board_named
from locker.core import records
from tests.simulation.coil_judge import CoilJudge
from tests.simulation.guarded import Board
from tests.simulation.stage import TestHost, make_flash
from tests.simulation.test_parcel_life import LIFE, life_in

PULSE_US = 400_000
STEP_US = 20_000


def world_of(name: str = "wall_12") -> World:
    return World(board_named(name), VirtualClock(), 1)


def silence(world: World, us: int) -> None:
    """All expanders keep their latches and acknowledge nothing."""
    until_us = world.clock.now_us() + us
    for expander in world.expanders.values():
        expander.acknowledges = lambda chip=expander: world.clock.now_us() >= until_us and MCP23017.acknowledges(chip)


@pytest.mark.parametrize("for_us", [100_000, 2_000_000])
def test_an_expander_that_is_silent_when_a_pulse_ends_costs_neither_the_coil_nor_the_visit(tmp_path: Path, for_us: int) -> None:
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


def test_a_cabinet_with_a_silent_expander_at_the_start_goes_into_service_when_it_answers(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_flash(tmp_path / "flash")
    world = world_of()
    world.expanders[0x21].power(False)
    world.clock.at(22_000_000, lambda: world.expanders[0x21].power(True))
    with FlashImage(tmp_path / "flash") as flash:
        host = TestHost(world)
        life = send(world, life_in(world), 36_000)
        board = Board(world, flash)
        board.live_until(150_000)
    assert not board.crashes
    assert world.chip.boots == 6
    assert capsys.readouterr().out.splitlines() == ["Not in service: the expander at 0x21 does not answer"] * 5 + ["In service"]
    assert life.error is None
    assert life.result[1:] == (False, True)
    assert host.kinds() == LIFE


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
