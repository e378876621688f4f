"""A virtual board for the tests of the tools that go through its port."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from tests.swift import ansim
from tests.system.conftest import Board


class VirtualPort(NamedTuple):
    """Where the board is."""

    port: str
    flash: Path

    def hands(self, *acts: str) -> None:
        """Does one act at the cabinet."""
        ended = ansim("hands", "--port", self.port, *acts)
        assert ended.returncode == 0, ended.stderr


@contextmanager
def virtual_board(folder: Path, board: str = "wall_12", *options: str) -> Iterator[VirtualPort]:
    """A board with nothing on it but MicroPython, unless its flash image is in the folder already.

    Its heap is ample: these tests are about the tools;
    that the firmware fits into a board's memory is shown elsewhere.
    """
    with Board(folder, board, "--heap-kib", "256", *options) as running:
        yield VirtualPort(str(running.port), running.flash)
