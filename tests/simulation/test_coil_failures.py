"""Theorem: whatever fails during a pulse, at whichever act of the program on its hardware,
the coil is off at that instant.

When nothing fails but the program hangs, the backstop cuts the coil 100 ms after the pulse should have ended.
Every act of the program from the command of the pulse to its end is tried, before it and after it, and each
sleep in between.
"""

import gc
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from host_tools.simulator.chip.chip import HARD_RESET, SOFT_RESET, WDT_RESET
from host_tools.simulator.chip.flash import FlashImage
from host_tools.simulator.chip.network import Network
from host_tools.simulator.clock import VirtualClock
from host_tools.simulator.world import World, board_named
from locker.board import Board as BoardDefinition
from tests.simulation.coil_judge import CoilJudge
from tests.simulation.guarded import Board
from tests.simulation.stage import make_flash
from tests.simulation.troubles import ERRORS

DOOR = 2
COMMANDED_MS = 100
PULSE_MS = 400
BACKSTOP_MS = 100
LATCHED_MS = 50  # from a reset to the moment when latches that it did not clear are clear
RESETS = (HARD_RESET, WDT_RESET, SOFT_RESET)
BOARDS = {name: board_named(name) for name in ("devkit_4", "wall_12")}
# Refused by the host, but the firmware does what it can.
UNWIRED = BOARDS["wall_12"]._replace(expander_reset=None)
Trouble = Callable[[Board, int], None]


class Pulsed:
    """A board that is commanded one pulse, and what happens to it at one of its acts or sleeps meanwhile,
    counted from the command.
    """

    def __init__(
        self, definition: BoardDefinition, flash: FlashImage, at: int = 0, trouble: Trouble | None = None
    ) -> None:
        world = World(definition, VirtualClock(), 1)
        self.board = Board(world, flash, None if world.board.link else Network(world.clock, random.Random(1)))
        self.judge = CoilJudge(world, (PULSE_MS + BACKSTOP_MS) * 1000)
        self.acts = 0
        self.off_at_once = self.off_soon = True
        self._at = at
        self._trouble = trouble
        self._commanded = False
        self.board.before = self.board.after = self._act
        self.board.asleep.append(self._asleep)
        self.board.live_until(COMMANDED_MS + PULSE_MS + 2 * BACKSTOP_MS)

    def _asleep(self) -> None:
        app = self.board.app
        if self._commanded:
            self._act()
        elif app and app._hal.now_ms() >= COMMANDED_MS:
            self._commanded = True
            app._locks.unlock(DOOR, app._hal.now_ms())

    def _act(self) -> None:
        clock = self.board.world.clock
        if self._commanded and clock.now_ms() <= COMMANDED_MS + PULSE_MS:
            self.acts += 1
            if self.acts == self._at and self._trouble:
                clock.at(clock.now_us(), self._look_at_once)
                clock.after(LATCHED_MS * 1000, self._look_soon)
                self._trouble(self.board, self.acts)

    def _look_at_once(self) -> None:
        """No time has passed, but the program has had its say."""
        self.off_at_once = self.judge.all_off()

    def _look_soon(self) -> None:
        self.off_soon = self.judge.all_off()


def error(board: Board, at: int) -> None:
    raise ERRORS[at % len(ERRORS)]


def reset(board: Board, at: int) -> None:
    board.world.chip.reset(RESETS[at % len(RESETS)])


def power_cut(board: Board, at: int) -> None:
    board.world.power_cut()


def hang(board: Board, at: int) -> None:
    board.lose(2000)


@pytest.fixture(params=BOARDS)
def name(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def flash(name: str, tmp_path: Path) -> Iterator[FlashImage]:
    """Provisioned; the boards of one test share it, since what it holds moves no coil."""
    make_flash(tmp_path / "flash", name)
    with FlashImage(tmp_path / "flash") as image:
        yield image
    gc.collect()  # a world is a large ring of objects


def acts_of(definition: BoardDefinition, flash: FlashImage, every: int) -> list[int]:
    """Of the acts during a pulse the first, in which it begins, the last,
    in which it ends, and some of the many in between.
    """
    pulsed = Pulsed(definition, flash)
    pulsed.judge.check()
    assert pulsed.judge.longest_seen_us == PULSE_MS * 1000
    assert pulsed.acts > 200
    return [at for at in range(1, pulsed.acts + 1) if at <= 30 or at % every == 0 or at > pulsed.acts - 30]


def check_failing(definition: BoardDefinition, flash: FlashImage, trouble: Trouble, every: int) -> None:
    for at in acts_of(definition, flash, every):
        pulsed = Pulsed(definition, flash, at, trouble)
        pulsed.judge.check()
        crashes, boots = pulsed.board.crashes, pulsed.board.world.chip.boots
        ended = crashes or boots > 1 or not pulsed.board.world.supply.on
        assert pulsed.off_at_once or not ended, f"act {at}"
        assert boots > 1 or not any(isinstance(crash, Exception) for crash in crashes), (
            f"act {at}: the guard starts the board afresh"
        )


@pytest.mark.parametrize("trouble", [error, reset, power_cut])
def test_when_the_program_ends_in_a_pulse_the_coil_is_off_at_that_instant(
    name: str, flash: FlashImage, trouble: Trouble
) -> None:
    check_failing(BOARDS[name], flash, trouble, every=7)


@pytest.mark.soak
@pytest.mark.parametrize("kind", range(len(ERRORS)))
def test_no_error_at_any_act_of_a_pulse_leaves_the_coil_on(name: str, flash: FlashImage, kind: int) -> None:
    check_failing(BOARDS[name], flash, lambda board, at: error(board, kind), every=1)


def test_a_program_that_hangs_when_the_timer_is_armed_is_cut_by_it(name: str, flash: FlashImage) -> None:
    hung = 0
    for at in acts_of(BOARDS[name], flash, every=7):
        pulsed = Pulsed(BOARDS[name], flash, at, hang)
        pulsed.judge.check()
        hung += pulsed.board.world.chip.boots > 1
    assert hung > 50


@pytest.mark.parametrize("name", ["wall_12"], indirect=True)
def test_a_latch_that_survives_the_reset_of_the_controller_is_clear_within_50_ms(
    name: str, flash: FlashImage
) -> None:
    survived = []

    def reset_only_the_chip(board: Board, at: int) -> None:
        reset(board, at)
        survived.append(board.world.coils[DOOR].energised)

    for at in acts_of(UNWIRED, flash, every=7):
        pulsed = Pulsed(UNWIRED, flash, at, reset_only_the_chip)
        assert pulsed.off_soon, f"act {at}"
        assert not pulsed.board.world.trace.violations
    assert sum(survived) > 50
