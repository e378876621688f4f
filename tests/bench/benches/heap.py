"""The heap that the firmware keeps on the real interpreter, part by part."""

import ast
import subprocess
import sys
import tempfile
from pathlib import Path

from host_tools.demo.service import Service, ansim
from tests.bench import FIRMWARE, SCRIPTS, Table

BOARDS = ("devkit_4", "wall_12", "tower_24")
HEAP_KIB_MAX = 144  # an ESP32's, doubled for 64-bit pointers where it is data, with the injected modules
_AMPLE_KIB = 400


def imported_names() -> list[str]:
    """The modules that main.py imports one by one."""
    texts = [node.value for node in ast.walk(ast.parse((FIRMWARE / "main.py").read_text())) if isinstance(node, ast.Constant)]
    return next(text for text in texts if isinstance(text, str) and text.startswith("compat ")).split()


def kept(board: str) -> dict[str, int]:
    """Bytes of heap in use after each part, on a virtual board that has been flashed and provisioned."""
    with tempfile.TemporaryDirectory(prefix="ansim-bench-") as folder:
        port = Path(folder, "port")
        virtual = Service(Path(folder, "log"), "virtual", "--board", board, "--port", port, "--heap-kib", _AMPLE_KIB, "--json")
        try:
            ansim("flash", "--port", port, "--board", board)
            way = ("--host", "127.0.0.1:9", "--host-unchecked")
            ansim("provision", "--port", port, "--board", board, "--site", "bench", "--data", Path(folder, "data"), *way)
            command = [sys.executable, "-m", "mpremote", "connect", port.resolve(), "exec", f"names = {imported_names()}"]
            said = subprocess.run([*command, "run", SCRIPTS / "heap.py"], capture_output=True, text=True, check=True).stdout
        finally:
            virtual.stop()
    lines = [line.rpartition(" ") for line in said.splitlines() if line]
    return {what: int(count) for what, _, count in lines}


def run() -> list[Table]:
    found = {board: kept(board) for board in BOARDS}
    steps = list(found[BOARDS[0]])
    rows = [(step, *(found[board][step] for board in BOARDS)) for step in steps]
    note = f"Bytes in use once that part is there too, 64-bit, after a collection. All of it has to fit into {HEAP_KIB_MAX * 1024:,}."
    return [Table("Live heap", ("with", *BOARDS), rows, note)]
