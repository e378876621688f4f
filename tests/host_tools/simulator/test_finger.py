"""A finger on a keypad in real time: every key that it types is seen, however slow the computer is."""

import pytest

from host_tools.simulator.clock import RealClock
from host_tools.simulator.virtual_board.finger import Finger
from host_tools.simulator.world import World, board_named

WALL = board_named("wall_12")
SCAN_MS = 20


class Slow:
    """A computer whose time is an argument, with a program that scans the keypad, or does not get to."""

    def __init__(self) -> None:
        self._ns = 0
        self.world = World(WALL, RealClock(lambda: self._ns), 11)
        self.finger = Finger(self.world)
        self.seen: list[str] = []

    def live(self, ms: int, *, scans: bool) -> None:
        for _ in range(ms // SCAN_MS):
            self._ns += SCAN_MS * 1_000_000
            self.world.clock.settle()
            if scans:
                self.world.chip.pin_read(WALL.keypad.columns[0])
                self._see(self.world.keypad.down)

    def stop(self, ms: int) -> None:
        """The computer does something else, and has all that was due at once when it comes back."""
        self._ns += ms * 1_000_000
        self.world.clock.settle()

    def _see(self, down: str) -> None:
        if not self.seen or self.seen[-1] != down:
            self.seen.append(down)

    def keys(self) -> str:
        return "".join(self.seen)


def test_keys_are_typed_at_the_speed_of_people() -> None:
    slow, done = Slow(), []
    slow.finger.type("11#", lambda: done.append(slow.world.clock.now_ms()))
    slow.live(1000, scans=True)
    assert slow.keys() == "11#"
    assert 600 <= done[0] <= 700


def test_a_computer_that_is_away_for_longer_than_a_key_is_held_loses_no_key() -> None:
    slow = Slow()
    slow.finger.type("0512341234#", lambda: None)
    for _ in range(40):
        slow.stop(500)
        slow.live(100, scans=True)
    assert slow.keys() == "0512341234#"


def test_a_program_that_does_not_look_is_typed_at_all_the_same_after_a_second_a_key() -> None:
    slow, done = Slow(), []
    slow.finger.type("1#", lambda: done.append(slow.world.clock.now_ms()))
    slow.live(3000, scans=False)
    assert not done
    slow.live(1100, scans=False)
    assert 4000 <= done[0] <= 4100
    assert slow.world.keypad.down == ""


def test_a_board_without_power_keeps_nobody_waiting() -> None:
    slow, done = Slow(), []
    slow.world.power_cut()
    slow.finger.type("1#", lambda: done.append(True))
    slow.live(500, scans=False)
    assert done


def test_what_is_typed_while_another_types_comes_behind_it() -> None:
    slow = Slow()
    slow.finger.type("12", lambda: None)
    slow.finger.type("3#", lambda: None)
    slow.live(1000, scans=True)
    assert slow.keys() == "123#"


def test_a_key_that_the_keypad_has_not_types_nothing() -> None:
    slow = Slow()
    with pytest.raises(ValueError, match="no key 'x'"):
        slow.finger.type("1x", lambda: None)
    slow.live(500, scans=True)
    assert slow.keys() == ""
