"""asyncio in virtual time: the loop never waits, it moves the world's clock to what comes next."""

import asyncio
import contextvars
import heapq
from itertools import count
from typing import Any

from host_tools.simulator.clock import RealClock, VirtualClock


class DeadlockError(RuntimeError):
    """Every task waits for something that will never happen."""


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """A loop over a VirtualClock.

    Timers of one instant run in the order in which they were set; the world moves before the program.

    Sockets and threads have no place in virtual time: nothing here waits for them.
    Use with `asyncio.Runner(loop_factory=...)`.
    """

    def __init__(self, clock: VirtualClock) -> None:
        super().__init__()
        self._clock = clock
        self._timers: list[tuple[int, int, asyncio.TimerHandle | asyncio.Future[None]]] = []
        self._order = count()
        self._stirred = False

    def time(self) -> float:
        return self._clock.now_us() / 1e6

    def call_soon(
        self, callback: Any, *args: Any, context: contextvars.Context | None = None
    ) -> asyncio.Handle:
        self._check_closed()  # pyright: ignore[reportAttributeAccessIssue]
        self._stirred = True
        handle = asyncio.Handle(callback, args, self, context)
        self._ready.append(handle)  # pyright: ignore[reportAttributeAccessIssue]
        return handle

    def call_later(
        self, delay: float, callback: Any, *args: Any, context: contextvars.Context | None = None
    ) -> asyncio.TimerHandle:
        return self.call_at(self.time() + delay, callback, *args, context=context)

    def call_at(
        self, when: float, callback: Any, *args: Any, context: contextvars.Context | None = None
    ) -> asyncio.TimerHandle:
        """Rounds to whole microseconds."""
        handle = asyncio.TimerHandle(when, callback, args, self, context)
        heapq.heappush(self._timers, (round(when * 1e6), next(self._order), handle))
        return handle

    def pause(self, us: int) -> asyncio.Future[None]:
        """What is done after so many microseconds:
        `asyncio.sleep` with less to do, for a program that does little else.
        """
        future = self.create_future()
        heapq.heappush(self._timers, (self._clock.now_us() + us, next(self._order), future))
        return future

    def _run_once(self) -> None:
        """As asyncio's, but where that would wait for sockets and for timers of its own,
        time passes instead.
        """
        ready = self._ready  # pyright: ignore[reportAttributeAccessIssue]
        if not ready and not self._stopping:  # pyright: ignore[reportAttributeAccessIssue]
            self._pass_time()
        for _ in range(len(ready)):  # what they make ready comes in the next round
            handle = ready.popleft()
            if not handle.cancelled():
                handle._run()

    def _pass_time(self) -> None:
        """Nothing is ready: lets the world go on until a timer has made a task ready,
        or an event of the world has.
        """
        self._stirred = False
        while not self._stirred and not self._stopping:  # pyright: ignore[reportAttributeAccessIssue]
            while self._timers and self._timers[0][2].cancelled():
                heapq.heappop(self._timers)
            due = self._timers[0][0] if self._timers else None
            event = self._clock.next_due_us()
            if event is not None and (due is None or event <= due):
                self._clock.advance_to(event)
            elif due is not None:
                self._clock.advance_to(due)
                self._run_due()
            else:
                raise DeadlockError("every task waits for something that will never happen")

    def _run_due(self) -> None:
        """Runs the timers that are due. Nothing else is ready, so nothing else had its turn before them."""
        now_us, due = self._clock.now_us(), []
        while self._timers and self._timers[0][0] <= now_us:
            due.append(heapq.heappop(self._timers)[2])
        for one in due:
            if not one.cancelled():
                if isinstance(one, asyncio.Future):
                    one.set_result(None)
                else:
                    one._run()


async def keep_real_time(clock: RealClock, longest_ms: int = 50) -> None:
    """Runs the events of a RealClock inside an ordinary loop, until cancelled;
    looks for new ones every `longest_ms`.
    """
    while True:
        clock.run_due()
        due = clock.next_due_us()
        wait_ms = longest_ms if due is None else min(longest_ms, max(0, (due - clock.now_us()) / 1000))
        await asyncio.sleep(wait_ms / 1000)
