"""Messages as files of a folder."""

from collections.abc import Sequence
from pathlib import Path

from host_tools.host.notify.notifier import HANDED_OVER, Channel, Message, Option, Receipt, Setup


class FolderNotifier(Channel):
    """Writes each message into a file of its own, by its id."""

    batch = 50
    options = (Option("folder-path", "DIR", "Where --notify folder puts a file for each message."),)

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @classmethod
    def of(cls, setup: Setup) -> "FolderNotifier":
        return cls(Path(setup.settings["folder-path"]))

    async def deliver(self, messages: Sequence[Message]) -> dict[str, Receipt]:
        for message in messages:
            (self._folder / message.id).write_text(message.text)
        return {message.id: Receipt(HANDED_OVER) for message in messages}

    async def close(self) -> None:
        """Holds nothing."""
