"""The seam on CPython: `firmware/locker/hal/seam.pyi` over the simulated chip, for one boot."""

import asyncio
import errno
from collections.abc import Callable
from functools import cache
from io import BytesIO
from typing import Any

from host_tools.bundle.texts import catalogue, languages
from host_tools.simulator.chip.chip import HARD_RESET, PWRON_RESET, SOFT_RESET, WDT_RESET, PowerLost
from host_tools.simulator.chip.flash import FlashImage, PartitionFlash
from host_tools.simulator.chip.network import Network
from host_tools.simulator.chip.nvs import Namespace
from host_tools.simulator.clock import Event
from host_tools.simulator.cpython_board.loop import VirtualTimeLoop
from host_tools.simulator.cpython_board.sockets import Sockets, tcp_carrier
from host_tools.simulator.world import World
from locker.contract import records
from locker.wire.station import TURN_MS, Station

_BEEP_DUTY = 32_768
_UART_BYTES = 640  # all that its buffers hold
_FLASH_OP_FAIL = -24_577  # as MicroPython has it of the IDF
MARKS = "ansim"  # the namespace of the NVS that locker.hal.esp32 opens
_catalogue, _languages = cache(catalogue), cache(languages)
_CAUSES = {
    PWRON_RESET: records.RESET_POWER,
    HARD_RESET: records.RESET_HARD,
    WDT_RESET: records.RESET_WATCHDOG,
    SOFT_RESET: records.RESET_SOFT,
}


