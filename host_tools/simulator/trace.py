"""What happened in the world, in order, with time and cause: what tests state their theorems about."""

from collections import Counter, deque
from collections.abc import Callable
from typing import NamedTuple

from host_tools.simulator.clock import Clock

_ENTRIES_MAX = 200_000


class Entry(NamedTuple):
    """One thing that happened."""

    us: int  # since the beginning of the world
    # "coil", "latch", "door", "contact", "parcel", "lamp", "beeper", "bell",
    # "tamper", "power", "reset", "screen", "violation"
    kind: str
    door: int  # 0 where no door is meant
    value: object  # "on", "off", "released", "ajar", ...
    cause: str  # "program", "reset", "power cut", "hand" or "physics"


class _Because:
    """What happens inside has a cause. A class of its own, as the bus asks for one with each transfer."""

    __slots__ = ("_cause", "_is_outermost", "_trace")

    def __init__(self, trace: "Trace", cause: str) -> None:
        self._trace = trace
        self._cause = cause

    def __enter__(self) -> None:
        self._is_outermost = self._trace.cause == "physics"
        if self._is_outermost:
            self._trace.cause = self._cause

    def __exit__(self, *_: object) -> None:
        if self._is_outermost:
            self._trace.cause = "physics"


class Trace:
    """The last 200,000 entries, and a count of all by (kind, value)."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.cause = "physics"  # of what happens now
        self.entries: deque[Entry] = deque(maxlen=_ENTRIES_MAX)
        self.violations: list[Entry] = []
        self.counts: Counter[tuple[str, object]] = Counter()
        self.listeners: list[Callable[[Entry], object]] = []

    def note(self, kind: str, door: int = 0, value: object = None) -> None:
        entry = Entry(self._clock.now_us(), kind, door, value, self.cause)
        self.entries.append(entry)
        self.counts[kind, value] += 1
        for listener in tuple(self.listeners):
            listener(entry)

    def violation(self, sentence: str, door: int = 0) -> None:
        """Something that must never be: burnt coils, shorts, two coils at once.

        Kept apart, never forgotten.
        """
        self.violations.append(Entry(self._clock.now_us(), "violation", door, sentence, self.cause))
        self.note("violation", door, sentence)

    def because(self, cause: str) -> _Because:
        """What happens inside has this cause; the outermost cause wins,
        since what it sets off is its doing.
        """
        return _Because(self, cause)

    def of(self, kind: str, door: int | None = None) -> list[Entry]:
        """The entries of one kind, and of one door if given."""
        return [entry for entry in self.entries if entry.kind == kind and door in (None, entry.door)]
