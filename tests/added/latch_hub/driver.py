"""Latch hubs: controllers of their own on the I2C bus, each with up to 16 motor latches.

A door's `lock` is the number of its hub in the high four bits, counted from the first address,
and its latch there in the low four.
"""

from adafruit_bus_device.i2c_device import I2CDevice

from locker.compat import TYPE_CHECKING, const

if TYPE_CHECKING:
    from typing import Any

_UNLOCK = const(1)
_WORKING = const(1)  # of a hub: one of its latches moves
_LONGEST_MS = const(900)


class LatchHubs:
    """`doors` are the cabinet's, `bus` is its I2C bus, `first` the address of the first hub.

    See `LockDriver` in locker/hal/seam.pyi.
    """

    def __init__(self, doors: "Any", bus: "Any", first: int) -> None:
        self._bus = bus
        self._latches = {door.number: (first + (door.lock >> 4), door.lock & 15) for door in doors}
        self._told_ms = 0
        self.active = 0

    def unlock(self, door: int, now_ms: int) -> bool:
        """Tells the door's hub; False while one of its latches moves.

        Raises OSError for a hub that does not answer.
        """
        if self.active or self._state(door) == _WORKING:
            return False
        address, latch = self._latches[door]
        with I2CDevice(self._bus, address, False) as hub:
            hub.write(bytes((_UNLOCK, latch)))
        self.active = door
        self._told_ms = now_ms
        return True

    def step(self, now_ms: int) -> int:
        """The door whose latch is at rest again, or whose hub has said nothing of it for too long; else 0."""
        door = self.active
        if not door:
            return 0
        try:
            works = self._state(door) == _WORKING
        except OSError:
            works = True  # as far as anybody knows
        if works and now_ms - self._told_ms < _LONGEST_MS:
            return 0
        self.active = 0
        return door

    def _state(self, door: int) -> int:
        said = bytearray(1)
        with I2CDevice(self._bus, self._latches[door][0], False) as hub:
            hub.readinto(said)
        return said[0]

    def recount(self, door: int, start_ms: int) -> None:
        """A motor stays cool."""

    def all_off(self) -> None:
        """A latch that moves comes to rest by itself."""


def fitted(board: "Any", bus: "Any") -> LatchHubs:
    """The hubs of a cabinet."""
    return LatchHubs(board.doors, bus, board.locks["address"])
