"""The channel that is the console of `ansim serve`."""

from collections.abc import Callable, Sequence

from host_tools.host.notify.notifier import HANDED_OVER, Channel, Message, Receipt, Setup


class ConsoleNotifier(Channel):
    """Says each message on the console: for a bench or a demonstration, where the console is the resident."""

    batch = 50

    def __init__(self, say: Callable[[Message], bool | None]) -> None:
        """`say` gives False when nobody seems to read the console."""
        self._say = say

    @classmethod
    def of(cls, setup: Setup) -> "ConsoleNotifier":
        """On the console of `ansim serve`."""
        return cls(setup.say)

    async def probe(self) -> str:
        """Says nothing."""
        return "the console of `ansim serve`"

    async def deliver(self, messages: Sequence[Message]) -> dict[str, Receipt]:
        """Says them all."""
        return {message.id: Receipt(HANDED_OVER) for message in messages if self._say(message) is not False}

    async def close(self) -> None:
        """Holds nothing."""
