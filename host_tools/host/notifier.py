"""Handing messages over. A notifier guarantees nothing beyond what it returns; the outbox repeats what was not handed over."""

import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from host_tools.errors import Complaint
from host_tools.host.wording import Message


class Notifier(Protocol):
    """One way to reach people."""

    def deliver(self, messages: Sequence[Message]) -> set[str]:
        """Hands the messages over, in order; the ids of those that have arrived. The others will be offered again."""
        ...

    def close(self) -> None:
        """Gives back what it holds."""
        ...


class FileNotifier:
    """Appends one JSON object a line to a file of mode 0600; each id is in it exactly once, whatever is killed when.

    The file is the delivery: whoever carries the messages on reads it. It may be moved away while no server runs.
    """

    def __init__(self, path: Path) -> None:
        try:
            self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        except OSError as error:
            raise Complaint(f"The message file {path} cannot be opened ({error.strerror}): move it away or name another --data.") from error
        self._path = path
        self._ids = self._read()

    def _read(self) -> set[str]:
        """The ids in the file; a line that a crash cut short was never handed over and is taken out."""
        ids = set()
        whole = 0
        with os.fdopen(os.dup(self._descriptor), "rb") as file:
            file.seek(0)
            for line in file:
                if not line.endswith(b"\n"):
                    break
                whole += len(line)
                try:
                    ids.add(json.loads(line)["id"])
                except (ValueError, KeyError, TypeError) as error:
                    raise Complaint(f"{self._path} has a line that is no message: move the file away, then start again.") from error
        os.ftruncate(self._descriptor, whole)
        return ids

    def deliver(self, messages: Sequence[Message]) -> set[str]:
        """Appends those that are not in the file yet; returns when all are on the disk. Raises OSError when they are not."""
        new = {message.id: message for message in messages if message.id not in self._ids}
        lines = "".join(json.dumps(message._asdict(), ensure_ascii=False) + "\n" for message in new.values()).encode()
        before = os.fstat(self._descriptor).st_size
        try:
            while lines:
                lines = lines[os.write(self._descriptor, lines) :]
            os.fsync(self._descriptor)
        except OSError:
            os.ftruncate(self._descriptor, before)
            raise
        self._ids |= new.keys()
        return {message.id for message in messages}

    def close(self) -> None:
        """Closes the file."""
        os.close(self._descriptor)


class ConsoleNotifier:
    """Says each message on the console: for a bench or a demonstration, where the console is the resident."""

    def __init__(self, say: Callable[[Message], None]) -> None:
        self._say = say

    def deliver(self, messages: Sequence[Message]) -> set[str]:
        """Says them all."""
        for message in messages:
            self._say(message)
        return {message.id for message in messages}

    def close(self) -> None:
        """Holds nothing."""
