"""`os` with the random numbers that this build of MicroPython lacks."""

import os as _os


class Os:
    def __init__(self):
        self._state = 1

    def __getattr__(self, name):
        return getattr(_os, name)

    def urandom(self, count):
        drawn = bytearray(count)
        for at in range(count):
            self._state = (self._state * 1103 + 12345) & 0xFFFFFF
            drawn[at] = self._state >> 16
        return bytes(drawn)
