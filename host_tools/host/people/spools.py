"""Files of messages, one JSON object a line: lines are taken out of them while a server may append.

Whoever appends holds the file's lock meanwhile (flock), and looks whether the file still has a name. This
holds it while a new file is made and takes the name of the old one. Whoever appended to the old one
afterwards finds that it has no name, and appends to the new one.
"""

import fcntl
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from host_tools.host.ledger.data_folder import sync_folder

_BUFFER = 1 << 20


def take_out(path: Path, is_gone: Callable[[dict[str, Any]], bool]) -> int:
    """Takes out the lines of a file that `is_gone` is true of, and overwrites the old file. How many.

    A line that is no JSON object stays. Nothing happens where there is no file. Raises OSError; then the file
    is as it was.
    """
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return 0
    with os.fdopen(descriptor, "r+b", buffering=_BUFFER) as old:
        fcntl.flock(old, fcntl.LOCK_EX)
        if not any(_is(line, is_gone) for line in old):
            return 0
        old.seek(0)
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            gone = _written(old, draft, is_gone)
            os.replace(draft, path)
        finally:
            draft.unlink(missing_ok=True)
        sync_folder(path.parent)
        _overwrite(old.fileno())
    return gone


def _written(old: Any, draft: Path, is_gone: Callable[[dict[str, Any]], bool]) -> int:
    gone = 0
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as new:
        for line in old:
            if _is(line, is_gone):
                gone += 1
            else:
                new.write(line)
        new.flush()
        os.fsync(new.fileno())
    return gone


def _is(line: bytes, is_gone: Callable[[dict[str, Any]], bool]) -> bool:
    try:
        told = json.loads(line)
    except ValueError:
        return False
    return isinstance(told, dict) and is_gone(told)


def _overwrite(descriptor: int) -> None:
    """Zeros over what was there, as far as the disk lets a file be overwritten in its place."""
    size = os.fstat(descriptor).st_size
    for at in range(0, size, _BUFFER):
        os.pwrite(descriptor, bytes(min(_BUFFER, size - at)), at)
    os.fsync(descriptor)
