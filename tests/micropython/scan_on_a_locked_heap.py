"""Does on MicroPython what the loop does all day with one kind of driver,
while the heap refuses every allocation.

scan_on_a_locked_heap.py NAME       one of the functions below; a MemoryError ends it
"""

import sys

import micropython

from locker.drivers.beeper import Beeper
from locker.drivers.coils import CoilBank
from locker.drivers.expander import Expander
from locker.drivers.inputs import Inputs
from locker.drivers.keypad import Keypad
from locker.drivers.screen import Screen

KEYS = "123A456B789C*0#D"


class Level:
    """A wire or an analogue input that reads what the script says."""

    now = 1

    def __call__(self, level=None):
        return self.now


class Rows:
    """Which of four rows is low, and what the columns then read: `down` has a bit for each key."""

    def __init__(self):
        self.low = 0xF
        self.down = 0

    def row(self, i):
        def pin(level):
            self.low = self.low & ~(1 << i) if level else self.low | 1 << i

        return pin

    def column(self, i):
        def pin():
            for row in range(4):
                if self.low >> row & 1 and self.down >> (4 * row + i) & 1:
                    return 0
            return 1

        return pin


class Bus:
    """Takes everything, and remembers it as an expander would."""

    def __init__(self):
        self.registers = bytearray(22)

    def try_lock(self):
        return True

    def unlock(self):
        pass

    def writeto(self, address, buffer, *, start=0, end=None):
        for i in range(start + 1, end):
            self.registers[(buffer[0] + i - 1) % 22] = buffer[i]

    def writeto_then_readfrom(
        self, address, out_buffer, in_buffer, *, out_start=0, out_end=None, in_start=0, in_end=None
    ):
        if in_start or in_end != len(in_buffer):
            in_buffer = memoryview(in_buffer)[in_start:in_end]  # as hal.esp32 must
            in_start = 0
            in_end = len(in_buffer)
        for i in range(in_end - in_start):
            in_buffer[in_start + i] = self.registers[(out_buffer[0] + i) % 22]


def polls(inputs, wires, levels):
    """A turn polls with each of the levels for a second."""

    def turn(now):
        for i in range(len(levels)):
            for wire in wires:
                wire.now = levels[i]
            for _ in range(50):
                inputs.poll()

    return turn


def contacts():
    """Twelve on expanders of which some chatter, twelve native ones."""
    chip = Expander(Bus(), 0x20)
    for bit in range(6):
        chip.input(bit)
        chip.input(8 + bit)
    wires = [Level() for _ in range(12)]
    chip.start()
    sources = tuple(wires) + tuple(range(6)) + tuple(range(8, 14))
    turn = polls(Inputs((chip,), sources, 0xF0F0F0, 1), wires, (0, 1, 0, 1))

    def chatter(now):
        chip.levels[0] ^= 0x15
        turn(now)

    return chatter


def occupancy():
    wires = [Level() for _ in range(24)]
    sources = tuple([(wire, 1500, 1200) for wire in wires])
    return polls(Inputs((), sources, 0, 4), wires, (1000, 1300, 1800, 1300))


def keypad():
    rows = Rows()
    driver = Keypad([rows.row(i) for i in range(4)], [rows.column(i) for i in range(4)], KEYS)
    held = (0, 1, 3, 0x8000, 0x0033, 0, 0xFFFF, 0)  # none, one, two, the last, a rectangle, all

    def turn(now):
        for i in range(len(held)):
            rows.down = held[i]
            for k in range(50):
                driver.scan(now + 1000 * i + 20 * k)

    return turn


def beeper():
    driver = Beeper(Level())

    def turn(now):
        driver.play(2 + now % 4, now)
        for k in range(200):
            driver.step(now + 20 * k)

    return turn


def coil():
    level = Level()
    driver = CoilBank((1, 2), lambda door, on: level(on), 400, 100)
    driver.unlock(1, 0)

    def turn(now):
        for k in range(100):
            driver.step(20 * k)

    return turn


def expander():
    bus = Bus()
    driver = Expander(bus, 0x20)
    driver.output(8)
    driver.input(0)
    driver.start()

    def turn(now):
        for k in range(100):
            driver.write(8, k & 1)
            driver.refresh()

    return turn


def screen():
    driver = Screen(Bus(), 0x27, 20, 4)
    for _ in range(20):
        driver.step()

    def turn(now):
        for _ in range(100):
            driver.step()

    return turn


def main():
    turn = globals()[sys.argv[1]]()
    turn(0)
    micropython.heap_lock()
    try:
        for now in range(10000, 100000, 10000):
            turn(now)
    finally:
        micropython.heap_unlock()
    print("nothing allocated")


main()
