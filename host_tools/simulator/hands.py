"""What people do to a cabinet, at the speed of people.

Every act returns the instant (us) at which it is done.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from host_tools.simulator.cabinet.door import Door

if TYPE_CHECKING:
    from host_tools.simulator.world import World

KEY_HELD_MS = 120
KEY_GAP_MS = 80
_RING_US = 400_000
_SUPPLY_PERCENT_MIN = 50
_REACH_US = 300_000  # a hand goes in, does what it came for, comes out: three times that


class Hands:
    """The hands of whoever stands at the cabinet.

    What cannot be done raises ValueError with one clear sentence, and changes nothing.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._clock = world.clock
        self._keys_until_us = 0

    def keys(self, text: str) -> int:
        """Types keys one after the other, 120 ms each and 80 ms apart, behind those still being typed."""
        self.check_keys(text)
        at = max(self._clock.now_us(), self._keys_until_us)
        for key in text:
            self._hold(key, at, KEY_HELD_MS)
            at += (KEY_HELD_MS + KEY_GAP_MS) * 1000
        self._keys_until_us = at
        return at

    def press(self, key: str, hold_ms: int = KEY_HELD_MS) -> int:
        """Holds a key for so long, at once: several may be held together."""
        self.check_keys(key)
        return self._hold(key, self._clock.now_us(), hold_ms)

    def put(self, door: int) -> int:
        """Puts a parcel into a compartment, pulling its door wide first if it is only ajar."""
        leaf = self._open_door(door, "before anything can be put in")
        if leaf.parcel:
            raise ValueError(f"door {door:02} is full: something is inside already")
        return self._reach_in(leaf, True)

    def take(self, door: int) -> int:
        """Takes out what is in a compartment, pulling its door wide first if it is only ajar."""
        leaf = self._open_door(door, "before anything can be taken out")
        if not leaf.parcel:
            raise ValueError(f"there is nothing behind door {door:02} to take")
        return self._reach_in(leaf, False)

    def open(self, door: int) -> int:
        """Pulls a door wide open; a latched one resists."""
        return self._do(self._door(door).pull)

    def push(self, door: int) -> int:
        """Pushes a door: shut if it was open, else with a weight on it for three seconds,
        which eases a latch that is wedged.
        """
        return self._do(self._door(door).push)

    def close(self, door: int) -> int:
        """Shuts an open door; if something is in the way, it swings back."""
        leaf = self._door(door)
        if leaf.place == "shut":
            raise ValueError(f"door {door:02} is shut already")
        return self._do(leaf.push)

    def force(self, door: int) -> int:
        """Opens a door with a crowbar."""
        return self._do(self._door(door).force)

    def block(self, door: int) -> int:
        """Wedges a shut door's latch, or puts something in the way of an open one."""
        self._door(door).block(True)
        return self._clock.now_us()

    def unblock(self, door: int) -> int:
        self._door(door).block(False)
        return self._clock.now_us()

    def bell(self) -> int:
        """Presses the help button for 400 ms."""
        self._clock.settle()
        bell = self._world.bell
        if bell is None:
            raise ValueError("this cabinet has no bell")
        self._do(lambda: bell.press(True))
        return self._later(_RING_US, lambda: bell.press(False))

    def tamper(self, opened: bool) -> int:
        """Opens the cover over the cabinet's inside, and with it the tamper loop, or shuts it again."""
        self._clock.settle()
        loop = self._world.tamper
        if loop is None:
            raise ValueError("this cabinet has no tamper loop")
        return self._do(lambda: loop.set(not opened))

    def dark(self, dark: bool) -> int:
        """Night falls, or ends."""
        self._clock.settle()
        self._world.dark = dark
        return self._clock.now_us()

    def power(self, state: str) -> int:
        """Pulls the mains plug ("cut") or puts it back ("on")."""
        if state not in ("cut", "on"):
            raise ValueError(f"power can be cut or on, not {state!r}")
        (self._world.power_cut if state == "cut" else self._world.power_on)()
        return self._clock.now_us()

    def supply(self, percent: int) -> int:
        """The mains are weak: without load the supply gives so many percent of its voltage. 100 mends it."""
        if not _SUPPLY_PERCENT_MIN <= percent <= 100:
            raise ValueError(
                f"a supply can sag to {_SUPPLY_PERCENT_MIN}-100 percent, not {percent}: "
                "below that the power is cut"
            )
        self._clock.settle()
        if not self._world.supply.on:
            raise ValueError("the power is cut: there is nothing to sag")
        self._world.supply.sag_to(percent / 100)
        return self._clock.now_us()

    def fault(self, text: str) -> int:
        """Breaks something, in the words of the fault plan (faults.py)."""
        self._world.faults.inject(text)
        return self._clock.now_us()

    def clear(self, text: str) -> int:
        """Mends what those words have broken, or everything ("")."""
        self._world.faults.clear(text)
        return self._clock.now_us()

    def check_keys(self, text: str) -> None:
        """Raises ValueError for a key that this keypad has not."""
        self._clock.settle()
        for key in text:
            if key not in self._world.keypad.keys:
                raise ValueError(f"this keypad has no key {key!r}: it has {self._world.board.keypad.keys}")

    def _hold(self, key: str, at_us: int, hold_ms: int) -> int:
        keypad = self._world.keypad
        if at_us <= self._clock.now_us():
            keypad.press(key)
        else:
            self._clock.at(at_us, lambda: keypad.press(key))
        until = at_us + hold_ms * 1000
        self._clock.at(until, lambda: keypad.release(key))
        return until

    def _door(self, number: int) -> Door:
        self._clock.settle()
        if number not in self._world.doors:
            raise ValueError(
                f"this cabinet has no door {number:02}: "
                f"it has {min(self._world.doors):02} to {max(self._world.doors):02}"
            )
        return self._world.doors[number]

    def _open_door(self, number: int, purpose: str) -> Door:
        door = self._door(number)
        if door.place == "shut":
            raise ValueError(f"door {number:02} is shut: it must be open {purpose}")
        return door

    def _reach_in(self, door: Door, parcel: bool) -> int:
        start = self._do(door.pull) if door.place == "ajar" else self._clock.now_us()
        wait = start - self._clock.now_us()
        self._later(wait + _REACH_US, lambda: door.reach(True))
        self._later(wait + 2 * _REACH_US, lambda: door.put(parcel))
        return self._later(wait + 3 * _REACH_US, lambda: door.reach(False))

    def _do(self, act: Callable[[], int | None]) -> int:
        with self._world.trace.because("hand"):
            done = act()
        return self._clock.now_us() if done is None else done

    def _later(self, us: int, act: Callable[[], None]) -> int:
        self._clock.after(us, lambda: self._do(act))
        return self._clock.now_us() + us
