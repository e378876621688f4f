"""An I2C bus and what answers on it (NXP UM10204)."""

import errno
from typing import Protocol

from host_tools.simulator.clock import Clock

_BITS_PER_BYTE = 9  # eight and the acknowledge


class Target(Protocol):
    """A chip on the bus. `at_us` is the instant at which the byte has been clocked in or out."""

    def acknowledges(self) -> bool: ...
    def started(self, reading: bool) -> None:
        """A (repeated) start condition has addressed this chip."""

    def written(self, byte: int, at_us: int) -> None: ...
    def read(self, at_us: int) -> int: ...
    def read_block(self, count: int) -> bytes | None:
        """What so many `read`s give whatever their instants;
        None, and nothing has happened, when each is to be made.
        """

    def look(self, register: int, count: int) -> bytes | None:
        """The same when the address of a register has been written ahead of them,
        behind a start condition of its own.
        """


class I2CBus:
    """Two wires with pull-ups.

    Transfers take no time of the program's,
    but each byte has the instant at which the bus would have moved it.

    That instant is what a slow chip (a screen that is still clearing) goes by. While a line is held low every
    transfer raises OSError(ETIMEDOUT): the controller's time-out for SCL, 50 ms unless told otherwise, ends
    it, and MicroPython has that errno for ESP_ERR_TIMEOUT (ports/esp32/machine_i2c.c, machine_hw_i2c_transfer
    and I2C_DEFAULT_TIMEOUT_US). The virtual board takes those 50 ms.
    """

    def __init__(self, clock: Clock, sda: int, scl: int, hz: int) -> None:
        self._clock = clock
        self.pins = (sda, scl)
        self._byte_us = _BITS_PER_BYTE * 1_000_000 / hz
        self._adds_up = (8 * self._byte_us).is_integer()  # without rounding
        self._free_us = 0.0
        self.targets: dict[int, Target] = {}
        self.bytes_moved = 0
        self.broken = False  # SDA or SCL is cut
        self.held = False  # SDA or SCL is held low by a chip or a short

    def _address(self, address: int, reading: bool) -> Target:
        self._tick()
        if self.held:
            raise OSError(errno.ETIMEDOUT, "the bus is held low")
        target = self.targets.get(address)
        if self.broken or target is None or not target.acknowledges():
            raise OSError(errno.ENODEV, f"no chip acknowledges 0x{address:02X}")
        target.started(reading)
        return target

    def _tick(self) -> int:
        now_us, free_us = self._clock.now_us(), self._free_us
        self._free_us = free_us = (free_us if free_us > now_us else now_us) + self._byte_us
        self.bytes_moved += 1
        return int(free_us)

    def write(self, address: int, data: bytes) -> None:
        """Raises OSError(ENODEV) when nothing acknowledges."""
        target = self._address(address, False)
        for byte in data:
            target.written(byte, self._tick())

    def read(self, address: int, count: int) -> bytes:
        """Raises OSError(ENODEV) when nothing acknowledges."""
        target = self._address(address, True)
        block = target.read_block(count)
        if block is None:
            return bytes(target.read(self._tick()) for _ in range(count))
        self._pass(count)
        return block

    def look(self, address: int, register: int, count: int) -> bytes | None:
        """What a chip says when one byte is written and, after a repeated start, so many are read; None, and
        nothing has happened, when that has to be done byte by byte.
        """
        target = None if self.broken or self.held else self.targets.get(address)
        block = target.look(register, count) if target else None
        if block is not None:
            self._tick()
            self._pass(count + 2)
        return block

    def _pass(self, count: int) -> None:
        """So many bytes behind another one."""
        if self._adds_up:
            self._free_us += count * self._byte_us
        else:
            for _ in range(count):  # one by one, so that no rounding differs
                self._free_us += self._byte_us
        self.bytes_moved += count
