"""A virtual board that was flashed and provisioned, for what measures it."""

from pathlib import Path

from tests.swift_stage import ansim
from tests.system.conftest import Board

ON_A_BUS = ("row_8",)


def make_ready(virtual: Board, board: str, folder: Path, *options: str) -> None:
    """Flashes it, with these options, and makes it a cabinet of a ledger in the folder."""
    ansim("flash", "--port", virtual.port, "--board", board, *options)
    way = ("--host", "127.0.0.1:9", "--host-unchecked")
    if board in ON_A_BUS:
        way = ("--serial-link", "--address", "1")
    place = ("--site", "bench", "--data", Path(folder, "data"))
    ansim("provision", "--port", virtual.port, "--board", board, *place, *way)
