"""Who is told of an alarm, in which order: the first at once, after 60 s the next,
60 s later all together, and all again each 5 min until somebody takes it.

Pure: the time is an argument, and what was told so far is a step and the time of the next.
"""

from collections.abc import Sequence
from typing import NamedTuple

NEXT_MS = 60_000
AGAIN_MS = 300_000
FIRST, SECOND, ALL = range(3)  # steps; those behind ALL tell all again


class Due(NamedTuple):
    """The step that comes next, and when, in ms since 1970."""

    step: int
    due_ms: int


def begun(at_ms: int) -> Due:
    """Of an alarm that was opened now."""
    return Due(FIRST, at_ms)


def is_due(due: Due, at_ms: int) -> bool:
    """Whether the step is to be told now.

    A clock that was put back makes nobody wait longer than ever: see `clamped`.
    """
    return clamped(due, at_ms).due_ms <= at_ms


def clamped(due: Due, at_ms: int) -> Due:
    """The same, no further off than its step may be from now (the clock may have been put back)."""
    return due._replace(due_ms=min(due.due_ms, at_ms + _pause_ms(due.step)))


def after(due: Due, at_ms: int, *, failed: bool = False) -> Due:
    """What comes after a step that was told now; at once where it reached nobody (`failed`).

    A clock that was put forward, or a host that was away, skips no step and repeats none: each pause
    begins when the step before it was told.
    """
    following = due.step + 1
    hurries = failed and following <= ALL
    return Due(following, at_ms if hurries else at_ms + _pause_ms(following))


def told(step: int, on_call: Sequence[int]) -> tuple[int, ...]:
    """The accounts that a step tells, of those on call in their order; none where nobody is its turn."""
    if step < ALL:
        return tuple(on_call[step : step + 1])
    return tuple(on_call)


def _pause_ms(step: int) -> int:
    if step == FIRST:
        return 0
    return NEXT_MS if step <= ALL else AGAIN_MS
