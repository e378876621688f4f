"""Handing messages over. A notifier guarantees nothing beyond what it returns; the outbox repeats what was not handed over."""

import errno
import json
import os
import stat
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from host_tools.errors import Complaint
from host_tools.host.wording import Message

_OTHERS = 0o077


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

    The file is the delivery: whoever carries the messages on reads it. It may be moved away, cut short or deleted at any time: what
    comes then is in the file of that name, which is made anew.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._ids: set[str] = set()
        self._descriptor = -1
        try:
            self._open()
        except OSError as error:
            raise Complaint(f"The message file {path} cannot be opened ({error.strerror}): move it away or name another --data.") from error

    def _open(self) -> None:
        """Opens the file of that name instead of the one that is open. Raises OSError."""
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            if stat.S_IMODE(os.fstat(descriptor).st_mode) & _OTHERS:  # made anew by whoever has moved the old one away
                os.fchmod(descriptor, 0o600)
            older, self._descriptor = self._descriptor, descriptor
            self._ids |= self._read()
        except BaseException:
            self._descriptor = -1
            os.close(descriptor)
            raise
        if older >= 0:
            os.close(older)

    def _is_there(self) -> bool:
        """Whether the file that is open is still the one of that name."""
        if self._descriptor < 0:
            return False
        try:
            return os.path.samestat(os.stat(self._path), os.fstat(self._descriptor))
        except FileNotFoundError:
            return False

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
                    raise OSError(errno.EINVAL, "it has a line that is no message") from error
        os.ftruncate(self._descriptor, whole)
        return ids

    def deliver(self, messages: Sequence[Message]) -> set[str]:
        """Appends those that are not in the file yet; returns when all are on the disk. Raises OSError when they are not."""
        new = {message.id: message for message in messages if message.id not in self._ids}
        lines = "".join(json.dumps(message._asdict(), ensure_ascii=False) + "\n" for message in new.values()).encode()
        while True:
            if not self._is_there():
                self._open()
            self._append(lines)
            if os.fstat(self._descriptor).st_nlink:  # else it was deleted meanwhile, and nobody reads them
                break
        self._ids |= new.keys()
        return {message.id for message in messages}

    def _append(self, lines: bytes) -> None:
        before = os.fstat(self._descriptor).st_size
        try:
            while lines:
                lines = lines[os.write(self._descriptor, lines) :]
            os.fsync(self._descriptor)
        except OSError:
            os.ftruncate(self._descriptor, min(before, os.fstat(self._descriptor).st_size))
            raise

    def close(self) -> None:
        """Closes the file."""
        if self._descriptor >= 0:
            os.close(self._descriptor)


class ConsoleNotifier:
    """Says each message on the console: for a bench or a demonstration, where the console is the resident."""

    def __init__(self, say: Callable[[Message], bool | None]) -> None:
        """`say` gives False when nobody seems to read the console."""
        self._say = say

    def deliver(self, messages: Sequence[Message]) -> set[str]:
        """Says them all."""
        return {message.id for message in messages if self._say(message) is not False}

    def close(self) -> None:
        """Holds nothing."""
