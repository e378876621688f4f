"""A terminal of 80 x 24 characters with a program in it, as far as ours use one:
what stands on its screen, its keyboard.
"""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time
import unicodedata
from collections.abc import Callable

WIDTH, HEIGHT = 80, 24
_TOKEN = re.compile(
    r"\x1b\[(?P<arguments>[0-9;?]*)(?P<command>[@-~])|(?P<text>[^\x1b]+)|(?P<rest>\x1b.?)", re.DOTALL
)
_PATIENCE_S = 90.0  # a test waits no longer than what it waits for takes


class Screen:
    """Characters in a grid.

    `faults` are what a person would see: what ran over the edge, scrolled away, or was not understood.
    """

    def __init__(self) -> None:
        self.rows = [[" "] * WIDTH for _ in range(HEIGHT)]
        self.faults: list[str] = []
        self.alternate = False
        self._row = self._column = 0

    def write(self, data: str) -> None:
        for token in _TOKEN.finditer(data):
            if token["command"]:
                self._control(token["arguments"], token["command"])
            elif token["text"]:
                for character in token["text"]:
                    self._put(character)
            else:
                self.faults.append(f"not understood: {token[0]!r}")

    def _control(self, arguments: str, command: str) -> None:
        if command == "m":
            return  # a colour
        if command == "H":
            row, _, column = arguments.partition(";")
            self._row, self._column = int(row or 1) - 1, int(column or 1) - 1
        elif command == "J" and arguments in ("", "2"):
            self.rows = [[" "] * WIDTH for _ in range(HEIGHT)]
        elif command == "K":
            self.rows[self._row][self._column :] = [" "] * (WIDTH - self._column)
        elif command in "hl" and arguments in ("?1049", "?25"):
            self.alternate = command == "h" if arguments == "?1049" else self.alternate
        else:
            self.faults.append(f"not understood: {arguments}{command}")

    def _put(self, character: str) -> None:
        if character == "\r":
            self._column = 0
        elif character == "\n":
            self._row, self._column = self._row + 1, 0
            if self._row == HEIGHT:
                self._row -= 1
                self.rows = [*self.rows[1:], [" "] * WIDTH]
                if self.alternate:
                    self.faults.append("it scrolled")
        else:
            wide = 2 if unicodedata.east_asian_width(character) in "WF" else 1
            if self._column + wide > WIDTH:
                self.faults.append(f"{character!r} ran over the edge of row {self._row}")
                return
            self.rows[self._row][self._column] = character
            self._column += wide

    @property
    def lines(self) -> list[str]:
        return ["".join(row).rstrip() for row in self.rows]

    @property
    def text(self) -> str:
        return "\n".join(self.lines)


class Terminal:
    """`ansim ARGUMENTS` in a terminal of its own. Use as a context manager: it ends with the block."""

    def __init__(self, *arguments: str) -> None:
        self.screen = Screen()
        self.ended: int | None = None
        self._held = b""  # of a character or a sequence that is not whole
        surroundings = os.environ | {"TERM": "xterm-256color", "COLUMNS": str(WIDTH), "LINES": str(HEIGHT)}
        self._child, self._line = pty.fork()
        if not self._child:
            os.execve(sys.executable, [sys.executable, "-m", "host_tools", *arguments], surroundings)
        fcntl.ioctl(self._line, termios.TIOCSWINSZ, struct.pack("HHHH", HEIGHT, WIDTH, 0, 0))

    def __enter__(self) -> "Terminal":
        return self

    def __exit__(self, *_: object) -> None:
        if self.ended is None:
            os.kill(self._child, signal.SIGTERM)
            self.until(lambda: self.ended is not None, "the program ends")
        os.close(self._line)

    def type(self, keys: str) -> None:
        os.write(self._line, keys.encode())

    def until(self, comes: Callable[[], bool], what: str) -> None:
        """Waits until something has come; fails with what stands on the screen."""
        end = time.monotonic() + _PATIENCE_S
        while not comes():
            assert time.monotonic() < end, f"{what}:\n{self.screen.text}"
            assert self.ended is None, f"ended before {what}:\n{self.screen.text}"
            self._read()

    def shows(self, words: str) -> None:
        """Waits until words stand on the screen, wherever its lines are folded."""
        flat = "".join(words.split())
        self.until(lambda: flat in "".join(self.screen.text.split()), f"the screen shows {words!r}")

    def _read(self) -> None:
        ready, _, _ = select.select([self._line], [], [], 1.0)
        if not ready:
            return
        try:
            data = os.read(self._line, 65_536)
        except OSError:  # the program has closed its end
            data = b""
        if data:
            self._held += data
            whole = self._held[: _whole(self._held)]
            self._held = self._held[len(whole) :]
            self.screen.write(whole.decode(errors="replace"))
        else:
            self.ended = os.waitstatus_to_exitcode(os.waitpid(self._child, 0)[1])


def _whole(data: bytes) -> int:
    """How many bytes are whole characters and whole sequences."""
    escape = data.rfind(b"\x1b")
    if escape >= 0 and not re.match(rb"\x1b\[[0-9;?]*[@-~]", data[escape:]):
        return escape
    for back in range(1, min(4, len(data)) + 1):
        byte = data[-back]
        if byte & 0xC0 != 0x80:
            needed = 1 if byte < 0x80 else 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
            return len(data) - back if needed > back else len(data)
    return len(data)
