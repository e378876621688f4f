"""What goes wrong, at the worst moments: around the edges of every pulse, and in the middle of them."""

import random
from collections import Counter
from collections.abc import Callable

from host_tools.simulator.chip.chip import HARD_RESET, SOFT_RESET, WDT_RESET
from host_tools.simulator.chip.mcp23017 import MCP23017
from host_tools.simulator.trace import Entry
from tests.simulation.guarded import Board

ERRORS = (RuntimeError, MemoryError, OSError, ValueError, KeyboardInterrupt)
RESETS = (HARD_RESET, WDT_RESET, SOFT_RESET)
BY_CHANCE = "by chance"  # what every error that is raised here says
_CHANCE = 0.4  # of trouble at each edge of a coil
_LATEST_US = 450_000  # after the edge
_AWAY_MS = (10, 100, 1000, 5000)
_HANGS_MS = (30, 300, 2000, 20_000)
_WEAK_OHM = 2.0  # a supply of so much resistance, as a fraction, browns out under one coil


class Troubles:
    """Makes trouble for a board, by a seed; `kinds` counts it. Each kind is a method below."""

    def __init__(self, board: Board, rng: random.Random) -> None:
        self._board = board
        self._world = board.world
        self._clock = board.world.clock
        self._rng = rng
        self._resistance = board.world.supply.resistance
        self._next_act: Callable[[], None] | None = None
        self._next_effect: Callable[[], None] | None = None
        self._next_sleep: Callable[[], None] | None = None
        self.kinds: Counter[str] = Counter()
        board.before = self._before
        board.after = self._after
        board.asleep.append(self._asleep)
        board.world.trace.listeners.append(self._look)

    def _look(self, entry: Entry) -> None:
        """At the edge of a coil: something at once, or a little later, or nothing."""
        if entry.kind != "coil" or self._rng.random() > _CHANCE:
            return
        if self._rng.random() < _CHANCE:
            self._make(
                self._rng.choice(
                    (self.error_after_an_act, self.lost_acknowledge, self.deaf_expander, self.weak_supply)
                )
            )
        else:
            self._clock.after(
                self._rng.randint(0, _LATEST_US), lambda: self._make(self._rng.choice(self._all()))
            )

    def _all(self) -> tuple[Callable[[], None], ...]:
        return (
            self.error_before_an_act,
            self.error_after_an_act,
            self.error_in_sleep,
            self.lost_acknowledge,
            self.hang,
            self.deaf_expander,
            self.dead_expander,
            self.weak_supply,
            self.reset,
            self.power_cut,
        )

    def _make(self, trouble: Callable[[], None]) -> None:
        self.kinds[trouble.__name__] += 1
        trouble()

    # The hooks

    def _before(self) -> None:
        act, self._next_act = self._next_act, None
        if act:
            act()

    def _after(self) -> None:
        act, self._next_effect = self._next_effect, None
        if act:
            act()

    def _asleep(self) -> None:
        act, self._next_sleep = self._next_sleep, None
        if act:
            act()

    def _error(self, kind: type[BaseException] | None = None) -> Callable[[], None]:
        kind = kind or self._rng.choice(ERRORS)

        def fail() -> None:
            raise kind(BY_CHANCE)

        return fail

    # What goes wrong

    def error_before_an_act(self) -> None:
        self._next_act = self._error()

    def error_after_an_act(self) -> None:
        self._next_effect = self._error()

    def error_in_sleep(self) -> None:
        self._next_sleep = self._error()

    def lost_acknowledge(self) -> None:
        """The bus does what it is told and fails all the same."""
        self._next_effect = self._error(OSError)

    def hang(self) -> None:
        ms = self._rng.choice(_HANGS_MS)
        self._next_act = lambda: self._board.lose(ms)

    def deaf_expander(self) -> None:
        """Keeps its latches, and acknowledges nothing for a while."""
        until_us = self._clock.now_us() + 1000 * self._rng.choice(_AWAY_MS)
        for expander in self._some():
            expander.acknowledges = lambda chip=expander: (
                self._clock.now_us() >= until_us and MCP23017.acknowledges(chip)
            )

    def dead_expander(self) -> None:
        """Without power for a while."""
        away_us = 1000 * self._rng.choice(_AWAY_MS)
        for expander in self._some():
            expander.power(False)
            self._clock.after(away_us, lambda chip=expander: chip.power(self._world.supply.on))

    def _some(self) -> list[MCP23017]:
        expanders = list(self._world.expanders.values())
        return self._rng.sample(expanders, self._rng.randint(0, len(expanders)))

    def weak_supply(self) -> None:
        supply = self._world.supply
        supply.resistance = _WEAK_OHM
        self._clock.after(
            1000 * self._rng.choice(_AWAY_MS), lambda: setattr(supply, "resistance", self._resistance)
        )

    def reset(self) -> None:
        cause = self._rng.choice(RESETS)
        self._clock.after(0, lambda: self._world.chip.reset(cause))

    def power_cut(self) -> None:
        self._clock.after(0, self._world.power_cut)
        self._clock.after(1000 * self._rng.choice(_AWAY_MS), self._world.power_on)
