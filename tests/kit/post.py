"""The post, a round at a time, for tests that have no loop of their own."""

import asyncio
from collections.abc import Sequence
from typing import ClassVar

from host_tools.host.ledger.ledger import Ledger
from host_tools.host.notify import dispatch, outbox
from host_tools.host.notify.folding import Folds
from host_tools.host.notify.notifier import HANDED_OVER, Channel, Message, Option, Receipt, Setup, taken


def deliver(ledger: Ledger, channel: Channel, folds: Folds | None = None) -> outbox.Round:
    """One round of letters by that channel."""
    return asyncio.run(outbox.deliver(ledger, channel, folds))


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


class Paper:
    """A channel that keeps what it is given."""

    options: ClassVar[tuple[Option, ...]] = ()
    batch: ClassVar[int] = 500
    parallel: ClassVar[int] = 1

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