class SimulatedHal:
    """The Hal of one boot.

    Once the chip has been reset or has lost its power, every call raises PowerLost: what a dead program still
    wants to do in its `finally:` never reaches the world, as on the chip.
    """

    def __init__(self, world: World, flash: FlashImage | None = None, network: Network | None = None) -> None:
        self.board = world.board
        self._world = world
        self._chip = world.chip
        self._clock = world.clock
        self._passes = world.clock.passes
        self._flash = flash
        self._network = network
        self._boot = world.chip.boots
        self._start_us = world.clock.now_us()
        self._timer: Event | None = None
        self.calibrated = True
        self.clock_s = 0  # the time of day that the host has told, since 1970

    def alive(self) -> None:
        """Raises PowerLost when this boot is over."""
        if self._passes:
            self._clock.settle()
        if not self._chip.powered or self._chip.boots != self._boot:
            raise PowerLost

    def now_ms(self) -> int:
        self.alive()
        return (self._clock.now_us() - self._start_us) // 1000

    async def sleep_ms(self, ms: int) -> None:
        self.alive()
        loop = asyncio.get_running_loop()
        await (loop.pause(ms * 1000) if isinstance(loop, VirtualTimeLoop) else asyncio.sleep(ms / 1000))
        self.alive()

    def entropy(self, count: int) -> bytes:
        self.alive()
        return self._chip.entropy(count)

    def uid(self) -> bytes:
        return self._chip.uid

    def output(self, number: int, level: int) -> Callable[..., int | None]:
        self.alive()
        self._chip.pin_write(number, level)
        self._chip.pin_mode(number, "out", 0)
        return self._pin(number)

    def open_drain(self, number: int) -> Callable[..., int | None]:
        self.alive()
        self._chip.pin_write(number, 1)
        self._chip.pin_mode(number, "open_drain", 0)
        return self._pin(number)

    def input(self, number: int, pull: int) -> Callable[..., int | None]:
        self.alive()
        self._chip.pin_mode(number, "in", pull)
        return self._pin(number)

    def millivolts(self, number: int) -> Callable[[], int]:
        alive, chip = self.alive, self._chip
        chip.adc_mv(number)  # there is such a pin

        def read() -> int:
            alive()
            return chip.millivolts(number)

        return read

    def tone(self, number: int) -> Callable[[int], None]:
        def sound(hz: int) -> None:
            self.alive()
            self._chip.pwm(number, hz, _BEEP_DUTY if hz else 0)

        return sound

    def bus(self) -> "SimulatedBus":
        return SimulatedBus(self)

    def journal(self) -> "SimulatedFlash":
        self.alive()
        partition = self._flash.partition("journal") if self._flash else None
        if self._flash is None or partition is None:
            raise OSError(errno.ENODEV, "the flash has no partition labelled journal")
        return SimulatedFlash(
            self, partition, Namespace(self._flash, MARKS, self.alive, lambda: self._chip.storage_is_full)
        )

    def catalogue(self, language: str) -> BytesIO:
        self.alive()
        if language not in _languages():
            raise OSError(errno.ENOENT, f"no catalogue in {language}")
        return BytesIO(_catalogue(language))

    def carrier(self, settings: dict[str, Any], draw: Callable[[int], int]) -> Any:
        self.alive()
        if settings.get("bus"):
            return SimulatedRs485(self, settings["bus"])
        if settings.get("serial"):
            return SimulatedSerial(self)
        if self._network is None:
            raise OSError(errno.ENODEV, "this world has no network")
        self._chip.radio.on_air = [self._network.switch]
        return tcp_carrier(Sockets(self._chip.radio, self._network, self.alive), settings, draw)

    def one_shot(self, ms: int, action: Callable[[], None]) -> None:
        self.alive()
        if self._timer:
            self._timer.cancel()
        self._timer = self._clock.after(ms * 1000, lambda: self._expire(action)) if ms else None

    def later(self, ms: int, action: Callable[[], None]) -> None:
        """Another hardware timer: runs `action` after ms."""
        self._clock.after(ms * 1000, lambda: self._expire(action))

    def watchdog(self, timeout_ms: int) -> Callable[[], None]:
        self.alive()
        self._chip.watchdog(timeout_ms)

        def feed() -> None:
            self.alive()
            self._chip.watchdog_feed()

        return feed

    def set_clock(self, seconds: int) -> None:
        self.alive()
        self.clock_s = max(self.clock_s, seconds)

    def clock_ms(self) -> int:
        self.alive()
        return self._clock.now_us() // 1000

    def scratch(self, data: bytes | None = None) -> bytes | None:
        self.alive()
        if data is None:
            return self._chip.rtc_memory
        self._chip.rtc_memory = bytes(data)
        return None

    def reset_cause(self) -> int:
        return _CAUSES.get(self._chip.reset_cause, records.RESET_UNKNOWN)

    def reset(self) -> None:
        """Never returns: raises PowerLost in the program that called it."""
        self.alive()
        self._chip.reset(HARD_RESET)
        raise PowerLost

    @property
    def chip(self) -> Any:
        """The chip, for the parts of this seam that have been made sure to be alive."""
        self.alive()
        return self._chip

    def _pin(self, number: int) -> Callable[..., int | None]:
        alive, read, write = self.alive, self._chip.level, self._chip.pin_write

        def pin(*level: int) -> int | None:
            alive()
            return write(number, *level) if level else read(number)

        return pin

    def _expire(self, action: Callable[[], None]) -> None:
        """A hardware timer outlives neither its boot nor what it does to it."""
        if self._chip.powered and self._chip.boots == self._boot:
            try:
                action()
            except PowerLost:
                self._timer = None


