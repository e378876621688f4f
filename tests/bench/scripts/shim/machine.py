"""Pins of an untouched keypad, as thin as Python allows:
what they cost is measured by itself and taken off.
"""


class Pin:
    """Reads `idle`, whatever is done to it."""

    IN = 0
    OUT = 1
    OPEN_DRAIN = 2
    PULL_UP = 1
    PULL_DOWN = 2
    idle = 1

    def __init__(self, number=0, mode=0, pull=0):
        pass

    def __call__(self, level=None):
        return self.idle

    def init(self, mode=0, pull=0, value=0):
        pass

    def value(self, level=None):
        return self.idle

    def high(self):
        pass

    def low(self):
        pass


class I2C:
    """A port expander with an untouched keypad at it."""

    idle = b"\xff"

    def readfrom(self, address, count):
        return self.idle

    def writeto(self, address, data):
        pass
