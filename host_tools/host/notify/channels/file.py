"""The channel that is a file: whoever carries the messages on reads it."""

import errno
import fcntl
import json
import os
import re
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from host_tools.errors import UserError
from host_tools.host.ledger.data_folder import DISPATCHER, MESSAGES, PRIVATE_FILES
from host_tools.host.notify.channels.threads import in_thread
from host_tools.host.notify.notifier import HANDED_OVER, Channel, Message, Receipt, Setup

if TYPE_CHECKING:
    from pydantic import BaseModel

_OTHERS = 0o077
_NO_FILE = "it is no regular file"
_LINE_MAX = 1_000_000  # bytes; no message is longer
_VALUE = re.compile(r'(?:[^"\\]|\\.)*(?:"|\\?$)')  # of a text in JSON, behind its first quotation mark
_HEX = re.compile("[0-9a-f]{0,32}")


class FileNotifier(Channel):
    """Appends one JSON object a line to a file of mode 0600;
    each id is in it exactly once, whatever is killed when.

    The file is the delivery: whoever carries the messages on reads it. It may be moved away, cut short or
    deleted at any time: what comes then is in the file of that name, which is made anew.
    """

    batch = 500
    apart: ClassVar[bool] = False  # two would cut each other's lines

    def __init__(self, path: Path, option: str = "--data") -> None:
        """Opens the file of that name, or makes it.

        `option` is what named it. Raises UserError for a file that is not one of messages,
        which is left as it is.
        """
        self._path = path
        self._ids: set[str] = set()
        self._descriptor = -1
        try:
            self._open()
        except OSError as error:
            reason = error.strerror or "no reason given"
            raise UserError(
                f"The message file {path} cannot be used ({reason}): "
                f"move it away, or name another with {option}."
            ) from error

    @classmethod
    def of(cls, setup: Setup) -> "FileNotifier":
        """Into a file of the data folder, or the one that its table in channels.toml names."""
        return cls(setup.folder / (setup.settings.get("path") or MESSAGES))

    @classmethod
    def model(cls) -> "type[BaseModel]":
        """Its table in channels.toml."""
        from host_tools.host.notify.channels.tables import File

        return File

    @classmethod
    async def tried(cls, setup: Setup) -> str:
        """Looks at the file of that name, which is not made. Raises UserError."""
        path = setup.folder / (setup.settings.get("path") or MESSAGES)
        place = path if path.exists() else path.parent
        if not (path.is_file() if path.exists() else place.is_dir()):
            raise UserError(f"{path} is no file, or its folder is not there: mend `path` in channels.toml.")
        if not os.access(place, os.W_OK):
            raise UserError(f"{place} cannot be written to: give it to the user who serves.")
        return f"{path} can be written to"

    def _open(self) -> None:
        """Opens the file of that name instead of the one that is open.

        Raises OSError; then the file is as it was.
        """
        _refuse_no_file(self._path)
        descriptor = os.open(
            self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NONBLOCK, 0o600
        )
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise OSError(errno.EINVAL, _NO_FILE)
            ids = _read(descriptor)
            # Made anew by whoever has moved the old one away.
            if stat.S_IMODE(os.fstat(descriptor).st_mode) & _OTHERS:
                os.fchmod(descriptor, 0o600)
        except BaseException:
            os.close(descriptor)
            raise
        older, self._descriptor = self._descriptor, descriptor
        self._ids |= ids
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

    async def deliver(self, messages: Sequence[Message]) -> dict[str, Receipt]:
        """Appends those that are not in the file yet; returns when all are on the disk.

        Raises OSError when they are not.
        """
        await in_thread(lambda: self._write(messages))
        return {message.id: Receipt(HANDED_OVER) for message in messages}

    def _write(self, messages: Sequence[Message]) -> None:
        new = {message.id: message for message in messages if message.id not in self._ids}
        lines = "".join(
            json.dumps(message._asdict(), ensure_ascii=False) + "\n" for message in new.values()
        ).encode()
        while True:
            if not self._is_there():
                self._open()
            with _locked(self._descriptor):  # against who takes lines out of it: people/spools.py
                self._append(lines)
                is_read = os.fstat(self._descriptor).st_nlink > 0
            if is_read:  # else it was deleted meanwhile, and nobody reads them
                break
        self._ids |= new.keys()

    def _append(self, lines: bytes) -> None:
        before = os.fstat(self._descriptor).st_size
        try:
            while lines:
                lines = lines[os.write(self._descriptor, lines) :]
            os.fsync(self._descriptor)
        except OSError:
            os.ftruncate(self._descriptor, min(before, os.fstat(self._descriptor).st_size))
            raise

    async def close(self) -> None:
        """Closes the file."""
        if self._descriptor >= 0:
            descriptor, self._descriptor = self._descriptor, -1
            os.close(descriptor)


