"""The far end of the injected modules: requests of the interpreter become calls of the simulated chip.

A request is one packet whose first byte says what is asked; the table below has them all. Most are posted.
The others get an answer: a status (0 or an errno) and as many bytes as the asker expects.
"""

import contextlib
import errno
import struct
from collections.abc import Callable
from typing import Protocol

from host_tools.simulator.chip.chip import SOFT_RESET, TIMERS, Chip
from host_tools.simulator.chip.nvs import Nvs
from host_tools.simulator.clock import Clock, Event
from host_tools.simulator.virtual_board.air import Air

_MODES = {1: "in", 3: "out", 7: "open_drain"}  # machine.Pin.IN, OUT, OPEN_DRAIN
_PULLS = {0: 0, 1: -1, 2: 1}  # none, machine.Pin.PULL_DOWN, PULL_UP
_DEEPSLEEP_RESET = 4
_NO_TIMER = 0xFE
_TIMERS_AT_ONCE = 4
_UART_BYTES_MAX = 512
_RTC_MEMORY_BYTES = 2048


class Program(Protocol):
    """What runs on the chip, as far as the chip can act on it."""

    def ready(self) -> None:
        """Its start-up code is over: boot.py comes next."""

    def interrupt(self) -> None:
        """A timer has come due."""

    def soft_reset(self) -> None:
        """It has asked for a soft reset."""

    def sleep(self, until_us: int) -> bytes | None:
        """It waits in virtual time: the answer, None when it does not live to see it."""

    def ended(self, whole: bool) -> None:
        """main.py is over; not whole when an exception ended it. Told in virtual time only."""


