"""Messages as files of a folder."""

from collections.abc import Sequence
from pathlib import Path

from host_tools.host.notify.notifier import Message, Option, Setup


class FolderNotifier:
    """Writes each message into a file of its own, by its id."""

    options = (Option("folder-path", "DIR", "Where --notify folder puts a file for each message."),)

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @classmethod
    def of(cls, setup: Setup) -> "FolderNotifier":
        return cls(Path(setup.settings["folder-path"]))

    def deliver(self, messages: Sequence[Message]) -> set[str]:
        for message in messages:
            (self._folder / message.id).write_text(message.text)
        return {message.id for message in messages}

    def close(self) -> None:
        """Holds nothing."""
