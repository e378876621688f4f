"""What a way to reach people is: what it hands over, and what it is made of.

`channels.CHANNELS` lists them.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import ClassVar, NamedTuple, Protocol


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


class Notifier(Protocol):
    """One way to reach people.

    It guarantees nothing beyond what it returns; the outbox repeats what was not handed over.
    """

    def deliver(self, messages: Sequence[Message]) -> set[str]:
        """Hands the messages over, in order; returns the ids of those that have arrived.

        The others will be offered again, also where it raises OSError, as for a time-out: its words are told.
        """
        ...

    def close(self) -> None:
        """Gives back what it holds."""
        ...


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
    settings: Mapping[str, str]  # the values of its options, by name


class Channel(Notifier, Protocol):
    """A notifier that people can choose with `ansim serve --notify`."""

    options: ClassVar[tuple[Option, ...]]

    @classmethod
    def of(cls, setup: Setup) -> Notifier:
        """Makes one. Raises UserError when it cannot be used."""
        ...
