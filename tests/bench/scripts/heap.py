"""Runs on a provisioned virtual board: prints the heap in use once each part of the firmware is there.

`names` is main.py's list.
"""

import gc

import machine
import micropython


def told(what):
    gc.collect()
    print(f"heap with {what}: {gc.mem_alloc()}")


class Enough(BaseException):
    """The cabinet has been at work for long enough."""


class Meter:
    """In the place of the watchdog, which is fed at each step: ends the app at the fiftieth."""

    def __init__(self, timeout):
        self.steps = 0

    def feed(self):
        self.steps += 1
        if self.steps == 50:
            told("cabinet at work")
            micropython.mem_info()  # the host reads the largest free run from it
            raise Enough


told("interpreter")
__import__("locker")
told("common")
for name in names:  # noqa: F821 - given before this runs
    gc.collect()
    __import__("locker." + name)
    told(name)
machine.WDT = Meter
try:
    with open("/main.py") as file:
        exec(file.read())  # the very program of the board
except Enough:
    pass
