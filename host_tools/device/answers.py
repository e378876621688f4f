"""What a board may answer, by script and function of `device/errands/`:
a board that lies, or runs something else, ends in a sentence.

Each shape says of a value whether it is one. What a function is not asked for is in no table:
every one that is called has its line here.
"""

import ast
import re
from collections.abc import Callable
from typing import Any

from locker.board import from_json

#: Says of a value whether it has the shape.
Shape = Callable[[Any], bool]

TEXT_MAX = 1 << 20  # characters of an answer, and of a line on the way to it


def number(least: int = 0, most: int = (1 << 32) - 1) -> Shape:
    """A whole number within limits."""
    return lambda value: type(value) is int and least <= value <= most


def text(pattern: str = r"(?s).*") -> Shape:
    """A text that matches as a whole."""
    compiled = re.compile(pattern)
    return lambda value: type(value) is str and compiled.fullmatch(value) is not None


def data(least: int, most: int) -> Shape:
    """So many bytes."""
    return lambda value: type(value) is bytes and least <= len(value) <= most


def flag(value: Any) -> bool:
    """Yes or no."""
    return type(value) is bool


def nothing(value: Any) -> bool:
    """No answer."""
    return value is None


def anything(value: Any) -> bool:
    """An answer that nobody looks at."""
    return True


def maybe(shape: Shape) -> Shape:
    """The shape, or None."""
    return lambda value: value is None or shape(value)


def each(shape: Shape, most: int = 100) -> Shape:
    """A row of values of one shape."""
    return lambda value: type(value) in (list, tuple) and len(value) <= most and all(map(shape, value))


def row(*shapes: Shape) -> Shape:
    """So many values, each of its own shape."""
    return lambda value: (
        type(value) in (list, tuple)
        and len(value) == len(shapes)
        and all(fits(one) for fits, one in zip(shapes, value, strict=True))
    )


def board(value: Any) -> bool:
    """The object of a board.json that the firmware can read."""
    try:
        found = from_json(value)
        numbers = [door.number for door in found.doors]
    except (KeyError, TypeError, ValueError, IndexError, AttributeError):
        return False
    return text()(found.name) and each(_DOOR)(numbers) and each(number(0, 127))(found.expanders)


_DOOR = number(1, 99)
_MS = number(0, 10**7)
_MV = number(0, 10**6)
_PERCENT = number(0, 100)
_STATE = each(row(_DOOR, flag, flag))

SHAPES: dict[tuple[str, str], Shape] = {
    ("probe", "probe"): row(
        text(), row(number(), number(), number()), number(0, 255), text(), text(), maybe(data(1, 32)), flag
    ),
    ("service", "who"): maybe(row(text("[0-9a-f]{16}"), number(0, 9999))),
    ("service", "journal"): maybe(row(number(0, (1 << 64) - 1), number(), number(), number())),
    ("parcels", "waiting"): each(_DOOR),
    ("service", "start_journal"): anything,
    ("service", "plant"): anything,
    ("files", "survey"): row(number(), number(), text()),
    ("files", "digest"): text("[0-9a-f]*"),
    ("files", "has_journal"): flag,
    ("files", "finish_update"): maybe(flag),
    ("files", "begin"): anything,
    ("files", "take"): anything,
    ("files", "unpack"): anything,
    ("bench", "begin"): row(board, lambda value: type(value) is dict, number(), maybe(number(0, 9999))),
    ("bench", "answering"): each(number(0, 127)),
    ("bench", "connect"): each(_DOOR),
    ("bench", "settle"): _STATE,
    ("bench", "await_rest"): _STATE,
    ("bench", "pulse"): row(maybe(_MS), each(_DOOR), maybe(_MV), maybe(_MV)),
    ("bench", "await_closed"): flag,
    ("bench", "await_occupied"): number(0, 99),
    ("bench", "await_bell"): flag,
    ("bench", "await_tamper"): flag,
    ("bench", "keys_down"): row(text(), each(number(0, 99))),
    ("bench", "press"): text(),
    ("bench", "answer"): text(),
    ("bench", "signals"): row(flag, flag),
    ("bench", "analogue"): row(maybe(_MV), maybe(_MV)),
    ("bench", "lamp"): maybe(flag),
    ("bench", "beep"): anything,
    ("bench", "show"): anything,
    ("bench", "line"): row(_PERCENT, _PERCENT, maybe(_PERCENT)),
}


def parsed(script: str, function: str, lines: list[str]) -> tuple[bool, Any]:
    """Whether the lines that a board marked as its answer are one that this function gives, and which."""
    if len(lines) != 1:
        return False, None
    try:
        value = ast.literal_eval(lines[0])
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return False, None
    shape = SHAPES.get((script, function), anything)
    return shape(value), value
