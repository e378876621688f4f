"""The heap that the firmware keeps on the real interpreter, part by part."""

import ast
import re
import tempfile
from pathlib import Path

from host_tools.errors import UserError
from tests.bench import FIRMWARE, SCRIPTS, Table, webassembly
from tests.bench.ready_board import ON_A_BUS, make_ready
from tests.micropython.budgets import HEAP_KIB_MAX, LIVE_HEAP_BYTES, LIVE_HEAP_BYTES_32
from tests.system.conftest import Board

BOARDS = ("devkit_4", "row_8", "wall_12", "tower_24")
AT_WORK = "cabinet at work"  # what scripts/heap.py tells last
FREE_RUN = "largest free run"  # bytes, of the cabinet at work
_BLOCK_BYTES = 32  # of MicroPython's collector: four words
_FREE_RUN = re.compile(r"max free sz: (\d+)")
_TOLD = re.compile(r"^heap with (.+): (\d+)\r?$", re.MULTILINE)


def imported_names() -> list[str]:
    """The modules that main.py imports one by one."""
    loops = [
        node for node in ast.walk(ast.parse((FIRMWARE / "main.py").read_text())) if isinstance(node, ast.For)
    ]
    texts = [node.value for loop in loops for node in ast.walk(loop.iter) if isinstance(node, ast.Constant)]
    return str(texts[0]).split()


def kept(board: str, *options: str) -> dict[str, int]:
    """Bytes of heap in use after each part, and the largest free run, on a virtual board.

    It has been flashed, with these options, and provisioned.
    """
    with (
        tempfile.TemporaryDirectory(prefix="ansim-bench-") as folder,
        Board(Path(folder), board, "--heap-kib", str(HEAP_KIB_MAX)) as virtual,
    ):
        make_ready(virtual, board, Path(folder), *options)
        said = virtual.mpremote("exec", f"names = {imported_names()}", "run", str(SCRIPTS / "heap.py"))
    found = {what: int(count) for what, count in _TOLD.findall(said)}
    if AT_WORK not in found:
        raise UserError(f"The cabinet {board} does not work within {HEAP_KIB_MAX} KiB: {said.strip()[-800:]}")
    runs = _FREE_RUN.findall(said)
    return found | {FREE_RUN: int(runs[-1]) * _BLOCK_BYTES}


def run() -> list[Table]:
    found = {board: kept(board) for board in BOARDS}
    steps = list(found[BOARDS[0]])
    rows = [(step, *(found[board][step] for board in BOARDS)) for step in steps]
    note = (
        "Bytes in use once that part is there too, 64-bit, after a collection. "
        f"The budget for all is {LIVE_HEAP_BYTES:,} of the {HEAP_KIB_MAX * 1024:,} that there are."
    )
    return [Table("Live heap", ("with", *BOARDS), rows, note), with_32_bits()]


def with_32_bits() -> Table:
    """The same with the pointers of an ESP32."""
    boards = [board for board in BOARDS if board not in ON_A_BUS]
    found = [webassembly.kept(board) for board in boards]
    rows = [(steps[0].what, *(step.live for step in steps)) for steps in zip(*found, strict=True)]
    note = (
        "Bytes in use once that part is there too, with pointers of 32 bits, after a collection; the chip's "
        f"own modules are left out. The budget for all is {LIVE_HEAP_BYTES_32:,}."
    )
    return Table("Live heap with pointers of 32 bits", ("with", *boards), rows, note)
