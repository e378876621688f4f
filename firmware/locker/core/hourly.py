"""What may happen over and over is recorded when it happens first, and then counted:
a record an hour says how often.
"""

from locker.compat import TYPE_CHECKING, const
from locker.core import deadlines

if TYPE_CHECKING:
    from locker.core.cabinet import Cabinet
    from locker.core.state import Door

_HOUR_MS = const(3600000)


def begin(cabinet: "Cabinet") -> None:
    """What is only counted from now on is recorded within the hour."""
    if deadlines.HOUR not in cabinet.due:
        cabinet.wait(deadlines.HOUR, _HOUR_MS)


def count(cabinet: "Cabinet", kind: int, more: int = 1) -> None:
    """Leaves what a vandal can do over and over to one record an hour; `more` 0 sees to that record alone."""
    cabinet.counted[kind] = cabinet.counted.get(kind, 0) + more
    begin(cabinet)


def note(cabinet: "Cabinet", kind: int, door: "Door | None", a: int) -> None:
    """Journals an event at once, and its repetitions within the hour as a number."""
    if kind in cabinet.counted:
        count(cabinet, kind)
    else:
        cabinet.record(kind, door, a)
        count(cabinet, kind, 0)
