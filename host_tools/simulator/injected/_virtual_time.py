"""Time that passes only while the program waits:
`time` and `select` in lockstep with the simulator's VirtualClock.

`ticks_ms` wraps at 2**30, as on the chip. The simulator moves its world up to the instant that a wait asks
for, or to the first timer of the chip that is due before.
"""

import _chip
from micropython import const

_ENTROPY = const(12)
_SLEEP = const(29)
_TICKS_PERIOD = const(1073741824)  # 2**30
_TICKS_MASK = const(1073741823)
_TICKS_HALF = const(536870912)
_POLL_STEP_US = const(1000)
_IOCTL_POLL = const(3)
POLLIN = const(1)
POLLOUT = const(4)
POLLERR = const(8)
POLLHUP = const(16)

_answer = bytearray(10)
_now_us = 0


def _wait(until_us):
    """Lets the world live up to that instant."""
    global _now_us
    while True:
        _chip.ask(bytes((_SLEEP,)) + until_us.to_bytes(8, "little"), _answer)
        _now_us = int.from_bytes(_answer[1:9], "little")
        if not _answer[9]:
            return
        _chip.arrived(0)


def begin():
    """Asks for the present."""
    _wait(0)


def now_us():
    """Microseconds since the beginning of the world."""
    return _now_us


def ticks_ms():
    return _now_us // 1000 & _TICKS_MASK


def ticks_us():
    return _now_us & _TICKS_MASK


ticks_cpu = ticks_us


def ticks_add(ticks, delta):
    return (ticks + delta) & _TICKS_MASK


def ticks_diff(end, start):
    return ((end - start + _TICKS_HALF) & _TICKS_MASK) - _TICKS_HALF


def sleep_us(us):
    if us > 0:
        _wait(_now_us + us)


def sleep_ms(ms):
    sleep_us(ms * 1000)


def sleep(seconds):
    sleep_us(int(seconds * 1000000))


def urandom(count):
    return bytes(_chip.ask(bytes((_ENTROPY, count & 0xFF, count >> 8)), bytearray(1 + count))[1:])


class poll:  # noqa: N801 - MicroPython's name
    """select.poll over objects with an `ioctl`, such as machine.UART.

    Sockets have no place in virtual time: they are never ready.
    """

    def __init__(self):
        self._watched = []

    def register(self, thing, events=POLLIN | POLLOUT):
        self.unregister(thing)
        self._watched.append((thing, events))

    modify = register

    def unregister(self, thing):
        self._watched = [row for row in self._watched if row[0] is not thing]

    def _ready(self):
        found = []
        for thing, events in self._watched:
            if hasattr(thing, "ioctl"):
                ready = thing.ioctl(_IOCTL_POLL, events)
                if ready:
                    found.append((thing, ready))
        return found

    def poll(self, timeout_ms=-1, flags=0):
        """The ready ones; waits for one, for ever with a timeout below zero."""
        until_us = _now_us + timeout_ms * 1000
        found = self._ready()
        while not found and (timeout_ms < 0 or _now_us < until_us):
            step_us = _POLL_STEP_US if self._watched or timeout_ms < 0 else timeout_ms * 1000
            _wait(_now_us + step_us if timeout_ms < 0 else min(_now_us + step_us, until_us))
            found = self._ready()
        return found

    def ipoll(self, timeout_ms=-1, flags=0):
        return iter(self.poll(timeout_ms, flags))
