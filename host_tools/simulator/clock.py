"""Time of the simulated world, in microseconds since its beginning:
one queue of events under a virtual or a real clock.
"""

import heapq
import time
from collections.abc import Callable
from itertools import count


class Event:
    """Something that will happen. `cancel()` takes it back; cancelling what has happened does nothing."""

    __slots__ = ("action", "us")

    def __init__(self, us: int, action: Callable[[], object]) -> None:
        self.us = us
        self.action: Callable[[], object] | None = action

    def cancel(self) -> None:
        self.action = None


class Clock:
    """The queue both clocks share. Events of one instant run in the order in which they were scheduled.

    `passes`: time goes on by itself, and `settle` has something to do.
    """

    passes = False

    def __init__(self) -> None:
        self._events: list[tuple[int, int, Event]] = []
        self._order = count()
        self._running = False
        self._now = 0

    def now_us(self) -> int:
        """Microseconds since the beginning of the world;
        inside an event, the instant for which it was scheduled.
        """
        return self._now

    def now_ms(self) -> int:
        return self.now_us() // 1000

    def at(self, us: int, action: Callable[[], object]) -> Event:
        """Schedules `action()` for an instant; one that has passed means as soon as possible."""
        event = Event(max(us, self._now), action)
        heapq.heappush(self._events, (event.us, next(self._order), event))
        return event

    def after(self, us: int, action: Callable[[], object]) -> Event:
        """Schedules `action()` for so many microseconds from now."""
        return self.at(self.now_us() + us, action)

    def next_due_us(self) -> int | None:
        """The instant of the next event, None when nothing is waiting."""
        while self._events and self._events[0][2].action is None:
            heapq.heappop(self._events)
        return self._events[0][0] if self._events else None

    def settle(self) -> None:
        """Brings the world up to the present before something looks at it. Virtual time needs none of it."""

    def _run_until(self, us: int) -> None:
        if self._running:
            raise RuntimeError("an event must not move the clock that runs it")
        self._running = True
        try:
            while (due := self.next_due_us()) is not None and due <= us:
                event = heapq.heappop(self._events)[2]
                self._now = max(self._now, due)
                action, event.action = event.action, None
                if action:
                    action()
        finally:
            self._running = False


class VirtualClock(Clock):
    """Time that passes only when it is told to, and then at once."""

    def advance_to(self, us: int) -> None:
        """Runs everything due up to and including that instant,
        in (time, order of scheduling), and stands there.
        """
        if self._running or (self._events and self._events[0][0] <= us):
            self._run_until(us)
        self._now = max(self._now, us)

    def advance(self, us: int) -> None:
        self.advance_to(self._now + us)


class RealClock(Clock):
    """Time of the wall.

    The owner calls `run_due()` when `next_due_us()` has come; `Chip` and `Hands` do it before each act.

    Not for several threads.
    """

    passes = True

    def __init__(self, monotonic_ns: Callable[[], int] = time.monotonic_ns) -> None:
        super().__init__()
        self._monotonic_ns = monotonic_ns
        self._start_ns = monotonic_ns()

    def now_us(self) -> int:
        if self._running:
            return self._now
        self._now = max(self._now, (self._monotonic_ns() - self._start_ns) // 1000)
        return self._now

    def run_due(self) -> None:
        """Runs what is due by now; does nothing when called from inside an event."""
        if not self._running:
            # The present is not written down before the events have run:
            # each of them sees the instant it was scheduled for.
            self._run_until((self._monotonic_ns() - self._start_ns) // 1000)

    settle = run_due
