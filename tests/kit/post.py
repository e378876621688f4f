"""The post, a round at a time, for tests that have no loop of their own."""

import asyncio
from collections.abc import Callable, Sequence
from typing import NamedTuple

from sqlalchemy import delete, update

from host_tools.host.ledger import tables
from host_tools.host.ledger.database import now_ms
from host_tools.host.ledger.ledger import Ledger
from host_tools.host.notify import dispatch
from host_tools.host.notify.folding import Folds
from host_tools.host.notify.lines import Lines
from host_tools.host.notify.notifier import HANDED_OVER, Channel, Message, Receipt, Setup, taken
from host_tools.host.notify.post import Post


class Round(NamedTuple):
    """What one round of letters came to."""

    sent: list[Message]
    failed: int
    reason: str


class _Watched(Channel):
    """A channel, and what it was offered and took."""

    def __init__(self, inner: Channel) -> None:
        self._inner = inner
        self.batch, self.parallel, self.timeout_s = inner.batch, inner.parallel, inner.timeout_s
        self.sent: list[Message] = []
        self.failed, self.reason = 0, ""

    @classmethod
    def of(cls, setup: Setup) -> "_Watched":
        raise NotImplementedError

    async def close(self) -> None:
        await self._inner.close()

    async def deliver(self, messages: Sequence[Message]) -> dict[str, Receipt]:
        try:
            receipts = await self._inner.deliver(messages)
        except OSError as error:
            self.failed, self.reason = self.failed + len(messages), error.strerror or ""
            raise
        ids = taken(receipts, messages)
        self.sent += [message for message in messages if message.id in ids]
        self.failed += len(messages) - len(ids)
        return receipts


def deliver(
    ledger: Ledger,
    channel: Channel,
    folds: Folds | None = None,
    base: str = "",
    clock: Callable[[], int] = now_ms,
) -> Round:
    """One round of letters by that channel, whatever rests being due; with links to pages at `base`."""
    watched = _Watched(channel)

    async def work() -> None:
        post = Post(ledger, Lines.single(watched), lambda told: None, folds=folds, clock=clock)
        post.base = base
        await post.begin(None)
        await post.round(None)
        await post.settle()
        await post.note()

    with ledger.writing() as connection:
        connection.execute(update(tables.delivery).values(next_ms=0))
    asyncio.run(work())
    return Round(watched.sent, watched.failed, watched.reason)


def deliver_by(ledger: Ledger, lines: Lines) -> None:
    """One round of letters by several channels."""

    async def work() -> None:
        post = Post(ledger, lines, lambda told: None)
        await post.begin(None)
        await post.round(None)
        await post.settle()
        await post.note()

    asyncio.run(work())


def forget(ledger: Ledger) -> None:
    """As if nothing had been noted of any letter."""
    with ledger.writing() as connection:
        connection.execute(delete(tables.delivery))
        connection.execute(update(tables.outbox).values(sent_ms=None, routed=False))


def dispatched(ledger: Ledger, channel: Channel, folds: Folds | None = None) -> dispatch.Left:
    """One round of silent alarms by that channel."""
    return asyncio.run(dispatch.deliver(ledger, channel, folds))


def offer(channel: Channel, messages: Sequence[Message]) -> set[str]:
    """The ids of those messages that the channel takes."""
    return taken(asyncio.run(channel.deliver(messages)), messages)


def close(channel: Channel) -> None:
    asyncio.run(channel.close())


def all_of(messages: Sequence[Message]) -> dict[str, Receipt]:
    """What a channel says that takes whatever it is offered."""
    return {message.id: Receipt(HANDED_OVER) for message in messages}


class Paper(Channel):
    """A channel that keeps what it is given."""

    batch = 500

    def __init__(self) -> None:
        self.messages: list[Message] = []

    @classmethod
    def of(cls, setup: Setup) -> "Paper":
        return cls()

    async def deliver(self, messages: Sequence[Message]) -> dict[str, Receipt]:
        self.messages += messages
        return all_of(messages)

    async def close(self) -> None:
        """Holds nothing."""


class Broken(Paper):
    """One that is away."""

    async def deliver(self, messages: Sequence[Message]) -> dict[str, Receipt]:
        raise OSError(5, "away")
