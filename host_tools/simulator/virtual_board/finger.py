"""A finger on the keypad of a board in real time: a key is held until the program can have seen it.

A person's 120 ms are six scans of the keypad on a chip, which has nothing else to do. The computer under a
virtual board has: where it runs something else for 120 ms, a key would come and go between two scans,
and the code that a script has typed would be another.
"""

from collections import deque
from collections.abc import Callable

from host_tools.simulator.hands import KEY_GAP_MS, KEY_HELD_MS
from host_tools.simulator.world import World

# A change is believed at the second scan that shows it (firmware/locker/drivers/keypad.py);
# a scan that the computer has interrupted may count as two.
_LOOKS = 5
_APART_US = 15_000  # reads closer together than this belong to one scan
_PATIENCE_US = 1_000_000  # a program that does not look at its keypad is typed at all the same
_AGAIN_US = 10_000


class Finger:
    """Types at a world whose time passes by itself: each key 120 ms and each gap 80 ms long at least,
    and either until the program has looked at the keypad often enough, for a second at most.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._clock = world.clock
        self._typing: deque[tuple[str, Callable[[], object] | None]] = deque()
        self._looks = 0
        self._looked_us = 0
        world.chip.on_read[world.board.keypad.columns[0]] = self._look

    def type(self, text: str, done: Callable[[], object]) -> None:
        """Types keys one after the other, behind those still being typed, and calls `done` after the last.

        Raises ValueError for a key that this keypad has not; then nothing is typed.
        """
        self._world.hands.check_keys(text)
        if not text:
            done()
            return
        idle = not self._typing
        self._typing += [(key, None) for key in text[:-1]] + [(text[-1], done)]
        if idle:
            self._press()

    def _look(self) -> None:
        now = self._clock.now_us()
        if now - self._looked_us >= _APART_US:
            self._looks += 1
            self._looked_us = now

    def _press(self) -> None:
        self._world.keypad.press(self._typing[0][0])
        self._once_seen(KEY_HELD_MS, self._let_go)

    def _let_go(self) -> None:
        self._world.keypad.release(self._typing[0][0])
        self._once_seen(KEY_GAP_MS, self._go_on)

    def _go_on(self) -> None:
        _, done = self._typing.popleft()
        if done:
            done()
        if self._typing:
            self._press()

    def _once_seen(self, ms: int, act: Callable[[], object]) -> None:
        """Calls `act` once a time is over and the program has seen the keypad as it is now."""
        start, looks = self._clock.now_us(), self._looks

        def look() -> None:
            is_seen = self._looks - looks >= _LOOKS or not self._world.supply.on
            if is_seen or self._clock.now_us() - start >= _PATIENCE_US:
                act()
            else:
                self._clock.after(_AGAIN_US, look)

        self._clock.after(ms * 1000, look)
