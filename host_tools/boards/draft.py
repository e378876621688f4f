"""A board file as it was written, right or wrong: tolerant access to its tables,
the line of each key, and what is wrong with it.
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from host_tools.boards.chips import CHIPS, Chip
from host_tools.boards.pins import Pin, parse_pin
from host_tools.showing import shown

#: Where a value is: names of tables and keys, and indices from 0 in lists; ("door", 2, "contact", "pin").
Place = tuple[str | int, ...]

_ABSURD = 10**15
_HEADER = re.compile(r"\s*(\[\[?)\s*([\w.-]+)\s*\]")
_KEY = re.compile(r"\s*([\w.-]+)\s*=")


@dataclass(frozen=True)
class Problem:
    """One mistake: where it is, why it is one, and what cures it."""

    path: Place
    reason: str
    remedy: str


class Draft:
    """The tables of a board file before anybody has said that they are right."""

    def __init__(self, tables: dict[str, Any], text: str = "", lines: dict[Place, int] | None = None) -> None:
        self.tables = tables
        self._lines = _lines(text) | (lines or {})

    def get(self, *path: str | int) -> Any:
        """The value there, or None when the file has none there."""
        value: Any = self.tables
        for step in path:
            if isinstance(step, int) and isinstance(value, list) and step < len(value):
                value = value[step]
            elif isinstance(step, str) and isinstance(value, dict):
                value = value.get(step)
            else:
                return None
        return value

    def number(self, *path: str | int) -> float | None:
        """The number there, or None when there is none (`inf` and `nan` are none).

        One that is absurdly large is 10^15 with its sign.
        """
        value = self.get(*path)
        if (
            not isinstance(value, int | float)
            or isinstance(value, bool)
            or (isinstance(value, float) and not math.isfinite(value))
        ):
            return None
        return max(-_ABSURD, min(value, _ABSURD))

    def integer(self, *path: str | int) -> int | None:
        """The whole number there, or None when there is none."""
        value = self.get(*path)
        return (
            max(-_ABSURD, min(value, _ABSURD))
            if isinstance(value, int) and not isinstance(value, bool)
            else None
        )

    def integers(self, *path: str | int) -> list[tuple[Place, int]]:
        """The integers of the list there, each with its place."""
        value = self.get(*path)
        items = enumerate(value) if isinstance(value, list) else ()
        return [
            ((*path, index), item)
            for index, item in items
            if isinstance(item, int) and not isinstance(item, bool)
        ]

    def pin(self, *path: str | int) -> Pin | None:
        """The pin there, or None when nothing that reads as one is."""
        try:
            return parse_pin(self.get(*path))
        except ValueError:
            return None

    def doors(self) -> Iterator[int]:
        """The indices of the doors."""
        doors = self.get("door")
        return iter(range(len(doors)) if isinstance(doors, list) else ())

    @property
    def chip(self) -> Chip | None:
        """The facts of its chip, or None when that is unknown."""
        name = self.get("chip")
        return CHIPS.get(name) if isinstance(name, str) else None

    def spell(self, path: Place) -> str:
        """A place in words: `lock.pulse_ms`, `door 03 contact.pin`;
        a door without a number is counted: `door #3 coil`.
        """
        words = ""
        if len(path) > 1 and path[0] == "door" and isinstance(path[1], int):
            number = self.get("door", path[1], "number")
            words = (
                f"door {number:02d} "
                if isinstance(number, int) and not isinstance(number, bool)
                else f"door #{path[1] + 1} "
            )
            path = path[2:]
        for step in path:
            words += (
                f"[{step}]" if isinstance(step, int) else f".{step}" if words and words[-1] != " " else step
            )
        return shown(words.strip())

    def line(self, path: Place) -> int | None:
        """The line, from 1, of the key there, else of the table around it."""
        while path:
            if path in self._lines:
                return self._lines[path]
            path = path[:-1]
        return None


def _lines(text: str) -> dict[Place, int]:
    """The line of each table and key.

    A reader of headers and keys, no parser: text inside a multi-line string may mislead it.
    """
    lines: dict[Place, int] = {}
    repeated: dict[str, int] = {}
    table: Place = ()
    for number, line in enumerate(text.splitlines(), 1):
        if header := _HEADER.match(line):
            brackets, name = header.groups()
            head, *rest = name.split(".")
            if brackets == "[[" and not rest:
                repeated[head] = repeated.get(head, -1) + 1
            table = (head, repeated[head], *rest) if head in repeated else (head, *rest)
            lines.setdefault(table, number)
        elif key := _KEY.match(line):
            lines.setdefault((*table, *key[1].split(".")), number)
    return lines
