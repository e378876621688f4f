"""What goes wrong before the app runs is tried again by itself:
on the real interpreter, with boot.py and main.py as they are flashed.
"""

import json
from pathlib import Path

import pytest

from host_tools.boards.board_file import load_board, to_board_json
from host_tools.bundle.ready import bundle
from host_tools.simulator.virtual_board.virtual_time import Lived, run_in_virtual_time
from host_tools.simulator.world import board_named
from tests.simulation.stage import IDENTITY, make_flash

from .vfs import put_files

BOARD = to_board_json(load_board("wall_12"))
SETTINGS = {"board": BOARD, "identity": IDENTITY, "network": {"serial": True}}
#: A part that cannot be imported at the first three starts, of which it keeps count:
#: what a worn flash or a full heap does.
FLAWED = b"""
import os
try:
    count = os.stat("/starts")[6]
except OSError:
    count = 0
with open("/starts", "a") as file:
    file.write("x")
if count < 3:
    raise MemoryError("memory allocation failed")
"""


def lived(path: Path, files: dict[str, bytes], until_ms: int) -> Lived:
    make_flash(path)
    settings = {f"/{name}.json": json.dumps(value).encode() for name, value in SETTINGS.items()}
    put_files(path, bundle() | settings | files)
    return run_in_virtual_time(path, board_named("wall_12"), 1, lambda world: None, until_ms)


def test_a_part_of_the_firmware_that_cannot_be_imported_is_tried_again_by_itself(tmp_path: Path) -> None:
    main = bundle()["/main.py"].replace(
        b"    gc.threshold(8192)\n", b"    gc.threshold(8192)\n    import flawed\n"
    )
    life = lived(tmp_path / "flash", {"/flawed.py": FLAWED, "/main.py": main}, 40_000)
    assert life.console.count("Not in service: MemoryError") == 3
    assert life.console.count("In service") == 1
    assert life.world.chip.boots == 4


@pytest.mark.parametrize(
    ("files", "said"),
    [
        (
            {
                "/next/manifest": b"+ /locker/core.mpy\n",
                "/update.py": b"def finish_update():\n    raise OSError(5)\n",
            },
            "cannot be finished",
        ),
        ({"/identity.json": b'{"board_id": "01'}, "Not in service: ValueError"),
        ({"/board.json": b"[1, 2"}, "Not in service: ValueError"),
    ],
)
def test_no_file_that_cannot_be_read_leaves_the_cabinet_waiting_for_a_person(
    tmp_path: Path, files: dict[str, bytes], said: str
) -> None:
    life = lived(tmp_path / "flash", files, 17_000)
    assert said in life.console
    assert life.world.chip.boots >= 3
