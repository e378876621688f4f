"""The seldom used rest of `machine`."""

import _chip
import machine
from machine import Pin
from micropython import const

_EVERYTHING = (
    "ADC DEEPSLEEP DEEPSLEEP_RESET HARD_RESET I2C PIN_WAKE PWM PWRON_RESET Pin RTC SLEEP SOFT_RESET Signal "
    "SoftI2C TIMER_WAKE Timer UART WDT WDT_RESET deepsleep disable_irq enable_irq freq idle lightsleep reset "
    "reset_cause sleep soft_reset unique_id wake_reason"
)
__all__ = _EVERYTHING.split()  # noqa: PLE0605 - what `from machine import *` brings in
SLEEP = const(2)
DEEPSLEEP = const(4)
PIN_WAKE = const(2)
TIMER_WAKE = const(4)
_DEEPSLEEP = const(19)
_RTC_GET = const(20)
_RTC_SET = const(21)
_RTC_MEMORY = const(27)


class Signal:
    """A pin, perhaps inverted."""

    def __init__(self, pin, *arguments, invert=False, **options):
        self._pin = pin if isinstance(pin, Pin) else Pin(pin, *arguments, **options)
        self._invert = invert

    def __call__(self, level=None):
        if level is None:
            return self._pin() ^ self._invert
        self._pin(bool(level) ^ self._invert)

    value = __call__

    def on(self):
        self(1)

    def off(self):
        self(0)


class RTC:
    """The calendar clock; it outlives every reset, but not a power cut."""

    def __init__(self, id=0):
        pass

    def datetime(self, fields=None):
        import time

        if fields is None:
            us = int.from_bytes(_chip.ask(bytes((_RTC_GET,)), bytearray(9))[1:], "little")
            year, month, day, hour, minute, second, weekday = time.gmtime(us // 1000000)[:7]
            return (year, month, day, weekday, hour, minute, second, us % 1000000)
        year, month, day, _, hour, minute, second, us = fields
        us += 1000000 * time.mktime((year, month, day, hour, minute, second, 0, 0))
        _chip.send(bytes((_RTC_SET,)) + us.to_bytes(8, "little"))

    init = datetime

    def memory(self, data=None):
        """Up to 2048 bytes that outlive resets and deep sleep."""
        if data is None:
            answer = _chip.ask(bytes((_RTC_MEMORY,)), bytearray(2051))
            return bytes(answer[3 : 3 + (answer[1] | answer[2] << 8)])
        if len(data) > 2048:
            raise ValueError("buffer too long")
        _chip.send(bytes((_RTC_MEMORY, 1)) + data)


def wake_reason():
    return TIMER_WAKE if machine.reset_cause() == machine.DEEPSLEEP_RESET else 0


def deepsleep(ms=0):
    machine.ask_for_the_end(bytes((_DEEPSLEEP,)) + ms.to_bytes(4, "little"))


def lightsleep(ms=0):
    import time

    time.sleep_ms(ms)


def idle():
    lightsleep(1)


sleep = lightsleep


def freq(hz=None):
    return 160000000


def disable_irq():
    """Interrupts of the simulated chip reach the interpreter at safe points only:
    there is nothing to hold back.
    """
    return 0


def enable_irq(state=0):
    pass
