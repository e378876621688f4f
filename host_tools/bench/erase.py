"""What `ansim flash --erase-chip` does: MicroPython and our partition table onto an erased chip.

Everything is looked at and put together before anything is erased: the image, esptool, the port, the chip,
the size of its flash. Then one run of esptool erases and writes one image, table included.
"""

import os
import re
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from host_tools.bench.esptool import Ended, Esptool, Progress
from host_tools.bench.image import IMAGE_OFFSET, put_together
from host_tools.boards import partitions
from host_tools.boards.board_file import BoardFile
from host_tools.device.port_list import look_at
from host_tools.errors import UserError

_WRONG_CHIP = re.compile(r"This chip is (\S+), not ")
_FLASH_SIZE = re.compile(r"Detected flash size: (\d+)(KB|MB)")
_ERASING = re.compile(r"\berasing\b|\berased\b|^Writing at|^Wrote ", re.IGNORECASE | re.MULTILINE)
_BOOT_MODE = "hold BOOT while you press RESET, then run the command again."
#: A chip's own USB takes this long to appear again after a reset.
_BACK_S_MAX = 10.0


def erase_chip(
    port: str,
    board: BoardFile,
    image: Path,
    *,
    dry_run: bool = False,
    say: Callable[[str], None] = lambda line: None,
    progress: Progress = lambda done, total: None,
) -> str:
    """Erases the whole chip and writes MicroPython and our partition table with esptool;
    returns what that did, or would do.

    `image` is a MicroPython release for that chip. Raises UserError, and then nothing was erased: the image
    is none for the board's chip or does not fit; no esptool; no such port; another chip answers, or none, or
    its flash is too small. Raises UserError when esptool cannot finish;
    it says whether the chip is as it was.
    """
    chip, flash_mb = board.definition.chip, board.definition.flash_mb
    content = put_together(image, chip, flash_mb)
    tool = Esptool(chip, port)
    look_at(port)
    say(f"asking the chip on {port}")
    _refuse_other(board, port, tool.run("flash-id", after="hard-reset" if dry_run else "no-reset"))
    what = f"{image.name} with {partitions.table_path(flash_mb).name}, {len(content):,} bytes"
    plan = f"erase the {flash_mb} MiB of flash and write {what}, at {IMAGE_OFFSET[chip]:#x}"
    if dry_run:
        return plan
    with tempfile.NamedTemporaryFile(suffix=".bin") as file:
        file.write(content)
        file.flush()
        say("erasing the chip and writing MicroPython")
        _write(tool, hex(IMAGE_OFFSET[chip]), file.name, progress)
    _wait_for(port)
    return plan


def _refuse_other(board: BoardFile, port: str, ended: Ended) -> None:
    """Refuses a chip that is silent or another one, and a flash that is too small."""
    name, chip, flash_mb = board.name, board.definition.chip, board.definition.flash_mb
    if ended.code:
        if found := _WRONG_CHIP.search(ended.said):
            raise UserError(
                f"{name} has an {chip}, but the chip on {port} is an {found[1]}: check --board and --port. "
                "Nothing was erased.",
                code="chip",
            )
        raise UserError(
            f"esptool cannot reach the chip on {port} ({ended.cause.rstrip('.')}); nothing was erased: "
            f"{_BOOT_MODE}",
            code="esptool",
        )
    size = _FLASH_SIZE.search(ended.said)
    if size and int(size[1]) * (1 if size[2] == "KB" else 1024) < flash_mb * 1024:
        raise UserError(
            f"{name} has {flash_mb} MiB of flash, but the chip on {port} has {size[1]} {size[2]}: check "
            "--board, or use another module. Nothing was erased.",
            code="chip",
        )


def _write(tool: Esptool, offset: str, path: str, progress: Progress) -> None:
    """One run that erases and writes. Raises UserError with the state of the chip, also after Ctrl-C."""
    again = "it starts nothing now: connect it again and run the same command, which begins anew."
    try:
        ended = tool.run("write-flash", "--erase-all", offset, path, progress=progress)
    except KeyboardInterrupt:
        raise UserError(
            f"Interrupted while the chip was erased and written; {again}", 130, code="interrupted", hint=again
        ) from None
    if ended.code == 0:
        return
    reason = ended.cause.rstrip(".")
    if _ERASING.search(ended.said):
        raise UserError(
            f"The chip is erased, but not written whole ({reason}); {again}", code="esptool", hint=again
        )
    raise UserError(f"esptool could not begin ({reason}); nothing was erased: {_BOOT_MODE}", code="esptool")


def _wait_for(port: str) -> None:
    """Waits until a port that went away with the reset is back."""
    until = time.monotonic() + _BACK_S_MAX
    while not os.path.exists(port) and time.monotonic() < until:
        time.sleep(0.1)
