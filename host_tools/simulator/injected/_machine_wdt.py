"""machine.WDT."""

import _chip
from micropython import const

_WDT = const(13)
_WDT_FEED = const(14)


class WDT:
    """The watchdog: resets the chip unless it is fed in time. It cannot be stopped."""

    def __init__(self, id=0, timeout=5000):
        _chip.send(bytes((_WDT,)) + timeout.to_bytes(4, "little"))

    def feed(self):
        _chip.post(_WDT_FEED)
