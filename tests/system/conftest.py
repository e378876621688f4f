"""A virtual board for a test: `ansim virtual` as a process of its own,
and the unmodified mpremote beside it.
"""

import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import serial

from tests.swift import Running, ansim, mpremote

MPREMOTE = [sys.executable, "-m", "mpremote"]
PATIENCE_S = 60


class Board:
    """A running virtual board. Use as a context manager: it ends with the block."""

    def __init__(self, folder: Path, board: str = "wall_12", *options: str) -> None:
        self.port = folder / "port"
        self.flash = folder / "flash.bin"
        words = [
            "virtual",
            "--board",
            board,
            "--port",
            str(self.port),
            "--flash",
            str(self.flash),
            "--json",
            *options,
        ]
        self.process = Running(words, os.environ)
        line = self.process.stdout.readline()
        if not line:
            _, user_error = self.process.communicate(timeout=PATIENCE_S)
            raise AssertionError(user_error)
        self.told = json.loads(line)

    def __enter__(self) -> "Board":
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        _, user_error = self.process.communicate(timeout=PATIENCE_S)
        assert self.process.returncode == 0, user_error

    def mpremote(self, *arguments: str, fails: bool = False, **environment: str) -> str:
        """What mpremote prints; asserts that it succeeds (or fails)."""
        ended = mpremote("connect", str(self.port), *arguments, **environment)
        assert (ended.returncode != 0) == fails, ended.stdout + ended.stderr
        return ended.stdout + (ended.stderr if fails else "")

    def exec(self, code: str) -> str:
        """What the code prints on a freshly reset board, boot.py run, main.py not."""
        return self.mpremote("exec", code)

    def hands(self, *arguments: str, fails: bool = False) -> str:
        """What `ansim hands` prints."""
        ended = ansim("hands", "--port", str(self.port), *arguments)
        assert (ended.returncode != 0) == fails, ended.stdout + ended.stderr
        return ended.stderr if fails else ended.stdout


@pytest.fixture
def start_board(tmp_path: Path) -> Iterator[Callable[..., Board]]:
    """Starts a board: start_board(name="wall_12", *options)."""
    with ExitStack() as boards:
        yield lambda *arguments: boards.enter_context(Board(tmp_path, *arguments))


@pytest.fixture(scope="module")
def shared_board(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Board]:
    """One board for the tests of a file that leave nothing behind on it."""
    with Board(tmp_path_factory.mktemp("board")) as board:
        yield board


def state(board: Board) -> dict:
    return json.loads(board.hands("state", "--json"))


def wait_until(true: Callable[[], object]) -> None:
    until = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < until
        time.sleep(0.05)


class Line:
    """The serial port as a program sees it that only listens and types."""

    def __init__(self, board: Board) -> None:
        self.port = serial.Serial(os.readlink(board.port), timeout=PATIENCE_S)

    def __enter__(self) -> "Line":
        return self

    def __exit__(self, *_: object) -> None:
        self.port.close()

    def until(self, text: bytes) -> bytes:
        heard = self.port.read_until(text)
        assert heard.endswith(text), heard
        return heard

    def raw(self) -> None:
        self.port.write(b"\r\x03\x01")
        self.until(b"raw REPL; CTRL-B to exit\r\n>")

    def start(self, code: bytes) -> None:
        """Starts code and does not wait for its end."""
        self.port.write(code + b"\x04")
        self.until(b"OK")
