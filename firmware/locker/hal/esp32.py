"""The ESP32: with its carriers esp32_*.py the only importer of machine, network, esp32 and socket.

Implements seam.pyi.
"""

import errno
import json
import os
import time

import esp32
import machine
from machine import ADC, I2C, PWM, Pin, Timer

from locker.board import from_json
from locker.compat import TYPE_CHECKING, const

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, BinaryIO

    from locker.board import Board
    from locker.hal import seam
    from locker.hal.seam import Bus, Carrier, Flash, Marks

    Buffer = bytes | bytearray

_BEEP_DUTY = const(32768)
_BLOCK_BYTES = const(4096)
_UNIX_TO_2000 = const(-946684800)  # s from 1970, where hosts count from, to 2000, where the ESP32 does
_RAW_MAX = const(65535)
# At raw 0, and how much more at its highest: esp_adc_cal's curve for 11 dB and 1,100 mV.
_NOMINAL_MV = {"esp32": (142, 3299)}
_OTHERS_MV = (0, 3100)  # ESP32-S3 and -C6: full scale at 11 dB
_INPUT_ONLY_FROM = const(34)  # GPIO34-39 of a plain ESP32 have no pulls (ESP32 data sheet, IO MUX table)


class _Bus:
    """machine.I2C in CircuitPython's protocol.

    Reads after a write go through readfrom_mem_into, whose repeated start every ESP32 build does.
    """

    def __init__(self, i2c: I2C) -> None:
        self._i2c = i2c
        self._locked = False

    def try_lock(self) -> bool:
        if self._locked:
            return False
        self._locked = True
        return True

    def unlock(self) -> None:
        self._locked = False

    def writeto(self, address: int, buffer: "Buffer", *, start: int = 0, end: "int | None" = None) -> None:
        self._i2c.writeto(address, _part(buffer, start, end))

    def readfrom_into(
        self, address: int, buffer: bytearray, *, start: int = 0, end: "int | None" = None
    ) -> None:
        self._i2c.readfrom_into(address, _part(buffer, start, end))

    def writeto_then_readfrom(
        self,
        address: int,
        out_buffer: "Buffer",
        in_buffer: bytearray,
        *,
        out_start: int = 0,
        out_end: "int | None" = None,
        in_start: int = 0,
        in_end: "int | None" = None,
    ) -> None:
        self._i2c.readfrom_mem_into(address, out_buffer[out_start], _part(in_buffer, in_start, in_end))


def _part(buffer: "Buffer", start: int, end: "int | None") -> "Buffer | memoryview":
    return buffer if not start and end in (None, len(buffer)) else memoryview(buffer)[start:end]


def _refuse(*_: object) -> None:
    raise OSError(errno.EIO)


class _Worn:
    """Stands in for an NVS that cannot be opened: whatever it is asked for fails, and pickups go on."""

    def __getattr__(self, name: str) -> "Callable[..., None]":
        return _refuse


class _Flash:
    """A raw data partition: esp32.Partition writes without erasing when it is given an offset.

    And beside it the NVS.
    """

    block_bytes = _BLOCK_BYTES

    def __init__(self, partition: esp32.Partition) -> None:
        self._partition = partition
        self.block_count: int = partition.ioctl(4, 0)  # pyright: ignore[reportAttributeAccessIssue] - a number
        self.marks: "Marks"
        try:
            self.marks = esp32.NVS("ansim")
        except OSError:
            self.marks = _Worn()  # pyright: ignore[reportAttributeAccessIssue] - it has whatever it is asked for

    def read(self, block: int, offset: int, buffer: "bytearray | memoryview") -> None:
        self._partition.readblocks(block, buffer, offset)  # pyright: ignore[reportArgumentType] - any buffer will do

    def write(self, block: int, offset: int, data: "Buffer | memoryview") -> None:
        self._partition.writeblocks(block, data, offset)  # pyright: ignore[reportArgumentType] - likewise

    def erase(self, block: int) -> None:
        self._partition.ioctl(6, block)


