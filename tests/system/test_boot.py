"""What a board.json makes of a start, that of today and that of before its parts had names: boot.py of today
reads both, on the real interpreter, and so does the firmware.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from host_tools.boards.board_file import load_board, to_board_json
from host_tools.bundle.ready import bundle
from host_tools.simulator.virtual_board.virtual_time import Lived, run_in_virtual_time
from host_tools.simulator.world import board_named
from tests.simulation.stage import IDENTITY, make_flash

from .vfs import put_files

STANDSTILL = b"import machine, time\ntime.sleep_ms(500)\nmachine.reset()\n"


def before_names(board: dict[str, Any]) -> dict[str, Any]:
    """The board.json that provisioning wrote before it wrote names."""
    old = {name: value for name, value in board.items() if name != "low_at_boot"}
    old["doors"] = [list(door.values()) for door in board["doors"]]
    old["keypad"] = list(board["keypad"].values())
    old["bus"] = board["bus"] and list(board["bus"].values())
    return old


def lived(path: Path, name: str, board: dict[str, Any], files: dict[str, bytes], until_ms: int) -> Lived:
    make_flash(path)
    settings = {"board": board, "identity": IDENTITY, "network": {"serial": True}}
    told = {f"/{part}.json": json.dumps(value).encode() for part, value in settings.items()}
    put_files(path, bundle() | told | files)
    return run_in_virtual_time(path, board_named(name), 1, lambda world: None, until_ms)


@pytest.mark.parametrize("is_old", [False, True], ids=["names", "rows"])
@pytest.mark.parametrize("name", ["devkit_4", "wall_12"])
def test_coils_and_the_reset_line_are_low_before_any_firmware_runs(
    name: str, is_old: bool, tmp_path: Path
) -> None:
    board = to_board_json(load_board(name))
    life = lived(
        tmp_path / "flash", name, before_names(board) if is_old else board, {"/main.py": STANDSTILL}, 3_000
    )
    low = [door["lock"] for door in board["doors"] if isinstance(door["lock"], int)]
    low += [] if board["expander_reset"] is None else [board["expander_reset"]]
    assert low == board["low_at_boot"]
    assert low
    assert [life.world.wires.node(pin).drive for pin in low] == [0] * len(low)


@pytest.mark.parametrize("is_old", [False, True], ids=["names", "rows"])
@pytest.mark.parametrize("name", ["devkit_4", "wall_12"])
def test_a_board_that_was_provisioned_before_or_is_now_is_in_service_with_the_firmware_of_today(
    name: str, is_old: bool, tmp_path: Path
) -> None:
    board = to_board_json(load_board(name))
    life = lived(tmp_path / "flash", name, before_names(board) if is_old else board, {}, 12_000)
    assert "In service" in life.console, life.console
    assert life.world.chip.boots == 1
