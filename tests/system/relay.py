"""What stands between a board and its host: counts what goes by,
and disturbs it at the frame that a test wants.

A frame is handed on when its delimiter has come, so "before", "in" and "behind" a frame are exact.
One thread does all.
"""

import contextlib
import os
import selectors
import socket
import threading
import time
import tty
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, Self

from host_tools.simulator.virtual_board.pty_port import live_port

TO_HOST, TO_BOARD = "to the host", "to the board"
PASS, BEFORE, IN, BEHIND, STALL = "pass", "before", "in", "behind", "stall"
_READ_MAX = 4096
_LOOK_S = 0.02


class Frame(NamedTuple):
    """What came by, its delimiter and idle line before it included;
    `seconds` is when, by time.monotonic().
    """

    seconds: float
    way: str
    raw: bytes


class _Pair:
    """The two descriptors of one connection, and what has come of a frame each way."""

    def __init__(self, board: int, host: int) -> None:
        self.ends = {TO_HOST: (board, host), TO_BOARD: (host, board)}
        self.held = {TO_HOST: b"", TO_BOARD: b""}
        self.idle = {TO_HOST: b"", TO_BOARD: b""}  # delimiters that ended nothing


class Relay:
    """`judge(frame)` says what becomes of each whole frame:

    PASS       it goes on
    BEFORE     the line is cut and the frame is lost
    IN         the line is cut when half of it has gone
    BEHIND     the line is cut behind it
    STALL      it goes on, and what comes after it waits for `still_s` (seconds)

    `frames` are all that came by, lost ones too; `cuts` how often the line was disturbed. What a cut is
    depends on the carrier: a TCP connection ends on both sides,
    a serial line loses all bytes for `lost_s` (seconds).
    """

    def __init__(self) -> None:
        self.frames: list[Frame] = []
        self.cuts = 0
        self.judge: Callable[[Frame], str] = lambda frame: PASS
        self.still_s = 3.5
        self.lost_s = 0.3
        self.whole = True  # False: all that comes is lost, and nobody connects
        self._lost_until_s = self._still_until_s = 0.0
        self._pairs: list[_Pair] = []
        self._selector = selectors.DefaultSelector()
        self._ending = False
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ending = True
        self._thread.join()
        for pair in list(self._pairs):
            self._drop(pair)
        self._selector.close()

    def _run(self) -> None:
        while not self._ending:
            if time.monotonic() < self._still_until_s:
                time.sleep(_LOOK_S)
                continue
            for key, _ in self._selector.select(_LOOK_S):
                key.data()

    def _join(self, board: int, host: int) -> None:
        pair = _Pair(board, host)
        self._pairs.append(pair)
        for way, (source, _) in pair.ends.items():
            self._selector.register(source, selectors.EVENT_READ, lambda way=way: self._readable(pair, way))

    def _readable(self, pair: _Pair, way: str) -> None:
        if pair not in self._pairs:
            return  # it was cut in this very round
        try:
            data = os.read(pair.ends[way][0], _READ_MAX)
        except OSError:
            data = b""
        if not data:
            self._ended(pair)
        elif not self.whole or time.monotonic() < self._lost_until_s:
            pair.held[way] = b""
        else:
            self._take(pair, way, data)

    def _take(self, pair: _Pair, way: str, data: bytes) -> None:
        *whole, pair.held[way] = (pair.held[way] + data).split(b"\0")
        for raw in whole:
            pair.idle[way] += b"" if raw else b"\0"
            if not raw:
                continue
            frame = Frame(time.monotonic(), way, pair.idle[way] + raw + b"\0")
            pair.idle[way] = b""
            fate = self.judge(frame)
            self.frames.append(frame)
            passed = {BEFORE: 0, IN: len(frame.raw) // 2}.get(fate, len(frame.raw))
            with contextlib.suppress(OSError):  # the other side has just left: it is read next
                os.write(pair.ends[way][1], frame.raw[:passed])
            if fate == STALL:
                self._still_until_s = time.monotonic() + self.still_s
            elif fate != PASS:
                self._cut(pair)
            self.cuts += fate != PASS
            if fate not in (PASS, STALL):
                return

    def _cut(self, pair: _Pair) -> None:
        raise NotImplementedError

    def _ended(self, pair: _Pair) -> None:
        raise NotImplementedError

    def _drop(self, pair: _Pair) -> None:
        self._pairs.remove(pair)
        for source, _ in pair.ends.values():
            self._selector.unregister(source)
            os.close(source)


class TcpRelay(Relay):
    """Listens at `address`, where the board is sent,
    and connects to the host at another address for each connection of the board's.
    """

    def __init__(self, host: tuple[str, int]) -> None:
        super().__init__()
        self._host = host
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address: tuple[str, int] = self._listener.getsockname()[:2]
        self._selector.register(self._listener, selectors.EVENT_READ, self._accept)

    def __exit__(self, *details: object) -> None:
        super().__exit__(*details)
        self._listener.close()

    def _accept(self) -> None:
        board, _ = self._listener.accept()
        try:
            host = socket.create_connection(self._host) if self.whole else None
        except ConnectionError:  # there is no host any more
            host = None
        if host is None:
            board.close()
            return
        for end in (board, host):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._join(board.detach(), host.detach())

    def cut(self) -> None:
        """Ends what connections there are, at once, and lets nobody in until `whole` is True again."""
        self.whole = False
        for pair in self._pairs:
            for source, _ in pair.ends.values():
                with contextlib.suppress(OSError), socket.socket(fileno=os.dup(source)) as end:
                    end.shutdown(socket.SHUT_RDWR)

    def _cut(self, pair: _Pair) -> None:
        self._drop(pair)

    def _ended(self, pair: _Pair) -> None:
        self._drop(pair)


class SerialRelay(Relay):
    """Holds the far end of the board's second UART, and makes another port at `path` for the host."""

    def __init__(self, board: Path, path: Path) -> None:
        super().__init__()
        self.path = path
        self._board = os.open(live_port(board), os.O_RDWR | os.O_NOCTTY)
        near, self._far = os.openpty()
        for end in (self._board, self._far):
            tty.setraw(end)
        path.symlink_to(os.ttyname(self._far))
        self._join(self._board, near)

    def __exit__(self, *details: object) -> None:
        super().__exit__(*details)
        os.close(self._far)
        self.path.unlink()

    def cut(self) -> None:
        """From now on all bytes are lost, until `whole` is True again."""
        self.whole = False

    def _cut(self, pair: _Pair) -> None:
        pair.held = {TO_HOST: b"", TO_BOARD: b""}
        self._lost_until_s = time.monotonic() + self.lost_s

    def _ended(self, pair: _Pair) -> None:
        self._drop(pair)
