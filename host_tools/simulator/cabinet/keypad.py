"""A keypad matrix as electricity sees it: keys join rows and columns, without diodes, so ghosts are real."""

import random
from collections.abc import Iterator

from host_tools.simulator.cabinet.bounce import BouncingSwitch
from host_tools.simulator.cabinet.wires import Switch, Wires
from host_tools.simulator.clock import Clock
from locker.board import Keypad

_BOUNCE_US = 5_000


class KeypadMatrix:
    """The keys of `Keypad(rows, columns, keys)`, `keys` in rows from the top left.

    Pressing one closes its switch, with bounce.

    Any number of keys may be down at once: what the rows and columns then read follows from the joined wires.
    `rows` and `columns` are the keys of each; `grounds` joins a column to ground.
    """

    def __init__(self, keypad: Keypad, wires: Wires, clock: Clock, rng: random.Random) -> None:
        self._switches: dict[str, BouncingSwitch] = {}
        self.rows = [
            keypad.keys[start : start + len(keypad.columns)]
            for start in range(0, len(keypad.keys), len(keypad.columns))
        ]
        self.columns = ["".join(row[place] for row in self.rows) for place in range(len(keypad.columns))]
        self.grounds = [wires.switch(wires.node(column)) for column in keypad.columns]
        crossings: Iterator[tuple[int, int]] = (
            (row, column) for row in keypad.rows for column in keypad.columns
        )
        for key, (row, column) in zip(keypad.keys, crossings, strict=True):
            switch = wires.switch(wires.node(row), wires.node(column))
            self._switches[key] = BouncingSwitch(clock, rng, switch, _BOUNCE_US)

    @property
    def keys(self) -> frozenset[str]:
        return frozenset(self._switches)

    @property
    def down(self) -> str:
        """The keys that are held down, in the order of the keypad."""
        return "".join(key for key, switch in self._switches.items() if switch.target)

    def switch(self, key: str) -> Switch:
        """The switch under a key, for those who break it."""
        return self._switches[key].switch

    def press(self, key: str) -> None:
        self._switches[key].move(True)

    def release(self, key: str) -> None:
        self._switches[key].move(False)
