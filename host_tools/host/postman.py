"""Hands over what people are told: letters and alarms by their channels,
silent alarms to dispatchers, each apart from the other.
"""

import asyncio
import contextlib
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from host_tools.host.ledger.database import TransientError, now_ms
from host_tools.host.ledger.ledger import Ledger
from host_tools.host.notify import dispatch, untold
from host_tools.host.notify.folding import Folds
from host_tools.host.notify.insistence import Insistence
from host_tools.host.notify.lines import Lines
from host_tools.host.notify.log import Emit
from host_tools.host.notify.notifier import Channel
from host_tools.host.notify.post import Post

_AGAIN_S = 2.0
_WATCH_S = 60.0
_INSIST_S = 10.0  # between two looks for silent alarms that nobody has taken


class Desk(NamedTuple):
    """The dispatchers' own channel, and their address there."""

    channel: Channel
    address: str = ""


class Postman:
    """Two jobs, each with a thread of its own for the ledger.

    Setting `mail` has the first look now, setting `pickups` the second:
    a door with a parcel was opened, by whomever.
    """

    def __init__(self, ledger: Ledger, lines: Lines, desk: Desk, tell: Emit) -> None:
        self._ledger = ledger
        self._lines = lines
        self._desk = desk
        self._post = Post(ledger, lines, tell)
        self.mail = self._post.mail
        self.pickups = asyncio.Event()
        self.pickups.set()  # what an earlier run could not hand over

    @property
    def handed_over(self) -> int:
        """How many messages channels have taken since it began."""
        return self._post.handed_over

    def link(self, base: str) -> None:
        """Letters hold links from now on, of the host's pages at that address."""
        self._post.base = base

    async def deliver(self, thread: ThreadPoolExecutor) -> None:
        """Hands over letters, at once or within a second, whoever wrote them;
        again while their channel does not take them.
        """
        await self._post.run(thread)

    async def dispatch(self, thread: ThreadPoolExecutor) -> None:
        """Tells dispatchers what is for them alone; how that goes is told nowhere,
        for it would be told under duress only.
        """
        turns = asyncio.Semaphore(self._desk.channel.parallel)
        insisting = asyncio.ensure_future(self._insist(thread, turns))
        try:
            await self._dispatch(thread, turns)
        finally:
            insisting.cancel()

    async def _insist(self, thread: ThreadPoolExecutor, turns: asyncio.Semaphore) -> None:
        """Tells dispatchers again what none of them has taken."""
        insistence = Insistence(self._desk.address)
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(_INSIST_S)
            at_ms = now_ms()
            with contextlib.suppress(TransientError):  # the next look finds them too
                due = await loop.run_in_executor(thread, insistence.look, self._ledger, at_ms)
                messages = [message for its in due.values() for message in its]
                arrived = await dispatch.hand_over(self._desk.channel, messages, turns)
                for door, its in due.items():
                    if not its or arrived & {message.id for message in its}:
                        insistence.told(door, at_ms)

    async def _dispatch(self, thread: ThreadPoolExecutor, turns: asyncio.Semaphore) -> None:
        folds = Folds()
        pause_s: float | None = None
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause_s):  # wait_for may swallow the end, before Python 3.12
                    await self.pickups.wait()
            self.pickups.clear()
            try:
                left = await dispatch.deliver(
                    self._ledger,
                    self._desk.channel,
                    folds,
                    thread=thread,
                    address=self._desk.address,
                    turns=turns,
                )
            except TransientError:
                left = dispatch.Left(failed=True)
            if left.failed:
                await asyncio.sleep(_AGAIN_S)
            if left.failed or left.more:
                self.pickups.set()
            pause_s = _AGAIN_S if left.folded else None

    async def watch(self, thread: ThreadPoolExecutor) -> None:
        """Looks each minute who waits untold, and which channels hand nothing over."""
        names = set(self._lines.routes.kinds)
        while True:
            with contextlib.suppress(TransientError):  # the next look finds them too
                loop, at_ms = asyncio.get_running_loop(), now_ms()
                await loop.run_in_executor(thread, untold.look, self._ledger, at_ms)
                await loop.run_in_executor(thread, self._post.health.look, self._ledger, names, at_ms)
            await asyncio.sleep(_WATCH_S)

    async def close(self) -> None:
        """Closes the channels."""
        await self._lines.close()
        with contextlib.suppress(OSError):
            await self._desk.channel.close()