class SimulatedBus:
    """The board's I2C bus in CircuitPython's protocol."""

    def __init__(self, hal: SimulatedHal) -> None:
        self._hal = hal
        self._wires = hal.board.bus.sda, hal.board.bus.scl
        self._locked = False

    def try_lock(self) -> bool:
        if self._locked:
            return False
        self._locked = True
        return True

    def unlock(self) -> None:
        self._locked = False

    def writeto(
        self, address: int, buffer: bytes | bytearray, *, start: int = 0, end: int | None = None
    ) -> None:
        self._hal.chip.i2c_write(*self._wires, address, bytes(buffer[start:end]))

    def readfrom_into(
        self, address: int, buffer: bytearray, *, start: int = 0, end: int | None = None
    ) -> None:
        count = len(buffer[start:end])
        buffer[start : start + count] = self._hal.chip.i2c_read(*self._wires, address, count)

    def writeto_then_readfrom(
        self,
        address: int,
        out_buffer: bytes | bytearray,
        in_buffer: bytearray,
        *,
        out_start: int = 0,
        out_end: int | None = None,
        in_start: int = 0,
        in_end: int | None = None,
    ) -> None:
        if in_end is None:
            in_end = len(in_buffer)
        out = bytes(out_buffer[out_start:out_end])
        in_buffer[in_start:in_end] = self._hal.chip.i2c_write_read(
            *self._wires, address, out, in_end - in_start
        )


class SimulatedFlash:
    """A raw partition, and the NVS beside it, that a dead program cannot reach."""

    def __init__(self, hal: SimulatedHal, partition: PartitionFlash, marks: Namespace) -> None:
        self._hal = hal
        self.marks = marks
        self._partition = partition
        self.block_bytes = partition.block_bytes
        self.block_count = partition.block_count

    def _check(self, operation: str) -> None:
        if self._hal.chip.flash_fails(operation):
            raise OSError(_FLASH_OP_FAIL, "ESP_ERR_FLASH_OP_FAIL")

    def read(self, block: int, offset: int, buffer: bytearray | memoryview) -> None:
        self._check("read")
        self._partition.read(block, offset, buffer)

    def write(self, block: int, offset: int, data: bytes | bytearray | memoryview) -> None:
        self._check("write")
        self._partition.write(block, offset, data)

    def erase(self, block: int) -> None:
        self._check("erase")
        self._partition.erase(block)


class SimulatedSerial:
    """The second UART as a Carrier: always up."""

    def __init__(self, hal: SimulatedHal) -> None:
        self._hal = hal
        self._uart, tx, rx, baud = hal.board.link
        hal.chip.uart_open(self._uart, tx, rx, baud)

    def poll(self, now_ms: int) -> bool:
        self._hal.alive()
        return True

    def hurry(self, now_ms: int) -> None:
        """There is never a pause."""

    def read_into(self, buffer: bytearray) -> int:
        data = self._hal.chip.uart_read(self._uart, len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def write(self, data: bytes | bytearray | memoryview) -> bool:
        self._hal.chip.uart_write(self._uart, bytes(data))
        return True


class SimulatedRs485:
    """A cabinet's transceiver on a bus, as locker.hal.esp32_rs485 has it."""

    def __init__(self, hal: SimulatedHal, address: int) -> None:
        self._hal = hal
        self._uart, tx, rx, self._baud, enable = hal.board.link
        self._driver = hal.output(enable, 0)
        hal.chip.uart_open(self._uart, tx, rx, self._baud)
        self._station = Station(address)
        self._looked_ms = hal.now_ms()
        self._answer = b""
        self.read_into = self._station.readinto
        self.write = self._station.say

    def poll(self, now_ms: int) -> bool:
        waited_ms, self._looked_ms = self._hal.now_ms() - self._looked_ms, self._hal.now_ms()
        data = self._hal.chip.uart_read(self._uart, _UART_BYTES)
        if data:
            self._answer = self._station.hear(data, waited_ms, now_ms)
            if self._answer:
                self._hal.later(TURN_MS, self._speak)
        return self._station.up(now_ms)

    def hurry(self, now_ms: int) -> None:
        """A cabinet on a bus speaks when it is asked."""

    def _speak(self) -> None:
        self._driver(1)
        self._hal.chip.uart_write(self._uart, self._answer)
        self._hal.later(len(self._answer) * 10_000 // self._baud + 2, self._let_go)

    def _let_go(self) -> None:
        if self._hal.chip.uart_idle(self._uart):
            self._driver(0)
        else:
            self._hal.later(1, self._let_go)
