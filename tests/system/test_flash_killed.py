"""`ansim flash` killed with SIGKILL at any byte leaves the old firmware or the new one,
and the next run completes it.
"""

from pathlib import Path

import pytest

from host_tools.bench.flash import flash
from host_tools.bundle.contents import OWNED_FOLDERS, START_FILES
from host_tools.bundle.ready import errand
from host_tools.device.install import fingerprint, survey
from host_tools.device.port import Device
from host_tools.sources import start_file
from tests.swift import ansim
from tests.system.virtual_port import VirtualPort, virtual_board

START = {f"/{name}": start_file(name).read_bytes() for name in START_FILES[:2]}
OLD = START | {
    "/locker/a.mpy": b"old a" * 300,
    "/locker/gone.mpy": b"old",
    "/locker/core/same.mpy": b"the same",
    "/main.py": b"# old\n",
}
NEW = START | {
    "/locker/a.mpy": bytes(range(256)) * 9,
    "/locker/core/same.mpy": b"the same",
    "/locker/wire/b.mpy": b"b" * 700,
    "/main.py": b"# new\n",
}

#: Flashes NEW, and dies in the middle of the write in which the N-th byte goes to the board.
DOOMED = f"""
import os, signal
from host_tools.device import port
from host_tools.bench.flash import flash

class Doomed(port.Traffic):
    def write(self, data):
        left = BYTE - self.sent
        if left > len(data):
            return super().write(data)
        super().write(data[:left])
        self._port.flush()
        os.kill(os.getpid(), signal.SIGKILL)

port.Traffic = Doomed
flash(PORT, files={NEW})
"""


def flash_doomed(board: VirtualPort, byte: int) -> None:
    ended = ansim("flash", first=f"PORT, BYTE = {board.port!r}, {byte}\n{DOOMED}")
    assert ended.returncode == -9, ended.stderr


def on_board(port: str) -> dict[str, bytes]:
    """What is there after the next start (entering the raw REPL runs boot.py)."""
    with Device(port, errand) as device:
        return survey(device, OWNED_FOLDERS, START_FILES).files


def fingerprints(files: dict[str, bytes]) -> dict[str, bytes]:
    return {path: fingerprint(content) for path, content in files.items()}


def kill_at(board: VirtualPort, byte: int) -> dict[str, bytes]:
    """Starts from OLD, flashes NEW, kills it; what the next start finds."""
    flash(board.port, files=OLD)
    flash_doomed(board, byte)
    return on_board(board.port)


def sweep(board: VirtualPort, points: int) -> None:
    flash(board.port, files=OLD)
    total = flash(board.port, files=NEW).bytes_sent
    found_old = found_new = 0
    for point in range(points):
        found = kill_at(board, 1 + (total - 2) * point // (points - 1))
        assert found in (fingerprints(OLD), fingerprints(NEW)), point
        found_old += found == fingerprints(OLD)
        found_new += found == fingerprints(NEW)
        assert flash(board.port, files=NEW).booted == ""
        assert on_board(board.port) == fingerprints(NEW), point
    assert found_old > points // 3
    assert found_new > 0


def test_a_kill_at_any_byte_leaves_old_or_new_and_the_next_run_completes(tmp_path: Path) -> None:
    with virtual_board(tmp_path) as board:
        sweep(board, 8)


@pytest.mark.soak
def test_many_kills_leave_old_or_new(tmp_path: Path) -> None:
    with virtual_board(tmp_path) as board:
        sweep(board, 200)


def test_a_power_cut_on_the_board_while_it_is_flashed_leaves_old_or_new(tmp_path: Path) -> None:
    with virtual_board(tmp_path) as board:
        flash(board.port, files=OLD)
        total = flash(board.port, files=NEW).bytes_sent
        for byte in (total * 3 // 10, total * 9 // 10):
            flash(board.port, files=OLD)
            flash_doomed(board, byte)
            board.hands("power", "cut")
            board.hands("power", "on")
            assert on_board(board.port) in (fingerprints(OLD), fingerprints(NEW))
