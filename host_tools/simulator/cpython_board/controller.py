"""The owner of the program on the simulated chip:
starts it at each boot, kills it at each reset and power cut.
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Self

from host_tools.simulator.chip.chip import HARD_RESET, PowerLost
from host_tools.simulator.chip.flash import FlashImage
from host_tools.simulator.chip.network import Network
from host_tools.simulator.clock import VirtualClock
from host_tools.simulator.cpython_board.hal import SimulatedHal
from host_tools.simulator.cpython_board.loop import VirtualTimeLoop
from host_tools.simulator.world import World

Program = Callable[[SimulatedHal], Coroutine[Any, Any, object]]


class Controller:
    """Runs `program(hal)` on a world's chip.

    It is killed where it stands: its seam is dead at once, so no clean-up of its own counts.

    In an ordinary loop await `run_until` and, at the end, `stop`;
    for virtual time there is `VirtualController`.
    """

    def __init__(
        self, world: World, program: Program, flash: FlashImage | None = None, network: Network | None = None
    ) -> None:
        self._world = world
        self._program = program
        self._flash = flash
        self._network = network
        self._task: asyncio.Task[object] | None = None
        self._ended: asyncio.Future[None] | None = None
        self.boots = 0

    async def run_until(self, us: int) -> None:
        """Lets the world run up to that instant.

        Raises what the program raised, if it did; a program that returns just stops.
        """
        self._ended = asyncio.get_running_loop().create_future()
        chip = self._world.chip
        chip.on_reset.append(self._start)
        chip.on_power_cut.append(self._kill)
        end = self._world.clock.at(us, self._end)
        try:
            if chip.powered and not self.boots:
                if chip.used:  # by an earlier program: this one finds a chip as after its reset button
                    chip.reset(HARD_RESET)
                else:
                    self._start(chip.reset_cause)
            await self._ended
        finally:
            end.cancel()
            chip.on_reset.remove(self._start)
            chip.on_power_cut.remove(self._kill)

    async def stop(self) -> None:
        """Takes the program off the chip, as a cut of its power would, and waits until it is gone."""
        task, self._task = self._task, None
        if task and not task.done():
            task.cancel()
            await asyncio.wait([task])

    def _start(self, cause: int) -> None:
        self._kill()
        self.boots += 1
        self._world.chip.used = True
        hal = SimulatedHal(self._world, self._flash, self._network)
        self._task = asyncio.get_running_loop().create_task(self._program(hal))
        self._task.add_done_callback(self._seen)

    def _kill(self) -> None:
        task, self._task = self._task, None
        if task and not task.done():
            task.cancel()

    def _seen(self, task: "asyncio.Task[object]") -> None:
        """A program may end because its chip did; any other exception is for the caller."""
        error = None if task.cancelled() else task.exception()
        if error and not isinstance(error, PowerLost) and self._ended and not self._ended.done():
            self._ended.set_exception(error)

    def _end(self) -> None:
        if self._ended and not self._ended.done():
            self._ended.set_result(None)


class VirtualController(Controller):
    """A Controller of a world with a VirtualClock, in a loop of its own. Use as a context manager."""

    def __init__(
        self, world: World, program: Program, flash: FlashImage | None = None, network: Network | None = None
    ) -> None:
        super().__init__(world, program, flash, network)
        clock = world.clock
        if not isinstance(clock, VirtualClock):
            raise TypeError("virtual time needs a VirtualClock")
        self._runner = asyncio.Runner(loop_factory=lambda: VirtualTimeLoop(clock))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._runner.run(self.stop())
        self._runner.close()

    def live_until(self, ms: int) -> None:
        """Lets world and program live up to that time of the world, in no time; may be called again for more.

        Raises what the program raised.
        """
        self._runner.run(self.run_until(ms * 1000))


def simulate(
    world: World,
    program: Program,
    until_ms: int,
    flash: FlashImage | None = None,
    network: Network | None = None,
) -> Controller:
    """Runs a program on a world with a VirtualClock up to that time and takes it off the chip;
    the ended Controller.
    """
    with VirtualController(world, program, flash, network) as controller:
        controller.live_until(until_ms)
    return controller
