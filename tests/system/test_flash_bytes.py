"""One changed file of the firmware moves at most a sixth of the bytes of `mpremote fs cp -r`,
counted at the transport of both.
"""

import ast
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from host_tools.bench.flash import Flashed, flash
from host_tools.bundle import making
from host_tools.bundle import ready as bundles
from tests.system.virtual_port import virtual_board

FIRMWARE = Path(__file__).parents[2] / "firmware"
BENCH = {"/main.py": b"print('a bench, not a cabinet')\n"}
#: mpremote itself, with its serial port wrapped in the same counter as ours.
COUNTED = """
import json, sys
import mpremote.main, mpremote.transport_serial as serial
from host_tools.device.port import Traffic
ports = []
begin = serial.SerialTransport.__init__
def counted(self, *arguments, **options):
    begin(self, *arguments, **options)
    self.serial = Traffic(self.serial)
    ports.append(self.serial)
serial.SerialTransport.__init__ = counted
status = mpremote.main.main()
print(json.dumps([sum(port.sent for port in ports), sum(port.received for port in ports)]), file=sys.stderr)
sys.exit(status)
"""


def mpremote(*arguments: str, folder: Path) -> int:
    """Runs mpremote; how many bytes it moved, both ways."""
    ended = subprocess.run(
        [sys.executable, "-c", COUNTED, *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return sum(json.loads(ended.stderr.splitlines()[-1]))


def edits(text: str, board: str) -> list[str]:
    """The source with two lines more in one of its functions,
    and with a text and a number that it did not have: the middle one first.

    `board` are the sources of a board, in which most functions are called somewhere.
    """
    found = [
        node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef) and len(node.body) > 1
    ]
    functions = [node for node in found if board.count(f"{node.name}(") > 1]
    middle = len(functions) // 2
    found = []
    for place in (
        functions[at].body[1] for at in sorted(range(len(functions)), key=lambda at: abs(at - middle))
    ):
        lines = text.split("\n")
        indent = " " * place.col_offset
        lines[place.lineno - 1 : place.lineno - 1] = [
            f"{indent}if len('edited') > 7:",
            f"{indent}    raise ValueError(1234)",
        ]
        found.append("\n".join(lines))
    return found


def edit(file: Path) -> None:
    """Edits the middle one of those functions of a file that reach the board:
    the linker leaves out what only the host calls.
    """
    forget()
    before = bundles.bundle()
    sources = [path.read_text() for path in file.parents[1].rglob("*.py")]
    for text in edits(file.read_text(), "".join(sources)):
        file.write_text(text)
        forget()
        if bundles.bundle() != before:
            return
    raise AssertionError(f"nothing in {file.name} reaches the board")


def forget() -> None:
    """The sources have changed."""
    bundles.ready.cache_clear()
    making.linked.cache_clear()


class Workshop(NamedTuple):
    """Sources that change, and a board that has them twice: flashed by us, and copied by mpremote.

    `names` are those at the top.
    """

    tree: Path
    port: str
    names: list[str]

    def flash(self) -> Flashed:
        forget()
        try:
            return flash(self.port, files=bundles.bundle() | BENCH)
        finally:
            forget()

    def copy(self) -> int:
        return mpremote(
            "connect",
            os.path.realpath(self.port),
            "fs",
            "cp",
            "-r",
            *self.names,
            ":/sources/",
            folder=self.tree,
        )


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    folder = tmp_path_factory.mktemp("workshop")
    tree = folder / "tree"
    shutil.copytree(FIRMWARE, tree, ignore=shutil.ignore_patterns("__pycache__", "*.json", "*.pyi"))
    (tree / "main.py").write_bytes(BENCH["/main.py"])
    with pytest.MonkeyPatch.context() as patch, virtual_board(folder) as board:
        for module in (bundles, making):
            patch.setattr(module, "locker_folder", lambda: tree / "locker")
        found = Workshop(tree, board.port, sorted(path.name for path in tree.iterdir()))
        found.flash()
        mpremote("connect", os.path.realpath(board.port), "mkdir", ":/sources", folder=tree)
        found.copy()
        yield found


@pytest.mark.parametrize(
    "path", ["contract/codes.py", "drivers/coils.py", "shell/app.py", "shell/journal.py"]
)
def test_one_changed_file_moves_at_most_a_sixth_of_the_bytes_of_mpremote(
    path: str, workshop: Workshop
) -> None:
    """The same edit of the same sources:
    `ansim flash` against mpremote with a board that has the sources of before.
    """
    edit(workshop.tree / "locker" / path)
    ours = workshop.flash()
    assert ours.changed
    theirs = workshop.copy()
    moved = ours.bytes_sent + ours.bytes_received
    assert theirs >= 6 * moved, (
        f"ansim flash moved {moved} bytes, mpremote {theirs}: a ratio of {theirs / moved:.1f}"
    )
    print(f"{path}: {moved} bytes against {theirs}")
