"""Theorems about fingers on a bouncing matrix without diodes:
what is typed is told, and nothing else ever is.
"""

import random

from hypothesis import given
from hypothesis import strategies as st

from host_tools.simulator.cabinet.keypad import KeypadMatrix
from host_tools.simulator.cabinet.wires import Wires
from host_tools.simulator.clock import VirtualClock
from locker import board
from locker.drivers.keypad import Keypad

KEYS = "123A456B789C*0#D"
ROWS, COLUMNS = (1, 2, 4, 5), (6, 7, 8, 9)
SCAN_US = 20_000
PIN_US = 4  # one call of a pin: the world goes on while a matrix is read
SEEDS = st.integers(0, 2**32)


class Desk:
    """A simulated keypad, the driver at its pins, and the loop that scans it."""

    def __init__(self, seed):
        self.clock = VirtualClock()
        wires = Wires(self.clock, seed)
        fitted = board.Keypad(ROWS, COLUMNS, KEYS)
        self.matrix = KeypadMatrix(fitted, wires, self.clock, random.Random(seed))
        self.said = ""
        self.pressed_us = dict.fromkeys(KEYS, -1)  # when a key was last down
        self.driver = Keypad(
            [self.row(wires.node(pin)) for pin in ROWS],
            [self.column(wires.node(pin)) for pin in COLUMNS],
            KEYS,
        )
        self.next_us = SCAN_US

    def row(self, node):
        def pin(level):
            self.clock.advance(PIN_US)
            node.set(None if level else 0)

        return pin

    def column(self, node):
        node.set(None, 1)

        def pin():
            self.clock.advance(PIN_US)
            return node.level()

        return pin

    def wait(self, us):
        """Lets time pass and the loop scan; each key told must have been down within the last two scans."""
        until = self.clock.now_us() + us
        while self.next_us <= until:
            self.clock.advance_to(self.next_us)
            for key in self.matrix.down:
                self.pressed_us[key] = self.clock.now_us()
            told = self.driver.scan(self.clock.now_ms())
            if told:
                assert self.clock.now_us() - self.pressed_us[chr(told)] <= 2 * SCAN_US, (
                    f"{chr(told)} was not down"
                )
                self.said += chr(told)
            self.next_us += SCAN_US
        self.clock.advance_to(max(until, self.clock.now_us()))


@given(
    SEEDS, st.lists(st.tuples(st.sampled_from(KEYS), st.integers(60, 300), st.integers(60, 300)), max_size=12)
)
def test_what_is_typed_is_told(seed, strokes):
    desk = Desk(seed)
    for key, hold_ms, gap_ms in strokes:
        desk.matrix.press(key)
        desk.wait(hold_ms * 1000)
        desk.matrix.release(key)
        desk.wait(gap_ms * 1000)
    assert desk.said == "".join(key for key, _, _ in strokes)


@given(
    SEEDS, st.lists(st.tuples(st.sampled_from(KEYS), st.integers(60, 300), st.integers(60, 300)), max_size=12)
)
def test_what_is_typed_with_the_next_finger_down_before_the_last_is_up_is_told(seed, strokes):
    desk = Desk(seed)
    typed, last = "", None
    for key, overlap_ms, hold_ms in strokes:
        if key == last:
            continue
        desk.matrix.press(key)
        desk.wait(overlap_ms * 1000)
        if last:
            desk.matrix.release(last)
        desk.wait(hold_ms * 1000)
        typed, last = typed + key, key
    assert desk.said == typed


@given(SEEDS, st.lists(st.tuples(st.sampled_from(KEYS), st.integers(1, 90_000)), max_size=60))
def test_no_key_is_ever_told_that_no_finger_is_on(seed, moves):
    desk = Desk(seed)
    for key, us in moves:
        if key in desk.matrix.down:
            desk.matrix.release(key)
        else:
            desk.matrix.press(key)
        desk.wait(us)
    for key in KEYS:
        desk.matrix.release(key)
    desk.wait(100_000)
    before = desk.said
    desk.matrix.press("7")
    desk.wait(100_000)
    assert desk.said == before + "7", "whatever was done to it, the keypad works again"