@contextmanager
def _locked(descriptor: int) -> Iterator[None]:
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    try:
        yield
    finally:
        fcntl.flock(descriptor, fcntl.LOCK_UN)


def _refuse_no_file(path: Path) -> None:
    """Raises OSError where something is there that is no file, before it is touched."""
    try:
        found = os.stat(path)
    except FileNotFoundError:
        return
    if not stat.S_ISREG(found.st_mode):
        raise OSError(errno.EINVAL, _NO_FILE)


def _read(descriptor: int) -> set[str]:
    """The ids in a file of messages.

    A last line without its end, which a crash has left, is completed, or taken out as it was never handed
    over. Raises OSError where something in it is none of ours, and changes nothing then.
    """
    ids = set()
    whole = 0
    rest = b""
    with os.fdopen(os.dup(descriptor), "rb") as file:
        file.seek(0)
        while line := file.readline(_LINE_MAX):
            name = _id_of(line)
            if not line.endswith(b"\n") and not (name and not file.read(1)):
                rest = line
                break
            if name is None:
                raise OSError(errno.EINVAL, "it has a line that is no message")
            whole += len(line)
            ids.add(name)
            rest = b"" if line.endswith(b"\n") else b"\n"
    if rest == b"\n":
        os.write(descriptor, rest)
    elif rest:
        if whole + len(rest) != os.fstat(descriptor).st_size or not _is_beginning(
            rest.decode(errors="ignore")
        ):
            raise OSError(errno.EINVAL, "its last line is no message")
        os.ftruncate(descriptor, whole)
    return ids


def _id_of(line: bytes) -> str | None:
    try:
        told = json.loads(line)
    except ValueError:
        return None
    return told["id"] if isinstance(told, dict) and isinstance(told.get("id"), str) else None


def _is_beginning(text: str) -> bool:
    """Whether a message of this program begins so: its fields in their order, each with a text."""
    for name in Message._fields:
        before = f'{", " if name != Message._fields[0] else "{"}"{name}": "'
        if len(text) <= len(before):
            return before.startswith(text)
        value = _VALUE.match(text, len(before)) if text.startswith(before) else None
        if value is None:
            return False
        if value.end() == len(text):
            return name != "id" or _HEX.fullmatch(value[0].rstrip('"')) is not None
        text = text[value.end() :]
    return "}".startswith(text)


def refuse_shared(path: Path, folder: Path, option: str) -> None:
    """Refuses a file for dispatchers that is another file of the data folder as well, by whatever name.

    Raises UserError.
    """
    for name in PRIVATE_FILES:
        other = folder / name
        if name != DISPATCHER and (path.resolve() == other.resolve() or _is_same(path, other)):
            raise UserError(
                f"{path} is {name} of the data folder, which is not for dispatchers alone: "
                f"name another with {option}.",
                2,
            )


def _is_same(path: Path, other: Path) -> bool:
    try:
        return os.path.samefile(path, other)
    except OSError:
        return False
