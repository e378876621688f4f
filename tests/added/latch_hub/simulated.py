"""Latch hubs on the I2C bus, with what goes wrong with them."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from host_tools.simulator.cabinet.door import Door
from host_tools.simulator.clock import Clock

if TYPE_CHECKING:
    from host_tools.simulator.world import World

_UNLOCK = 1
_RELEASES_US = 80_000  # after it was told
_RESTS_US = 500_000


class LatchHub:
    """One hub: `silent` once its plug is out, `busy` while a service tool at its other port moves a latch."""

    def __init__(self, doors: dict[int, Door], clock: Clock) -> None:
        self._doors = doors
        self._clock = clock
        self._told: list[int] = []
        self._works = False
        self.silent = False
        self.busy = False
        self.unlocked: list[int] = []  # the latches that were moved

    def acknowledges(self) -> bool:
        return not self.silent

    def started(self, reading: bool) -> None:
        self._told = []

    def written(self, byte: int, at_us: int) -> None:
        self._told.append(byte)
        match self._told:
            case [int(order), latch] if (
                order == _UNLOCK and latch in self._doors and not (self._works or self.busy)
            ):
                self._works = True
                self.unlocked.append(latch)
                self._clock.after(_RELEASES_US, self._plunge(latch, True))
                self._clock.after(_RESTS_US, self._plunge(latch, False))

    def _plunge(self, latch: int, drawn: bool) -> Callable[[], None]:
        def act() -> None:
            self._doors[latch].plunger(drawn)
            self._works = drawn

        return act

    def read(self, at_us: int) -> int:
        return int(self._works or self.busy)

    def read_block(self, count: int) -> bytes | None:
        return bytes([self.read(0)] * count)

    def look(self, register: int, count: int) -> bytes | None:
        return None


def fitted(world: "World") -> dict[int, LatchHub]:
    """The hubs of a world by their addresses;
    the latches of a door that names another hub are out of reach.
    """
    settings = world.board.locks
    hubs: dict[int, LatchHub] = {}
    for hub in range(settings["hubs"]):
        doors = {
            door.lock & 15: world.doors[door.number] for door in world.board.doors if door.lock >> 4 == hub
        }
        hubs[settings["address"] + hub] = LatchHub(doors, world.clock)
    world.chip.buses[0].targets.update(hubs)
    return hubs
