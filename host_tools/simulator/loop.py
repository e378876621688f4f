"""asyncio in virtual time: the loop never waits, it moves the world's clock to what comes next."""

import asyncio
import contextvars
import heapq
from collections.abc import Callable
from itertools import count
from typing import Any

from host_tools.simulator.clock import RealClock, VirtualClock


class DeadlockError(RuntimeError):
    """Every task waits for something that will never happen."""


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """A loop over a VirtualClock. Timers of one instant run in the order in which they were set; the world moves before the program.

    Sockets and threads have no place in virtual time: nothing here waits for them. Use with `asyncio.Runner(loop_factory=...)`.
    """

    def __init__(self, clock: VirtualClock) -> None:
        super().__init__()
        self._clock = clock
        self._timers: list[tuple[int, int, asyncio.TimerHandle, Callable[[], None], contextvars.Context | None]] = []
        self._order = count()
        self._stirred = False

    def time(self) -> float:
        return self._clock.now_us() / 1e6

    def call_soon(self, callback: Any, *args: Any, context: contextvars.Context | None = None) -> asyncio.Handle:
        self._stirred = True
        return super().call_soon(callback, *args, context=context)

    def call_later(self, delay: float, callback: Any, *args: Any, context: contextvars.Context | None = None) -> asyncio.TimerHandle:
        return self.call_at(self.time() + delay, callback, *args, context=context)

    def call_at(self, when: float, callback: Any, *args: Any, context: contextvars.Context | None = None) -> asyncio.TimerHandle:
        """Rounds to whole microseconds."""
        handle = asyncio.TimerHandle(when, callback, args, self, context)

        def fire() -> None:
            if not handle.cancelled():
                callback(*args)

        heapq.heappush(self._timers, (round(when * 1e6), next(self._order), handle, fire, context))
        return handle

    def _run_once(self) -> None:
        """As asyncio's, but where that would wait for sockets and for timers of its own, time passes instead."""
        ready = self._ready  # pyright: ignore[reportAttributeAccessIssue]
        if not ready and not self._stopping:  # pyright: ignore[reportAttributeAccessIssue]
            self._pass_time()
        for _ in range(len(ready)):  # what they make ready comes in the next round
            handle = ready.popleft()
            if not handle.cancelled():
                handle._run()

    def _pass_time(self) -> None:
        """Nothing is ready: lets the world go on until a timer is due, or an event of the world has made a task ready."""
        self._stirred = False
        while not self._stirred:
            while self._timers and self._timers[0][2].cancelled():
                heapq.heappop(self._timers)
            due = self._timers[0][0] if self._timers else None
            event = self._clock.next_due_us()
            if event is not None and (due is None or event <= due):
                self._clock.advance_to(event)
            elif due is not None:
                self._clock.advance_to(due)
                self._start_due()
            else:
                raise DeadlockError("every task waits for something that will never happen")

    def _start_due(self) -> None:
        while self._timers and self._timers[0][0] <= self._clock.now_us():
            _, _, _, fire, context = heapq.heappop(self._timers)
            self.call_soon(fire, context=context)


async def keep_real_time(clock: RealClock, longest_ms: int = 50) -> None:
    """Runs the events of a RealClock inside an ordinary loop, until cancelled; looks for new ones every `longest_ms`."""
    while True:
        clock.run_due()
        due = clock.next_due_us()
        wait_ms = longest_ms if due is None else min(longest_ms, max(0, (due - clock.now_us()) / 1000))
        await asyncio.sleep(wait_ms / 1000)
