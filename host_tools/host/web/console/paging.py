"""Long lists, 50 rows a page. What is searched for is a person's name: it is sent with a form, never within
an address, which proxies and browsers keep.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from host_tools.host.ledger.names import likeness

ROWS = 50
_SEARCHED_MAX = 100


class Part(NamedTuple):
    """A page of a list: its rows, its number from 1 on, of how many, and how many rows there are in all."""

    rows: Sequence[Any]
    number: int
    of: int
    total: int


def part_of(rows: Sequence[Any], asked: Mapping[str, str]) -> Part:
    """The page that is asked for, or the nearest that there is."""
    return looked_up(len(rows), lambda first: rows[first : first + ROWS], asked)


def looked_up(total: int, look: Callable[[int], Sequence[Any]], asked: Mapping[str, str]) -> Part:
    """The same of a list of so many rows, of which `look` finds ROWS from one on."""
    wish = asked.get("page", "1")
    of = max(1, -(-total // ROWS))
    number = min(of, max(1, int(wish[:9]) if wish.isascii() and wish.isdigit() else 1))
    return Part(look((number - 1) * ROWS), number, of, total)


def searched(asked: Mapping[str, str]) -> str:
    """What is looked for; empty: everything."""
    return asked.get("q", "").strip()[:_SEARCHED_MAX]


def is_found(wish: str, *texts: str | None) -> bool:
    """Whether one of these has what is looked for, however it is typed."""
    return not wish or any(likeness(wish) in likeness(text) for text in texts if text)


def found(rows: Iterable[Any], wish: str, *names: str) -> list[Any]:
    """The rows of which one of these fields has what is looked for."""
    return [row for row in rows if is_found(wish, *(getattr(row, name) for name in names))]
