"""machine.Timer."""

import _chip
from micropython import const

_TIMER = const(16)
_TIMERS_DUE = const(17)

_timers = {}


class Timer:
    """A hardware timer; its callback runs in the interpreter at the next safe point, also while code sleeps or spins."""

    ONE_SHOT = const(0)
    PERIODIC = const(1)

    def __init__(self, id, **options):
        self.id = id & 0xFF
        if options:
            self.init(**options)

    def init(self, *, mode=1, period=-1, freq=-1, tick_hz=1000, callback=None):
        if freq > 0:
            period = 1000 // freq
        elif period > 0:
            period = period * 1000 // tick_hz
        if period <= 0:
            raise ValueError("period must be greater than 0")
        self._callback = callback
        _timers[self.id] = self
        self._arm(mode, period)

    def _arm(self, mode, period):
        _chip.send(bytes((_TIMER, self.id, mode)) + period.to_bytes(4, "little"))

    def deinit(self):
        if _timers.pop(self.id, None):
            self._arm(0, 0)


def _due():
    """Runs the callbacks of the timers that have come due."""
    for number in _chip.ask(bytes((_TIMERS_DUE,)), bytearray(5))[1:]:
        timer = _timers.get(number)
        if timer and timer._callback:
            timer._callback(timer)


_chip.on_interrupt(_due)
