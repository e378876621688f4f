"""Answers that take a while: whoever asks waits in a lane, one at a time, and comes back for the answer.

Nobody is refused but where a lane or the whole is full. No connection is held meanwhile.
"""

import asyncio
import contextlib
import secrets
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import NamedTuple

OF_LANE_MAX = 16
TURNS_MAX = 1024
Sleep = Callable[[float], Awaitable[object]]
_SOON_S = 2.0  # for which whoever asks is kept waiting


class Told(NamedTuple):
    """What came of a turn, as a key of the words, and how long that takes to be told: its lane waits, too."""

    words: str
    pause_s: float = 0.0


class Turn:
    """One that waits, or was told."""

    def __init__(self, about: str) -> None:
        self.about = about
        self.told = ""
        self.done = asyncio.Event()


class Turns:
    """All of them, by a name that only whoever asked knows."""

    def __init__(self, sleep: Sleep) -> None:
        self._sleep = sleep
        self._turns: dict[str, Turn] = {}
        self._lanes: dict[str, asyncio.Lock] = {}
        self._waiting: Counter[str] = Counter()
        self._tasks: set[asyncio.Task[None]] = set()

    async def take(self, lane: str, about: str, work: Callable[[], Awaitable[Told]]) -> str | None:
        """Has work done in its turn; the name to ask for what came of it. None: too many wait.

        Work that is told at once has been, where nobody is before it.
        """
        if self._waiting[lane] >= OF_LANE_MAX or not self._make_room():
            return None
        name, turn = secrets.token_urlsafe(16), Turn(about)
        self._turns[name] = turn
        self._waiting[lane] += 1
        task = asyncio.create_task(self._run(lane, turn, work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_SOON_S):
                await turn.done.wait()
        return name

    def find(self, name: str, about: str) -> Turn | None:
        """A turn about that; None where there is none, or not any more."""
        turn = self._turns.get(name)
        return turn if turn is not None and turn.about == about else None

    def _make_room(self) -> bool:
        """Forgets the oldest that was told, where there are too many."""
        if len(self._turns) >= TURNS_MAX:
            oldest = next((name for name, turn in self._turns.items() if turn.done.is_set()), None)
            if oldest is None:
                return False
            del self._turns[oldest]
        return True

    async def _run(self, lane: str, turn: Turn, work: Callable[[], Awaitable[Told]]) -> None:
        lock = self._lanes.setdefault(lane, asyncio.Lock())
        try:
            async with lock:
                told = await work()
                await self._sleep(told.pause_s)
                turn.told = told.words
                turn.done.set()
        finally:
            self._waiting[lane] -= 1
            if not self._waiting[lane]:
                del self._waiting[lane], self._lanes[lane]
