"""Boards on which `ansim flash` has been, without having been there:
its files are written into the image of the flash.
"""

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path

from host_tools.boards.board_file import load_board
from host_tools.bundle.ready import bundle
from host_tools.simulator.chip.flash import FlashImage

from .vfs import put_files

_FOLDER = tempfile.TemporaryDirectory(prefix="ansim-flashed-")
atexit.register(_FOLDER.cleanup)


def flashed(flash: Path, board: str) -> None:
    """Makes a flash with the firmware on it; the board is not provisioned."""
    shutil.copyfile(_made(load_board(board).definition.flash_mb), flash)


@cache
def _made(flash_mb: int) -> Path:
    path = Path(_FOLDER.name, f"{flash_mb}.bin")
    with FlashImage(path, flash_mb=flash_mb):
        pass
    put_files(path, bundle())
    return path
