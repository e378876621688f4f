"""machine.Signal."""

from machine import Pin


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