class ChipServer:
    """Answers the requests of one board's interpreters, one after the other;
    what outlives them (RTC, NVS) is kept here.
    """

    def __init__(self, chip: Chip, clock: Clock, nvs: Nvs, program: Program) -> None:
        self._chip = chip
        self._clock = clock
        self._nvs = nvs
        self._program = program
        self._timers: dict[int, Event] = {}
        self._due: list[int] = []
        self._tones: set[int] = set()
        self._heard: dict[int, bytearray] = {}
        self._rtc_us = 0  # what the calendar said at the beginning of the world, in µs since 2000
        self._sleep: Event | None = None
        self._table: dict[int, Callable[[bytes], bytes | None]] = {
            1: self._pin_mode,
            2: self._pin_write,
            3: self._pin_read,
            4: self._i2c_write,
            5: self._i2c_read,
            6: self._i2c_write_read,
            7: self._adc,
            8: self._pwm,
            9: self._uart_open,
            10: self._uart_read,
            11: self._uart_write,
            12: self._entropy,
            13: self._watchdog,
            14: self._watchdog_feed,
            15: self._reset,
            16: self._timer,
            17: self._timers_due,
            18: self._identity,
            19: self._deepsleep,
            20: self._rtc_get,
            21: self._rtc_set,
            22: self._soft_reset,
            23: self._nvs_get,
            24: self._nvs_set,
            25: self._nvs_erase,
            26: self._never,
            27: self._rtc_memory_access,
            28: self._ready,
            29: self._virtual_sleep,
            30: self._ended,
            31: self._uart_idle,
            45: self._flash_fails,
            44: lambda _packet: bytes((0, TIMERS[chip.kind])),
            **Air(chip).table,
        }

    def serve(self, packet: bytes) -> bytes | None:
        """The answer to one request, None when it has none."""
        return self._table[packet[0]](packet)

    def restart(self, soft: bool) -> None:
        """The program has ended: its timers and tones with it."""
        for event in self._timers.values():
            event.cancel()
        self._timers.clear()
        self._due.clear()
        self._heard.clear()
        if soft:
            for pin in self._tones:
                self._chip.pwm(pin, 0, 0)
            self._chip.reset_cause = SOFT_RESET
        self._tones.clear()

    def lose_power(self) -> None:
        """The calendar needs power."""
        self._rtc_us = -self._clock.now_us()
        if self._sleep:
            self._sleep.cancel()

    # Pins.

    def _pin_mode(self, packet: bytes) -> bytes:
        _, pin, mode, pull = packet
        try:
            self._chip.pin_mode(pin, _MODES[mode], _PULLS[pull])
        except (ValueError, KeyError):
            return bytes((errno.EINVAL, 0))
        return b"\0\0"

    def _pin_write(self, packet: bytes) -> None:
        # A pin that the chip has not: making it an output is refused next.
        with contextlib.suppress(ValueError):
            self._chip.pin_write(packet[1], packet[2])

    def _pin_read(self, packet: bytes) -> bytes:
        try:
            return bytes((0, self._chip.pin_read(packet[1])))
        except ValueError:
            return bytes((errno.EINVAL, 0))

    def _adc(self, packet: bytes) -> bytes:
        try:
            value = self._chip.adc_mv(packet[1]) if packet[2] else self._chip.adc_raw(packet[1])
        except ValueError:
            return bytes((errno.EINVAL, 0, 0, 0, 0))
        except OSError as error:
            return bytes((error.errno or errno.EIO, 0, 0, 0, 0))
        return b"\0" + value.to_bytes(3, "little") + bytes((self._chip.calibrated,))

    def _pwm(self, packet: bytes) -> bytes:
        _, pin, hz, duty = struct.unpack("<BBIH", packet)
        try:
            self._chip.pwm(pin, hz, duty)
        except ValueError:
            return bytes((errno.EINVAL,))
        self._tones.add(pin)
        return b"\0"

    # Buses.

    def _i2c_write(self, packet: bytes) -> bytes:
        _, sda, scl, address, _ = struct.unpack_from("<BBBBH", packet)
        try:
            self._chip.i2c_write(sda, scl, address, packet[6:])
        except OSError as error:
            return bytes((error.errno or errno.EIO,))
        return b"\0"

    def _i2c_read(self, packet: bytes) -> bytes:
        _, sda, scl, address, count = struct.unpack_from("<BBBBH", packet)
        try:
            return b"\0" + self._chip.i2c_read(sda, scl, address, count)
        except OSError as error:
            return bytes((error.errno or errno.EIO,)) + bytes(count)

    def _i2c_write_read(self, packet: bytes) -> bytes:
        _, sda, scl, address, count = struct.unpack_from("<BBBBH", packet)
        try:
            return b"\0" + self._chip.i2c_write_read(sda, scl, address, packet[6:], count)
        except OSError as error:
            return bytes((error.errno or errno.EIO,)) + bytes(count)

    def _uart_open(self, packet: bytes) -> None:
        _, number, tx, rx, baud = struct.unpack("<BBBBI", packet)
        self._heard[number] = bytearray()
        self._chip.uart_open(number, tx, rx, baud)

    def _uart_read(self, packet: bytes) -> bytes:
        """The number of bytes that have arrived (after this read),
        then as many as were asked for and are there.
        """
        _, number, count = struct.unpack("<BBH", packet)
        heard = self._heard.setdefault(number, bytearray())
        heard += self._chip.uart_read(number, _UART_BYTES_MAX - len(heard))
        data = bytes(heard[:count])
        del heard[:count]
        return b"\0" + len(heard).to_bytes(2, "little") + data.ljust(count, b"\0")

    def _uart_write(self, packet: bytes) -> None:
        self._chip.uart_write(packet[1], packet[2:])

    def _uart_idle(self, packet: bytes) -> bytes:
        return bytes((0, self._chip.uart_idle(packet[1])))

    # The chip itself.

    def _entropy(self, packet: bytes) -> bytes:
        return b"\0" + self._chip.entropy(packet[1] | packet[2] << 8)

    def _watchdog(self, packet: bytes) -> None:
        self._chip.watchdog(int.from_bytes(packet[1:5], "little"))

    def _watchdog_feed(self, _packet: bytes) -> None:
        self._chip.watchdog_feed()

    def _reset(self, packet: bytes) -> None:
        self._chip.reset(packet[1])

    def _soft_reset(self, _packet: bytes) -> None:
        self._program.soft_reset()

    def _ready(self, _packet: bytes) -> None:
        self._program.ready()

    def _never(self, _packet: bytes) -> None:
        """The program waits for the end that it has asked for: no answer."""

    def _identity(self, _packet: bytes) -> bytes:
        return b"\0" + self._chip.uid + bytes((self._chip.reset_cause,))

    def _deepsleep(self, packet: bytes) -> None:
        ms = int.from_bytes(packet[1:5], "little")
        self.restart(soft=False)
        if ms:
            self._sleep = self._clock.at(
                self._clock.now_us() + ms * 1000, lambda: self._chip.reset(_DEEPSLEEP_RESET)
            )

    def _virtual_sleep(self, packet: bytes) -> bytes | None:
        return self._program.sleep(int.from_bytes(packet[1:9], "little"))

    def _ended(self, packet: bytes) -> None:
        self._program.ended(bool(packet[1]))

    # Timers.

    def _timer(self, packet: bytes) -> None:
        _, number, periodic, ms = struct.unpack("<BBBI", packet)
        if number in self._timers:
            self._timers.pop(number).cancel()
        self._due = [due for due in self._due if due != number]
        if ms:
            self._arm(number, self._clock.now_us() + ms * 1000, ms if periodic else 0)

    def _arm(self, number: int, at_us: int, period_ms: int) -> None:
        def fire() -> None:
            if number not in self._due:
                self._due.append(number)
            if period_ms:
                self._arm(number, at_us + period_ms * 1000, period_ms)
            else:
                del self._timers[number]
            self._program.interrupt()

        self._timers[number] = self._clock.at(at_us, fire)

    def _timers_due(self, _packet: bytes) -> bytes:
        due, self._due = self._due[:_TIMERS_AT_ONCE], self._due[_TIMERS_AT_ONCE:]
        if self._due:
            self._program.interrupt()
        return b"\0" + bytes(due).ljust(_TIMERS_AT_ONCE, bytes((_NO_TIMER,)))

    # What is kept.

    def _flash_fails(self, packet: bytes) -> bytes:
        return bytes((0, self._chip.flash_fails("erase" if packet[1] else "write")))

    def _rtc_get(self, _packet: bytes) -> bytes:
        return b"\0" + (self._rtc_us + self._clock.now_us()).to_bytes(8, "little")

    def _rtc_set(self, packet: bytes) -> None:
        self._rtc_us = int.from_bytes(packet[1:9], "little") - self._clock.now_us()

    def _rtc_memory_access(self, packet: bytes) -> bytes | None:
        if len(packet) > 1:
            self._chip.rtc_memory = packet[2:]
            return None
        kept = self._chip.rtc_memory
        return b"\0" + len(kept).to_bytes(2, "little") + kept.ljust(_RTC_MEMORY_BYTES, b"\0")

    def _nvs_get(self, packet: bytes) -> bytes:
        namespace, key, _ = packet[2:].split(b"\0", 2)
        value = self._nvs.get(namespace.decode(), key.decode(), packet[1])
        if value is None:
            return bytes((errno.ENOENT,)) + bytes(2 + Nvs.VALUE_BYTES_MAX)
        return b"\0" + len(value).to_bytes(2, "little") + value.ljust(Nvs.VALUE_BYTES_MAX, b"\0")

    def _nvs_set(self, packet: bytes) -> bytes:
        namespace, key, value = packet[2:].split(b"\0", 2)
        if self._chip.storage_is_full:
            return bytes((errno.ENOSPC,))
        return (
            b"\0"
            if self._nvs.set(namespace.decode(), key.decode(), packet[1], value)
            else bytes((errno.ENOSPC,))
        )

    def _nvs_erase(self, packet: bytes) -> bytes:
        namespace, key, _ = packet[2:].split(b"\0", 2)
        return b"\0" if self._nvs.erase(namespace.decode(), key.decode()) else bytes((errno.ENOENT,))
