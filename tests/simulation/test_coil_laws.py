"""Theorem: whatever is commanded, in any order, and whatever fails meanwhile, the coils keep their limits.

Never longer than a pulse and its backstop, never two at once, at most 10 % of a minute each and 30 pulses a
minute in all, however often the board starts afresh in it, off whenever the firmware does not run. The
firmware is the whole one, under its guard; commands go to the place where the core's effects go, each
journaled as the core does it, so that they may come in any order. The judge sees the simulated coils only.
"""

import gc
import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from host_tools.simulator.chip.flash import FlashImage
from host_tools.simulator.chip.network import Network
from host_tools.simulator.clock import VirtualClock
from host_tools.simulator.world import World, board_named
from locker.contract import records
from locker.core.effects import Record, Unlock
from locker.shell.app import App
from tests.simulation.coil_judge import CoilJudge
from tests.simulation.guarded import Board
from tests.simulation.stage import make_flash
from tests.simulation.troubles import BY_CHANCE, Troubles

STEP_US = 20_000
BACKSTOP_US = 100_000
EAGERNESS = (0.0, 0.1, 0.5, 1.0, 1.0)  # commands per step
IN_TROUBLE = (0.1, 1.0)
SETTLED_MS = 5000  # after boot; the core checks no number before


class Commander:
    """Commands pulses without any sense: of all doors or of some,
    seldom or at each step, for some seconds at a time.

    `in_turn` as the core does, which waits until a pulse has ended: then each record stands for a pulse.
    """

    def __init__(
        self, board: Board, rng: random.Random, eagerness: tuple[float, ...], in_turn: bool = False
    ) -> None:
        self._board = board
        self._in_turn = in_turn
        self._rng = rng
        self._moods = eagerness
        self._until_us = 0
        self._doors: list[int] = []
        self._eagerness = 0.0
        self.commands = 0
        board.asleep.append(self._command)

    def _command(self) -> None:
        rng, world, app = self._rng, self._board.world, self._board.app
        if world.clock.now_us() >= self._until_us:
            self._until_us = world.clock.now_us() + rng.randint(1, 30) * 1_000_000
            doors = list(world.coils)
            self._doors = rng.choice((doors, doors[:2], [rng.choice(doors)]))
            self._eagerness = rng.choice(self._moods)
        if app and app._hal.now_ms() >= SETTLED_MS and rng.random() < self._eagerness:
            self.commands += 1
            self._give(app, rng.choice(self._doors))

    def _give(self, app: App, door: int) -> None:
        now_ms = app._hal.now_ms()
        if self._in_turn and (app._locks._door or app._peripherals.locks.active):
            return  # the core would wait, too
        app._perform([Record(records.PULSED, door, 1, 0), Unlock(door)], now_ms)
        if self.commands % 100 == 0:  # the host takes what there is
            app._journal.acknowledge(app._journal.next_number - 1, now_ms // 100)


@contextmanager
def board_on(path: Path, name: str, seed: int) -> Iterator[Board]:
    """A provisioned board of that definition, with a flash of its own."""
    make_flash(path, name)
    world = World(board_named(name), VirtualClock(), seed)
    network = None if world.board.link else Network(world.clock, random.Random(seed))
    with FlashImage(path, seed) as flash:
        yield Board(world, flash, network)
    gc.collect()  # a world is a large ring of objects


def pulse_us(board: Board) -> int:
    return board.world.board.pulse_ms * 1000


def check_sound(path: Path, name: str, minutes: int, seed: int) -> int:
    """Commands on a sound board; how many."""
    with board_on(path, name, seed) as board:
        judge = CoilJudge(board.world, pulse_us(board) + STEP_US - 1)
        commander = Commander(board, random.Random(seed), EAGERNESS)
        board.live_until(minutes * 60_000)
        judge.check()
        assert not board.crashes
        assert board.world.chip.boots == 1
        assert judge.pulses > 10 * minutes
        return commander.commands


def check_troubled(path: Path, name: str, minutes: int, seed: int) -> int:
    """Commands on a board in all kinds of trouble; how many."""
    with board_on(path, name, seed) as board:
        judge = CoilJudge(board.world, pulse_us(board) + STEP_US + BACKSTOP_US)
        commander = Commander(board, random.Random(seed), IN_TROUBLE, in_turn=True)
        troubles = Troubles(board, random.Random(-seed))
        board.live_until(minutes * 60_000)
        judge.check()
        assert all(BY_CHANCE in error.args or isinstance(error, OSError) for error in board.crashes)
        assert judge.pulses > 5 * minutes
        assert len(troubles.kinds) == 10
        return commander.commands


# Minutes, and the commands they come to at least: 100,000 in all.
SOUND = {"devkit_4": (36, 61_000), "wall_12": (20, 32_000), "tower_24": (4, 7_500)}
TROUBLED = {"devkit_4": (20, 2_500), "wall_12": (12, 1_000)}


@pytest.mark.parametrize("name", SOUND)
def test_a_sound_board_keeps_its_coils_within_their_limits_whatever_is_commanded(
    tmp_path: Path, name: str
) -> None:
    minutes, commands_min = SOUND[name]
    assert check_sound(tmp_path / "flash", name, minutes, seed=1) >= commands_min


@pytest.mark.parametrize("name", TROUBLED)
def test_a_board_in_trouble_keeps_its_coils_within_their_limits_whatever_is_commanded(
    tmp_path: Path, name: str
) -> None:
    minutes, commands_min = TROUBLED[name]
    assert check_troubled(tmp_path / "flash", name, minutes, seed=1) >= commands_min


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(2, 13))
@pytest.mark.parametrize("name", SOUND)
def test_a_million_commands_are_no_different(tmp_path: Path, name: str, seed: int) -> None:
    check_sound(tmp_path / "flash", name, SOUND[name][0], seed)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(2, 13))
@pytest.mark.parametrize("name", TROUBLED)
def test_a_hundred_thousand_commands_in_trouble_are_no_different(
    tmp_path: Path, name: str, seed: int
) -> None:
    check_troubled(tmp_path / "flash", name, TROUBLED[name][0], seed)
