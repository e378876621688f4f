"""machine.PWM."""

import _chip
from machine import pin_number
from micropython import const

_PWM = const(8)


class PWM:
    """A pin that is high for duty_u16 / 65536 of each period."""

    def __init__(self, dest, freq=5000, duty_u16=32768, *, duty=None, duty_ns=None):
        self._pin = pin_number(dest)
        self._hz = freq
        self._duty = duty_u16 if duty is None else duty << 6
        if duty_ns is not None:
            self._duty = duty_ns * freq * 65536 // 1000000000
        self._set()

    def _set(self):
        _chip.send(bytes((_PWM, self._pin)) + self._hz.to_bytes(4, "little") + min(self._duty, 65535).to_bytes(2, "little"))

    def init(self, freq=None, duty_u16=None):
        self._hz = self._hz if freq is None else freq
        self._duty = self._duty if duty_u16 is None else duty_u16
        self._set()

    def freq(self, hz=None):
        if hz is None:
            return self._hz
        if hz <= 0:
            raise ValueError("frequency must be from 1Hz to 40MHz")
        self.init(freq=hz)

    def duty_u16(self, duty=None):
        if duty is None:
            return self._duty
        self.init(duty_u16=duty)

    def duty(self, duty=None):
        if duty is None:
            return self._duty >> 6
        self.init(duty_u16=duty << 6)

    def deinit(self):
        _chip.send(bytes((_PWM, self._pin, 0, 0, 0, 0, 0, 0)))
