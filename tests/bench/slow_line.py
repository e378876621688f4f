"""A serial line of 115,200 baud between a tool and a virtual board:
a pseudo-terminal takes bytes at any speed, a cable does not.
"""

import contextlib
import os
import selectors
import threading
import time
import tty
from pathlib import Path
from typing import Self

BYTES_S = 11_520  # 115,200 baud, eight data bits between a start and a stop bit
_AT_ONCE_S = 0.002  # how finely time is divided
_HELD_MAX = 4096  # what a driver takes ahead of its line


class SlowLine:
    """Passes on what goes both ways between the board's port and `port`,
    each byte when its last bit would have left.

    Use as a context manager.
    """

    def __init__(self, board: Path) -> None:
        self._board = os.open(os.path.realpath(board), os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        tty.setraw(self._board)
        self._near, self._far = os.openpty()
        tty.setraw(self._far)
        os.set_blocking(self._near, False)
        self.port = os.ttyname(self._far)
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.set()
        self._thread.join()
        for descriptor in (self._board, self._near, self._far):
            os.close(descriptor)

    def _run(self) -> None:
        ways = {self._near: (self._board, bytearray()), self._board: (self._near, bytearray())}
        passed_s = dict.fromkeys(ways, time.monotonic())
        with selectors.DefaultSelector() as selector:
            for descriptor in ways:
                selector.register(descriptor, selectors.EVENT_READ)
            while not self._ending.is_set():
                is_busy = any(held for _, held in ways.values())
                for key, _ in selector.select(_AT_ONCE_S if is_busy else 0.05):
                    _, held = ways[key.fd]
                    if not held:
                        passed_s[key.fd] = time.monotonic()
                    if len(held) < _HELD_MAX:
                        with contextlib.suppress(BlockingIOError):
                            held += os.read(key.fd, _HELD_MAX - len(held))
                if is_busy:
                    time.sleep(_AT_ONCE_S / 4)  # a full driver keeps its descriptor ready
                for source, (sink, held) in ways.items():
                    due = int((time.monotonic() - passed_s[source]) * BYTES_S)
                    if held and due:
                        with contextlib.suppress(BlockingIOError):
                            sent = os.write(sink, held[:due])
                            del held[:sent]
                            passed_s[source] += sent / BYTES_S
