"""The firmware as a board runs it: `locker.shell.start`, guard and all, on a simulated chip,
with what can go wrong in the middle of it.

One thread and no event loop, as on the board; time passes where the program sleeps.
"""

import sys
from collections.abc import Callable, Coroutine, Generator
from typing import Any

import pytest

from host_tools.simulator.chip.chip import HARD_RESET, PowerLost
from host_tools.simulator.chip.flash import FlashImage
from host_tools.simulator.chip.network import Network
from host_tools.simulator.clock import VirtualClock
from host_tools.simulator.cpython_board.hal import SimulatedBus, SimulatedHal
from host_tools.simulator.world import World
from locker.shell import start as starter
from locker.shell.app import App
from tests.simulation.stage import IDENTITY

_FOUND_US = 2_000_000
_STARTS_IN_NO_TIME_MAX = 20


class Over(BaseException):
    """The time of the story is over."""


class Pause:
    """What the program awaits: so many milliseconds."""

    def __init__(self, ms: int) -> None:
        self._ms = ms

    def __await__(self) -> Generator[int, None, None]:
        yield self._ms


class Board:
    """A simulated chip that runs the firmware whenever it has power, for one story.

    Two seconds at the prompt, and somebody resets it.

    `before` and `after` are called around every act of the program on the hardware and may raise or `lose`
    time; those in `asleep` are called whenever the program has slept, and may raise too. `crashes` are the
    errors that the guard, or the prompt behind it, tells of.
    """

    def __init__(self, world: World, flash: FlashImage, network: Network | None = None) -> None:
        if not isinstance(world.clock, VirtualClock):
            raise TypeError("virtual time needs a VirtualClock")
        self.world = world
        self._clock = world.clock
        self.flash = flash
        self.network = network
        self.settings = {"host": "h", "port": 1} if network else {"serial": True}
        self.before: Callable[[], None] | None = None
        self.after: Callable[[], None] | None = None
        self.asleep: list[Callable[[], None]] = []
        self.app: App | None = None
        self.crashes: list[BaseException] = []
        self.armed = False  # the hardware timer behind a pulse
        self._end_us = 0
        self._starts_in_no_time = 0
        self._in_program = True  # and not in an interrupt, where no program is to be disturbed

    def live_until(self, ms: int) -> None:
        """Starts the firmware, and again after each reset, until that time of the world."""
        self._end_us = ms * 1000
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(starter, "App", self._build)
            patch.setattr(
                starter, "read_json", lambda path: IDENTITY if path == "/identity.json" else self.settings
            )
            patch.setattr(sys, "print_exception", self.crashes.append, raising=False)
            while self._clock.now_us() < self._end_us:
                self._live()

    def _live(self) -> None:
        """One start and the time at the prompt after it, or the time without power."""
        chip, began_us, boots = self.world.chip, self._clock.now_us(), self.world.chip.boots
        if not chip.powered:
            self._pass(self._end_us)
            return
        self._start()
        found_us = self._clock.now_us() + _FOUND_US
        while chip.powered and chip.boots == boots and self._clock.now_us() < self._end_us:
            self._pass(min(found_us, self._end_us))
            if self._clock.now_us() == found_us:
                chip.reset(HARD_RESET)
        self._starts_in_no_time = self._starts_in_no_time + 1 if self._clock.now_us() == began_us else 0
        assert self._starts_in_no_time < _STARTS_IN_NO_TIME_MAX, (
            f"it starts over and over: {self.crashes[-1:]}"
        )

    def _build(self, *parts: Any) -> App:
        self.app = App(*parts)
        return self.app

    def _start(self) -> None:
        self.app = None
        self.armed = False
        hal = GuardedHal(self)
        try:
            starter.start(lambda: hal)
        except (PowerLost, Over):
            return
        except (Exception, KeyboardInterrupt) as error:
            self.crashes.append(error)

    def _pass(self, until_us: int) -> None:
        """To the next event of the world."""
        due = self._clock.next_due_us()
        self._advance_to(until_us if due is None else min(due, until_us))

    def _advance_to(self, us: int) -> None:
        self._in_program = False
        try:
            self._clock.advance_to(us)
        finally:
            self._in_program = True

    def lose(self, ms: int) -> None:
        """The program hangs for so long, wherever it is."""
        self._advance_to(self._clock.now_us() + ms * 1000)

    def sleeps(self, ms: int) -> None:
        """The program sleeps."""
        until_us = self._clock.now_us() + ms * 1000
        self._advance_to(min(until_us, self._end_us))
        if until_us > self._end_us:
            raise Over

    def acts(self, hook: Callable[[], None] | None) -> bool:
        """Calls one of the two hooks; whether it did."""
        if hook is None or not self._in_program:
            return False
        hook()
        return True


class GuardedHal(SimulatedHal):
    """The seam of one boot, which runs its coroutine itself."""

    def __init__(self, board: Board) -> None:
        self._guarded = board
        super().__init__(board.world, board.flash, board.network)

    def alive(self) -> None:
        super().alive()
        before = self._guarded.before
        if before and self._guarded.acts(before):
            super().alive()

    def did(self) -> None:
        """The hardware has just done what it was told."""
        if self._guarded.after:
            self._guarded.acts(self._guarded.after)

    def bus(self) -> "GuardedBus":
        return GuardedBus(self)

    def _pin(self, number: int) -> Callable[..., int | None]:
        inner = super()._pin(number)

        def pin(*level: int) -> int | None:
            value = inner(*level)
            if level:
                self.did()
            return value

        return pin

    def one_shot(self, ms: int, action: Callable[[], None]) -> None:
        super().one_shot(ms, action)
        self._guarded.armed = ms > 0

    async def sleep_ms(self, ms: int) -> None:
        await Pause(ms)

    def run(self, coroutine: Coroutine[int, None, None]) -> None:
        try:
            while True:
                ms = coroutine.send(None)
                try:
                    self._guarded.sleeps(ms)
                    super().alive()
                    for hook in self._guarded.asleep:
                        hook()
                except BaseException as end:
                    coroutine.throw(end)
        except StopIteration:
            return


class GuardedBus(SimulatedBus):
    """The board's bus; an act that has reached its chip may still end badly."""

    def __init__(self, hal: GuardedHal) -> None:
        super().__init__(hal)
        self._did = hal.did

    def writeto(self, *args: Any, **kwargs: Any) -> None:
        super().writeto(*args, **kwargs)
        self._did()
