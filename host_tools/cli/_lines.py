"""Lines on stdout that keep nobody waiting: whoever reads them may be slow,
gone, or on a full disk, and the service goes on.
"""

import os
import select
import sys
import threading
from collections import deque
from collections.abc import Callable

_LINES_MAX = 10_000  # that wait for a slow reader; more are left out and counted
_READER_S = 1.0  # how long the end waits for a reader that takes nothing


class Lines:
    """Writes lines to a file descriptor from a thread of its own.

    `left_out(count)` is the line that tells of those that were lost.

    None as the descriptor is a stdout that was closed: every line is left out.
    """

    def __init__(self, descriptor: int | None, left_out: Callable[[int], str]) -> None:
        self._descriptor = descriptor
        self._left_out = left_out
        self._waiting: deque[str] = deque()
        self._lost = 0
        self._is_whole = True  # what was written last ended its line
        self._is_heard = descriptor is not None
        self._is_ending = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._write, name="lines", daemon=True)
        self._thread.start()

    def say(self, line: str) -> bool:
        """Takes a line; whether those before it have been written, as far as that is known."""
        with self._changed:
            if len(self._waiting) < _LINES_MAX:
                self._waiting.append(line)
            else:
                self._lost += 1
                self._is_heard = False
            self._changed.notify_all()
            return self._is_heard

    def close(self) -> None:
        """Ends when all is written, or when the reader has taken nothing for a second."""
        with self._changed:
            self._is_ending = True
            self._changed.notify_all()
        while self._thread.is_alive():
            before = len(self._waiting)
            self._thread.join(_READER_S)
            if len(self._waiting) == before:
                return

    def _write(self) -> None:
        while True:
            with self._changed:
                while not self._waiting and not self._is_ending:
                    self._changed.wait()
                if not self._waiting:
                    return
                line, lost = self._waiting.popleft(), self._lost
            if lost and self._put(self._left_out(lost)):
                self._lost -= lost
            if not self._put(line):
                self._lost += 1

    def _put(self, line: str) -> bool:
        """Writes one line; whether it is written. One that was cut short is ended before the next."""
        rest = (("" if self._is_whole else "\n") + line + "\n").encode(errors="backslashreplace")
        try:
            while rest and self._descriptor is not None:
                try:
                    rest = rest[os.write(self._descriptor, rest) :]
                    self._is_whole = False
                except BlockingIOError:  # somebody has set the terminal so
                    select.select([], [self._descriptor], [], _READER_S)
        except (OSError, ValueError):
            self._is_heard = False
            return False
        self._is_whole = not rest
        self._is_heard = not rest
        return not rest


def stdout() -> int | None:
    """The descriptor of stdout, None when it is closed."""
    try:
        return sys.stdout.fileno()
    except (AttributeError, OSError, ValueError):
        return None
