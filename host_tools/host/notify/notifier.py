"""What a way to reach people is: what it hands over, and what it is made of.

`channels.CHANNELS` lists them.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Protocol

if TYPE_CHECKING:
    from pydantic import BaseModel


class Message(NamedTuple):
    """Something to be handed over. Secret: it may hold a code.

    A repeat after a crash carries the same id and the same text.
    """

    id: str
    to: str  # a resident's name, "staff" or "dispatchers"
    contact: str  # empty for staff, and for a resident who has none
    kind: str
    text: str
    happened: str = ""  # ISO 8601, UTC; it happened between the two
    happened_until: str = ""
    heard: str = ""  # when the host heard of it
    title: str = ""  # may be seen on a locked screen: neither name nor place nor code


#: What became of a message: it is on its way, has arrived, is refused for good, or is tried again.
HANDED_OVER, DELIVERED, REFUSED, LATER = "handed over", "delivered", "refused", "later"


class Receipt(NamedTuple):
    """What a channel says of one message.

    `state` is HANDED_OVER (it is on its way), DELIVERED, REFUSED (it never will be) or LATER (try again);
    `reference` is the channel's own id of it, `reason` says why not, without a name, address or code.
    `after_s` is how many seconds the channel asks to be left alone, 0 where it says nothing of that.
    """

    state: str
    reference: str = ""
    reason: str = ""
    after_s: float = 0.0


class Option(NamedTuple):
    """What a channel has to be told: `--NAME METAVAR` of `ansim serve`,
    which asks for it if it has no default.
    """

    name: str  # without the dashes ahead of it, such as "webhook-url"
    metavar: str
    help: str
    default: str | None = None


class Setup(NamedTuple):
    """What a channel is made of."""

    folder: Path  # the data folder of the host
    say: Callable[[Message], bool | None]  # says a message on the console; False when nobody seems to read it
    settings: Mapping[str, Any]  # the values of its options, or of its table in channels.toml, by name
    name: str = ""  # of the channel in channels.toml


class Channel(Protocol):
    """One way to reach people, which they choose by `ansim serve --notify` or in channels.toml.

    It guarantees nothing beyond its receipts; what it did not take is offered again, under the same id.
    """

    options: ClassVar[tuple[Option, ...]] = ()  # of `ansim serve`, where it can be chosen by --notify
    batch: int = 1  # messages in one call, at most
    parallel: int = 1  # calls at once, at most
    timeout_s: float = 30.0  # how long a call may take before it is given up and counts as LATER
    by_option: ClassVar[bool] = True  # `ansim serve --notify` can choose it
    apart: ClassVar[bool] = True  # alarms have one of it for themselves, with connections of its own

    @classmethod
    def model(cls) -> "type[BaseModel] | None":
        """What its table in channels.toml holds; None for one that is made of its options."""
        return None

    @classmethod
    def of(cls, setup: Setup) -> "Channel":
        """Makes one. Raises UserError when it cannot be used."""
        ...

    @classmethod
    async def tried(cls, setup: Setup) -> str:
        """Tries what such a channel stands on, and hands nothing over; what was found, in words.

        Raises UserError with the cure, or OSError where it is away. Changes nothing.
        """
        channel = cls.of(setup)
        try:
            return await channel.probe()
        finally:
            await channel.close()

    async def probe(self) -> str:
        """Tries it, as `tried` does."""
        return "it can be tried with a letter only: `ansim channel test`"

    async def deliver(self, messages: Sequence[Message]) -> dict[str, Receipt]:
        """Hands the messages over, in order; what became of each, by its id.

        One that is missing counts as LATER. Where it raises OSError, as for a time-out, the channel is away
        and all count as LATER: its words are told.
        """
        ...

    async def close(self) -> None:
        """Gives back what it holds."""
        ...


def taken(receipts: Mapping[str, Receipt], messages: Sequence[Message]) -> set[str]:
    """The ids of those of the messages that the channel has taken."""
    return {
        message.id
        for message in messages
        if message.id in receipts and receipts[message.id].state in (HANDED_OVER, DELIVERED)
    }
