"""Screen and sensors: what people and firmware see."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from host_tools.simulator.cabinet.sensors import Beam, Distance
from host_tools.simulator.cabinet.wires import Wires
from host_tools.simulator.chip.i2c import I2CBus
from host_tools.simulator.chip.lcd import CharacterScreen
from host_tools.simulator.clock import VirtualClock

ADDRESS = 0x27
LIGHT = 0x08


class Glass:
    """A screen on a bus, and the way a data sheet says to talk to it."""

    def __init__(self, columns: int = 20, rows: int = 4, hz: int = 400_000) -> None:
        self.clock = VirtualClock()
        self.seen: list[list[str]] = []
        self.screen = CharacterScreen(self.clock, columns, rows, self.seen.append)
        self.bus = I2CBus(self.clock, 8, 9, hz)
        self.bus.targets[ADDRESS] = self.screen

    def nibble(self, value: int, rs: int = 0) -> None:
        for enable in (4, 0):
            self.bus.write(ADDRESS, bytes([value << 4 | LIGHT | enable | rs]))

    def byte(self, value: int, rs: int = 0) -> None:
        self.nibble(value >> 4, rs)
        self.nibble(value & 15, rs)

    def command(self, value: int) -> None:
        self.byte(value)
        self.clock.advance(2000)

    def text(self, text: str) -> None:
        for letter in text:
            self.byte(ord(letter), 1)
            self.clock.advance(100)

    def ready(self) -> "Glass":
        """Initialisation by instruction, figure 24 of the HD44780U data sheet."""
        self.clock.advance(40_000)
        for value in (3, 3, 3, 2):
            self.nibble(value)
            self.clock.advance(5000)
        for value in (0x28, 0x0C, 0x06, 0x01):
            self.command(value)
        return self


def test_before_it_is_initialised_a_screen_shows_nothing() -> None:
    glass = Glass()
    glass.text("lost")
    assert glass.screen.lines() == [" " * 20] * 4


@pytest.mark.parametrize(
    ("columns", "rows", "starts"),
    [(20, 4, (0x00, 0x40, 0x14, 0x54)), (16, 2, (0x00, 0x40)), (16, 4, (0, 0x40, 0x10, 0x50))],
)
def test_each_row_has_its_address(columns: int, rows: int, starts: tuple[int, ...]) -> None:
    glass = Glass(columns, rows).ready()
    for number, start in enumerate(starts):
        glass.command(0x80 | start)
        glass.text(f"row {number}")
    assert [line.rstrip() for line in glass.screen.lines()] == [f"row {number}" for number in range(rows)]


def test_the_first_row_of_four_runs_over_into_the_third() -> None:
    glass = Glass().ready()
    glass.text("x" * 20 + "third")
    assert glass.screen.lines()[2].startswith("third")


def test_what_comes_while_the_controller_clears_is_lost() -> None:
    glass = Glass().ready()
    glass.text("old")
    glass.byte(0x01)
    glass.byte(ord("X"), 1)
    glass.clock.advance(2000)
    glass.text("Y")
    assert glass.screen.lines()[0].rstrip() == "Y"
    assert glass.screen.lost == 1


def test_on_a_bus_of_400_khz_characters_one_behind_the_other_are_not_lost() -> None:
    glass = Glass().ready()
    for letter in b"no waiting at all":
        glass.byte(letter, 1)
    assert glass.screen.lines()[0].rstrip() == "no waiting at all"


def test_without_the_waits_after_power_on_the_instructions_are_lost() -> None:
    glass = Glass()
    glass.nibble(3)
    assert glass.screen.lost == 1


def test_turning_the_display_off_hides_the_text_and_keeps_it() -> None:
    glass = Glass().ready()
    glass.text("kept")
    glass.command(0x08)
    assert glass.screen.lines()[0].strip() == ""
    glass.command(0x0C)
    assert glass.screen.lines()[0].rstrip() == "kept"


def test_a_second_initialisation_works_from_any_half_sent_byte() -> None:
    for half in (False, True):
        glass = Glass().ready()
        if half:
            glass.nibble(0x4, 1)
        glass.ready()
        glass.text("again")
        assert glass.screen.lines()[0].rstrip() == "again"


def test_the_busy_flag_is_on_p7_while_the_controller_works() -> None:
    glass = Glass().ready()
    glass.byte(0x01)
    glass.bus.write(ADDRESS, bytes([0x02 | 0x04 | 0xF0]))
    assert glass.bus.read(ADDRESS, 1)[0] & 0x80
    glass.clock.advance(2000)
    assert not glass.bus.read(ADDRESS, 1)[0] & 0x80


def test_a_person_sees_a_picture_once_and_not_each_letter_of_it() -> None:
    glass = Glass().ready()
    glass.clock.advance(100_000)
    glass.seen.clear()
    for letter in b"whole":
        glass.byte(letter, 1)
    glass.clock.advance(100_000)
    assert [lines[0].rstrip() for lines in glass.seen] == ["whole"]


def test_a_picture_drawn_again_is_not_news() -> None:
    glass = Glass().ready()
    glass.text("same")
    glass.clock.advance(100_000)
    glass.seen.clear()
    glass.command(0x80)
    glass.text("same")
    glass.clock.advance(100_000)
    assert glass.seen == []


def test_without_power_a_screen_answers_nobody_and_forgets_everything() -> None:
    glass = Glass().ready()
    glass.text("gone")
    glass.screen.power(False)
    with pytest.raises(OSError, match="0x27"):
        glass.bus.write(ADDRESS, b"\x00")
    glass.screen.power(True)
    glass.ready()
    assert glass.screen.lines()[0].strip() == ""


@given(st.binary(max_size=200))
def test_no_bytes_whatever_confuse_a_screen_beyond_an_initialisation(garbage: bytes) -> None:
    glass = Glass().ready()
    glass.bus.write(ADDRESS, garbage)
    glass.ready()
    glass.text("fine")
    assert glass.screen.lines()[0].rstrip() == "fine"


@pytest.mark.parametrize("occupied_level", [0, 1])
def test_a_beam_sinks_its_wire_for_a_0_and_needs_a_pull_up_for_a_1(occupied_level: int) -> None:
    wires = Wires(VirtualClock(), 1)
    node = wires.node(4)
    beam = Beam(wires.switch(node), occupied_level)
    node.set(None, 1)
    for inside in (True, False, True):
        beam.inside(inside)
        assert node.level() == (occupied_level if inside else 1 - occupied_level)


@given(
    st.integers(0, 1000),
    st.integers(100, 1500),
    st.integers(60, 1000),
    st.lists(st.tuples(st.booleans(), st.integers(0, 300)), max_size=10),
)
def test_a_distance_sensor_is_beyond_its_threshold_a_tenth_of_a_second_after_every_change(
    seed: int, clear_mv: int, apart_mv: int, changes: list[tuple[bool, int]]
) -> None:
    clock = VirtualClock()
    occupied_mv = clear_mv + apart_mv
    sensor = Distance(34, (occupied_mv, clear_mv), clock, seed)
    inside = False
    for inside, wait_ms in changes:
        sensor.inside(inside)
        clock.advance(wait_ms * 1000)
    clock.advance(115_000)
    for _ in range(20):
        clock.advance(10_000)
        mv = sensor.millivolts()
        assert mv >= occupied_mv if inside else mv <= clear_mv


def test_a_distance_sensor_holds_each_reading_for_38_ms_and_is_a_little_noisy() -> None:
    clock = VirtualClock()
    sensor = Distance(34, (1100, 800), clock, 5)
    readings = []
    for _ in range(383):
        readings.append(sensor.millivolts())
        clock.advance(1000)
    assert 3 < len(set(readings)) < 12
    assert sum(a != b for a, b in pairwise(readings)) < 11
