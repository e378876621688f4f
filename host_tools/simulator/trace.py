"""What happened in the world, in order, with time and cause: what tests state their theorems about."""

from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from host_tools.simulator.clock import Clock

_ENTRIES_MAX = 200_000


class Entry(NamedTuple):
    """One thing that happened."""

    us: int  # since the beginning of the world
    kind: str  # "coil", "latch", "door", "contact", "parcel", "lamp", "beeper", "bell", "tamper", "power", "reset", "screen", "violation"
    door: int  # 0 where no door is meant
    value: object  # "on", "off", "released", "ajar", ...
    cause: str  # "program", "reset", "power cut", "hand" or "physics"


class Trace:
    """The last 200,000 entries, and a count of all by (kind, value)."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._cause = "physics"
        self.entries: deque[Entry] = deque(maxlen=_ENTRIES_MAX)
        self.violations: list[Entry] = []
        self.counts: Counter[tuple[str, object]] = Counter()
        self.listeners: list[Callable[[Entry], object]] = []

    def note(self, kind: str, door: int = 0, value: object = None) -> None:
        entry = Entry(self._clock.now_us(), kind, door, value, self._cause)
        self.entries.append(entry)
        self.counts[kind, value] += 1
        for listener in tuple(self.listeners):
            listener(entry)

    def violation(self, sentence: str, door: int = 0) -> None:
        """Something that must never be: burnt coils, shorts, two coils at once. Kept apart, never forgotten."""
        self.violations.append(Entry(self._clock.now_us(), "violation", door, sentence, self._cause))
        self.note("violation", door, sentence)

    @contextmanager
    def because(self, cause: str) -> Iterator[None]:
        """What happens inside has this cause; the outermost cause wins, since what it sets off is its doing."""
        if self._cause != "physics":
            yield
            return
        self._cause = cause
        try:
            yield
        finally:
            self._cause = "physics"

    def of(self, kind: str, door: int | None = None) -> list[Entry]:
        """The entries of one kind, and of one door if given."""
        return [entry for entry in self.entries if entry.kind == kind and door in (None, entry.door)]
