"""The seldom used rest of `machine`."""

import machine
from micropython import const

_EVERYTHING = (
    "ADC DEEPSLEEP DEEPSLEEP_RESET HARD_RESET I2C PIN_WAKE PWM PWRON_RESET Pin RTC SLEEP SOFT_RESET Signal SoftI2C TIMER_WAKE Timer "
    "UART WDT WDT_RESET deepsleep disable_irq enable_irq freq idle lightsleep reset reset_cause sleep soft_reset unique_id wake_reason"
)
__all__ = _EVERYTHING.split()  # noqa: PLE0605 - what `from machine import *` brings in
SLEEP = const(2)
DEEPSLEEP = const(4)
PIN_WAKE = const(2)
TIMER_WAKE = const(4)
_DEEPSLEEP = const(19)


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
    """Interrupts of the simulated chip reach the interpreter at safe points only: there is nothing to hold back."""
    return 0


def enable_irq(state=0):
    pass
