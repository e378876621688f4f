"""`ansim flash` against the real interpreter behind a serial port."""

import fcntl
import json
import os
import pty
import tty
from collections.abc import Iterator
from pathlib import Path

import pytest

from host_tools.boards import partitions
from host_tools.bundle.contents import OWNED_FOLDERS, START_FILES, digest
from host_tools.bundle.ready import bundle, errand
from host_tools.device.install import survey
from host_tools.device.port import Device
from tests.system.virtual_port import VirtualPort, ansim, virtual_board


@pytest.fixture
def board(tmp_path: Path) -> Iterator[VirtualPort]:
    with virtual_board(tmp_path) as found:
        yield found


def flash(board: VirtualPort, *options: str) -> dict:
    ended = ansim("flash", "--port", board.port, "--json", *options)
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


def refusal(*arguments: str, exit_code: int = 1) -> str:
    """The one sentence with which a command refuses."""
    ended = ansim(*arguments)
    assert ended.returncode == exit_code, ended.stdout + ended.stderr
    assert ended.stdout == ""
    assert ended.stderr.startswith("ansim: ")
    assert ended.stderr.count("\n") == 1
    return ended.stderr


def run_on_board(board: VirtualPort, source: str) -> None:
    with Device(board.port, errand) as device:
        device.execute(source)


def content(board: VirtualPort, path: str) -> bytes | None:
    with Device(board.port, errand) as device:
        return device.call("files", "read", path)


def test_a_blank_board_gets_the_whole_firmware_and_a_second_run_moves_nothing(board: VirtualPort) -> None:
    wanted = bundle()
    first = flash(board, "--board", "wall_12")
    assert first["added"] == list(wanted)
    assert (first["state"], first["booted"]) == (
        "not provisioned",
        "Not provisioned yet: `ansim provision` is next.",
    )
    with Device(board.port, errand) as device:
        assert device.call("files", "digest", OWNED_FOLDERS, START_FILES) == digest(wanted)
    second = flash(board)
    assert (second["added"], second["changed"], second["removed"], second["unchanged"]) == (
        [],
        [],
        [],
        len(wanted),
    )


def test_what_the_firmware_no_longer_holds_goes_and_what_is_not_its_own_stays(board: VirtualPort) -> None:
    flash(board)
    run_on_board(
        board,
        """
import os
for path in ("/locker/old", "/locker/old/deep", "/lib/theirs"):
    os.mkdir(path)
for path in (
    "/locker/old/deep/a.mpy", "/locker/theirs.py", "/lib/theirs/b.py", "/identity.json", "/notes.txt"
):
    with open(path, "w") as file:
        file.write("{}")
""",
    )
    assert set(flash(board, "--dry-run")["removed"]) == {
        "/locker/old/deep/a.mpy",
        "/locker/theirs.py",
        "/locker/old/deep",
        "/locker/old",
    }
    assert content(board, "/locker/theirs.py") is not None
    flash(board)
    assert content(board, "/locker/theirs.py") is None
    assert flash(board)["removed"] == []
    for path in ("/lib/theirs/b.py", "/identity.json", "/notes.txt"):
        assert content(board, path) == b"{}"


def test_a_dry_run_names_what_would_change_and_changes_nothing(board: VirtualPort) -> None:
    told = flash(board, "--dry-run")
    assert (told["added"], told["state"]) == (list(bundle()), "no firmware")
    with Device(board.port, errand) as device:
        assert survey(device, OWNED_FOLDERS, START_FILES).files == {}


def test_a_damaged_file_on_the_board_is_put_right(board: VirtualPort) -> None:
    flash(board)
    run_on_board(board, "with open('/locker/core.mpy', 'r+b') as file: file.write(b'x')")
    assert flash(board)["changed"] == ["/locker/core.mpy"]


def test_another_chip_than_the_board_definitions_is_refused(board: VirtualPort) -> None:
    assert "devkit_4 has an esp32, but the chip on" in refusal(
        "flash", "--port", board.port, "--board", "devkit_4"
    )


def test_an_unknown_board_and_a_missing_port_are_named(tmp_path: Path) -> None:
    assert "did you mean wall_12" in refusal(
        "flash", "--port", "/dev/null", "--board", "wall_21", exit_code=2
    )
    assert "There is no serial port" in refusal("flash", "--port", str(tmp_path / "nothing"))
    assert "is not a serial port" in refusal("flash", "--port", __file__, exit_code=2)
    assert "is not a serial port" in refusal("flash", "--port", "/dev/null", exit_code=2)


def test_a_port_in_use_is_busy(board: VirtualPort) -> None:
    descriptor = os.open(os.path.realpath(board.port), os.O_RDWR | os.O_NOCTTY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        assert "is busy" in refusal("flash", "--port", board.port)
    finally:
        os.close(descriptor)


def test_a_port_on_which_nothing_answers_gets_the_likely_causes() -> None:
    master, slave = pty.openpty()
    tty.setraw(master)
    try:
        assert "no MicroPython answers there" in refusal("flash", "--port", os.ttyname(slave))
    finally:
        os.close(master)
        os.close(slave)


def test_a_chip_without_a_journal_partition_is_refused_with_the_cure(tmp_path: Path) -> None:
    with virtual_board(tmp_path) as board:
        board.hands("state")
    table = [one for one in partitions.load(partitions.table_path(8)) if one.label != "journal"]
    with board.flash.open("r+b") as image:
        image.seek(partitions.TABLE_OFFSET)
        image.write(partitions.binary(table))
    with virtual_board(tmp_path) as board:
        said = refusal("flash", "--port", board.port)
        assert "no partition labelled journal" in said
        assert "boards/partitions_4mb.csv" in said
        assert "--erase-chip" in said


def test_a_full_flash_is_refused_before_anything_is_written(board: VirtualPort) -> None:
    run_on_board(
        board,
        """
import os
with open("/big", "wb") as file:
    while os.statvfs("/")[3] > 20:
        file.write(bytes(4096))
        file.flush()
""",
    )
    assert "The board's flash is full" in refusal("flash", "--port", board.port)
    with Device(board.port, errand) as device:
        assert survey(device, OWNED_FOLDERS, (*START_FILES, "next/archive")).files == {}


def test_a_firmware_that_ends_at_once_is_told(board: VirtualPort) -> None:
    flash(board)
    run_on_board(board, "with open('/locker/shell.py', 'w') as file: file.write('raise ValueError(42)')")
    said = ansim("flash", "--port", board.port, "--dry-run")
    assert said.returncode == 1
    assert "ends at once with ValueError(42,), each time anew" in said.stderr
