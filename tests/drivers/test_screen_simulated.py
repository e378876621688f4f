"""Theorems about a controller that sparks have reached:
it comes back, and one that they have not reached shows nothing of it.
"""

import pytest

from host_tools.simulator.chip.i2c import I2CBus
from host_tools.simulator.chip.lcd import DISTURBANCES, CharacterScreen
from host_tools.simulator.clock import VirtualClock
from locker.drivers.screen import Screen

ADDRESS = 0x27
STEP_US = 5_000  # the shortest that the driver allows
LINES = ("Welcome. Type ticket", "or door and code,", "then press #.", "A Hangugeo")


class Line:
    """The bus in CircuitPython's protocol, which takes its time; `watch` is called after each byte."""

    def __init__(self, i2c, clock):
        self._i2c = i2c
        self._clock = clock
        self.watch = None

    def try_lock(self):
        return True

    def unlock(self):
        pass

    def writeto(self, address, buffer, *, start=0, end=None):
        target = self._i2c._address(address, False)
        for byte in buffer[start:end]:
            target.written(byte, self._i2c._tick())
            if self.watch:
                self.watch()
        self._clock.advance_to(int(self._i2c._free_us))


class Glass:
    def __init__(self, columns=20, rows=4, hz=100_000):
        self.clock = VirtualClock()
        self.screen = CharacterScreen(self.clock, columns, rows, lambda lines: None)
        i2c = I2CBus(self.clock, 8, 9, hz)
        i2c.targets[ADDRESS] = self.screen
        self.bus = Line(i2c, self.clock)
        self.driver = Screen(self.bus, ADDRESS, columns, rows)
        self.wanted = [f"{line:<{columns}}"[:columns] for line in LINES[:rows]]
        self.clock.advance(100_000)
        self.driver.show(LINES[:rows])
        self.settle()

    def settle(self):
        for _ in range(12):
            self.driver.step()
            self.clock.advance(STEP_US)


@pytest.mark.parametrize("hz", [100_000, 400_000])
@pytest.mark.parametrize(("columns", "rows"), [(20, 4), (16, 2), (16, 4)])
def test_what_is_shown_is_what_was_asked_for_from_the_first_letter(columns, rows, hz):
    glass = Glass(columns, rows, hz)
    assert glass.screen.lines() == glass.wanted
    assert glass.screen.lost <= 1, "the second half of the first order of all, which is as good as the first"


@pytest.mark.parametrize("kind", DISTURBANCES)
def test_a_disturbed_controller_is_put_right_whatever_the_spark_did_and_in_whatever_byte_it_is(kind):
    for hz in (100_000, 400_000):
        for nibble in (None, *range(16)):
            glass = Glass(hz=hz)
            glass.screen.disturb(kind)
            if nibble is not None:
                glass.screen._high_nibble = nibble
            glass.driver.restart()
            glass.settle()
            assert glass.screen.lines() == glass.wanted, (kind, nibble, hz)


def test_a_screen_that_lost_its_supply_for_a_moment_is_put_right():
    glass = Glass()
    glass.screen.power(False)
    glass.screen.power(True)
    glass.clock.advance(50_000)
    assert glass.screen.lines() != glass.wanted
    glass.driver.restart()
    glass.settle()
    assert glass.screen.lines() == glass.wanted


def test_a_sound_screen_shows_the_same_at_every_byte_while_it_is_set_up_again():
    for hz in (100_000, 400_000):
        glass = Glass(hz=hz)
        looks = []

        def look(glass=glass, looks=looks):
            looks.append((glass.screen.lines(), glass.screen.backlight))

        glass.bus.watch = look
        glass.driver.restart()
        glass.settle()
        assert len(looks) > 400
        assert all(look == (glass.wanted, True) for look in looks)
