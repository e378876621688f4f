"""A serial port made of a pseudo-terminal:
a link at a path of the user's choice, locked, and gone when its owner is.
"""

import contextlib
import errno
import fcntl
import os
import tty
from collections import deque
from pathlib import Path

from host_tools.errors import UserError

_READ_BYTES = 4096
_QUEUE_BYTES_MAX = 65536


def lock_path(path: Path) -> Path:
    """The lock beside a port: held as long as the board behind it lives."""
    return path.with_name(path.name + ".lock")


def live_port(path: Path) -> Path:
    """The device behind a port made here, to be opened in its stead (mpremote is faster then).

    A path that is no link is given back as it is. Raises UserError when the link has outlived its board: the
    number of the terminal may belong to someone else by now, so nothing must be written to it.
    """
    if not path.is_symlink():
        return path
    target = Path(os.readlink(path))
    if target.parent != Path("/dev/pts"):
        return path
    if not lock_path(path).exists():
        return path  # not one of ours
    with contextlib.suppress(OSError), open(lock_path(path), "rb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return target
    raise UserError(
        f"The virtual board at {path} has ended without removing its port: "
        f"remove {path} or start the board again."
    )


class PtyPort:
    """The near end of a pseudo-terminal whose far end is at `path`.

    Raises UserError when the path belongs to something else or to a board that runs.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = _take_lock(path)
        try:
            self._near, self._far = os.openpty()
            # The far end stays open here: a terminal that nobody holds would forget that it is raw,
            # and report a hang-up.
            tty.setraw(self._far)
            os.set_blocking(self._near, False)
            _link(path, os.ttyname(self._far))
        except BaseException:
            lock_path(path).unlink(missing_ok=True)
            os.close(self._lock)
            raise
        self._queue: deque[bytes] = deque()
        self._queued = 0
        self.dropped = 0

    @property
    def device(self) -> str:
        """The terminal itself, such as /dev/pts/7."""
        return os.ttyname(self._far)

    def fileno(self) -> int:
        return self._near

    def read(self) -> bytes:
        """What has arrived, b"" for nothing."""
        try:
            return os.read(self._near, _READ_BYTES)
        except BlockingIOError:
            return b""
        except OSError as error:
            if error.errno == errno.EIO:
                return b""
            raise

    def write(self, data: bytes) -> None:
        """Sends what the terminal takes now and keeps the rest for `flush`."""
        self._queue.append(data)
        self._queued += len(data)
        self.flush()

    @property
    def waiting(self) -> int:
        """Bytes that the terminal has not taken yet."""
        return self._queued

    @property
    def full(self) -> bool:
        """True when no more should be written before a `flush` has helped."""
        return self._queued >= _QUEUE_BYTES_MAX

    def flush(self) -> None:
        while self._queue:
            data = self._queue[0]
            try:
                sent = os.write(self._near, data)
            except BlockingIOError:
                return
            self._queued -= sent
            if sent < len(data):
                self._queue[0] = data[sent:]
                return
            self._queue.popleft()

    def drop(self) -> None:
        """Nobody reads: what waits is lost, as on a serial line that nobody listens to."""
        self.dropped += self._queued
        self._queue.clear()
        self._queued = 0

    def close(self) -> None:
        """Removes the link first, so that nobody finds a terminal that is not a board."""
        with contextlib.suppress(OSError):
            if os.readlink(self.path) == self.device:
                self.path.unlink()
        os.close(self._near)
        os.close(self._far)
        lock_path(self.path).unlink(missing_ok=True)
        os.close(self._lock)


def _take_lock(path: Path) -> int:
    while True:
        try:
            lock = os.open(lock_path(path), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise UserError(f"Cannot make a port at {path}: {error.strerror}.", 2) from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(lock)
            raise UserError(
                f"The port {path} belongs to a virtual board that runs: stop it or choose another path."
            ) from error
        with contextlib.suppress(OSError):
            if os.stat(lock_path(path)).st_ino == os.fstat(lock).st_ino:
                return lock
        os.close(lock)  # its last owner removed the file between our opening and our locking


def _link(path: Path, device: str) -> None:
    if path.is_symlink() and os.readlink(path).startswith("/dev/pts/"):
        path.unlink()  # left by a board that was killed: we hold its lock
    try:
        path.symlink_to(device)
    except FileExistsError as error:
        raise UserError(
            f"{path} exists and is no port of a virtual board: choose another path.", 2
        ) from error
    except OSError as error:
        raise UserError(f"Cannot make a port at {path}: {error.strerror}.", 2) from error