class Esp32:
    """The seam's Hal on an ESP32."""

    def __init__(self, board: "Board") -> None:
        self.board: "Board | None" = board  # there is one as long as something asks for it
        self._ticks = time.ticks_ms()
        self._ms = 0
        self._timer = Timer(0)
        self.entropy = os.urandom
        self.calibrated = True

    def now_ms(self) -> int:
        ticks = time.ticks_ms()
        self._ms += time.ticks_diff(ticks, self._ticks)
        self._ticks = ticks
        return self._ms

    def sleep_ms(self, ms: int) -> "Any":  # a generator, which MicroPython awaits
        yield ms

    def run(self, coroutine: "Any") -> None:
        """One coroutine needs no event loop: it says how long it wants to sleep.

        See docs/decisions/0062-no-event-loop.md.
        """
        for ms in coroutine:
            time.sleep_ms(ms)

    def uid(self) -> bytes:
        return machine.unique_id()

    def output(self, number: int, level: int) -> "seam.Pin":
        return Pin(number, Pin.OUT, value=level)

    def open_drain(self, number: int) -> "seam.Pin":
        return Pin(number, Pin.OPEN_DRAIN, value=1)

    def input(self, number: int, pull: int) -> "seam.Pin":
        if not pull or (self.board.chip == "esp32" and number >= _INPUT_ONLY_FROM):  # pyright: ignore[reportOptionalMemberAccess]
            return Pin(number, Pin.IN)
        return Pin(number, Pin.IN, Pin.PULL_UP if pull > 0 else Pin.PULL_DOWN)

    def millivolts(self, number: int) -> "Callable[[], int]":
        adc = ADC(Pin(number), atten=ADC.ATTN_11DB)
        least, span = _NOMINAL_MV.get(self.board.chip, _OTHERS_MV)  # pyright: ignore[reportOptionalMemberAccess]
        try:
            adc.read_uv()
        except OSError:  # its fuses were never burnt
            self.calibrated = False
            return lambda: least + adc.read_u16() * span // _RAW_MAX
        return lambda: adc.read_uv() // 1000

    def tone(self, number: int) -> "Callable[[int], None]":
        pwm = PWM(Pin(number), freq=1000, duty_u16=0)

        def sound(hz: int) -> None:
            if hz:
                pwm.freq(hz)
            pwm.duty_u16(_BEEP_DUTY if hz else 0)

        return sound

    def bus(self) -> "Bus":
        bus = self.board.bus  # pyright: ignore[reportOptionalMemberAccess]
        return _Bus(I2C(0, sda=Pin(bus.sda), scl=Pin(bus.scl), freq=bus.hz))

    def journal(self) -> "Flash":
        return open_journal()

    def catalogue(self, language: str) -> "BinaryIO":
        return open("/locker/%s.txt" % language, "rb")  # pyright: ignore[reportUnknownVariableType] - not in the stubs

    def carrier(self, settings: "dict[str, Any]", draw: "Callable[[int], int]") -> "Carrier":
        if settings.get("serial"):
            from locker.hal.esp32_serial import open_line

            return open_line(self.board.link, settings.get("bus"))  # pyright: ignore[reportOptionalMemberAccess]
        from locker.hal.esp32_tcp import Tcp

        return Tcp(settings, draw)

    def one_shot(self, ms: int, action: "Callable[[], None]") -> None:
        self._timer.deinit()
        if ms:
            self._timer.init(mode=Timer.ONE_SHOT, period=ms, callback=lambda timer: action())

    def watchdog(self, timeout_ms: int) -> "Callable[[], None]":
        return machine.WDT(timeout=timeout_ms).feed

    def set_clock(self, seconds: int) -> None:
        seconds += _UNIX_TO_2000 if time.gmtime(0)[0] == 2000 else 0
        if seconds > time.time():
            year, month, day, hour, minute, second, weekday = time.gmtime(seconds)[:7]
            machine.RTC().datetime((year, month, day, weekday, hour, minute, second, 0))

    def reset_cause(self) -> int:
        cause = machine.reset_cause()
        causes = (machine.PWRON_RESET, machine.HARD_RESET, machine.WDT_RESET, machine.SOFT_RESET)
        return causes.index(cause) + 1 if cause in causes else 0

    def clock_ms(self) -> int:
        return time.time_ns() // 1000000

    def scratch(self, data: "bytes | None" = None) -> "bytes | None":
        try:
            memory = machine.RTC().memory  # pyright: ignore[reportUnknownVariableType] - the stubs leave a part of it open
        except AttributeError:  # a build without it: each start is a boot of its own
            return b""
        return memory() if data is None else memory(data)

    def reset(self) -> None:
        machine.reset()


def open_journal() -> "Flash":
    """The raw partition labelled `journal`;
    raises OSError(ENODEV) when the chip's partition table has none.
    """
    found = esp32.Partition.find(esp32.Partition.TYPE_DATA, label="journal")  # pyright: ignore[reportUnknownVariableType] - likewise
    if not found:
        raise OSError(errno.ENODEV)
    return _Flash(found[0])  # pyright: ignore[reportUnknownArgumentType]


def open_hal() -> Esp32:
    """The controller with the board of /board.json.

    Raises OSError(ENOENT) when it was never provisioned;
    OSError, ValueError or KeyError when the file cannot be read or is not for this firmware.
    """
    with open("/board.json") as file:  # pyright: ignore[reportUnknownVariableType] - not in the stubs
        return Esp32(from_json(json.load(file)))  # pyright: ignore[reportUnknownArgumentType]
