"""The owner of the program on the simulated chip: starts it at each boot, kills it at each reset and power cut."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from host_tools.simulator.chip import PowerLost
from host_tools.simulator.clock import VirtualClock
from host_tools.simulator.flash import FlashImage
from host_tools.simulator.hal import SimulatedHal
from host_tools.simulator.loop import VirtualTimeLoop
from host_tools.simulator.network import Network
from host_tools.simulator.world import World

Program = Callable[[SimulatedHal], Coroutine[Any, Any, object]]


class Controller:
    """Runs `program(hal)` on a world's chip. It is killed where it stands: its seam is dead at once, so no clean-up of its own counts."""

    def __init__(self, world: World, program: Program, flash: FlashImage | None = None, network: Network | None = None) -> None:
        self._world = world
        self._program = program
        self._flash = flash
        self._network = network
        self._task: asyncio.Task[object] | None = None
        self._ended: asyncio.Future[None] | None = None
        self.boots = 0

    async def run_until(self, us: int) -> None:
        """Lets the world run up to that instant. Raises what the program raised, if it did; a program that returns just stops."""
        self._ended = asyncio.get_running_loop().create_future()
        chip = self._world.chip
        chip.on_reset.append(self._start)
        chip.on_power_cut.append(self._kill)
        end = self._world.clock.at(us, self._end)
        try:
            if chip.powered and self._task is None:
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


def simulate(world: World, program: Program, until_ms: int, flash: FlashImage | None = None, network: Network | None = None) -> Controller:
    """Runs a program on a world with a VirtualClock up to that instant, in virtual time; the ended Controller."""
    clock = world.clock
    if not isinstance(clock, VirtualClock):
        raise TypeError("virtual time needs a VirtualClock")
    controller = Controller(world, program, flash, network)

    async def story() -> None:
        await controller.run_until(until_ms * 1000)
        await controller.stop()

    with asyncio.Runner(loop_factory=lambda: VirtualTimeLoop(clock)) as runner:
        runner.run(story())
    return controller
