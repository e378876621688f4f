"""`ansim flash --erase-chip` with the real esptool,
against a chip in its ROM boot loader whose flash is one of NOR cells.
"""

import atexit
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import TextIO

import pytest

from host_tools.bench import esptool as tools
from host_tools.bench.erase import erase_chip
from host_tools.bench.esptool import cause
from host_tools.bench.image import IMAGE_OFFSET, put_together
from host_tools.boards import partitions
from host_tools.boards.board_file import load_board
from host_tools.errors import UserError
from tests.images import made_image, official_image
from tests.system.test_ctrl_c import hear_ctrl_c

ROOT = Path(__file__).parent.parent.parent
OLD = b"\xa5what was there before"
MIB = 1 << 20


class Chip:
    """A chip at the other end of a cable; `log` has the commands that its loader got."""

    def __init__(self, output: TextIO, flash: Path) -> None:
        self._output, self.flash = output, flash
        self._process, self.port = int(output.readline()), output.readline().strip()

    def await_command(self, name: str) -> None:
        for line in self._output:
            if line.strip() == name:
                return
        raise AssertionError(f"{name} never came")

    def end(self) -> None:
        with suppress(ProcessLookupError):
            os.kill(self._process, signal.SIGKILL)

    def log(self) -> list[str]:
        self.end()
        return self._output.read().split()


@cache
def loader() -> subprocess.Popen[str]:
    """The process whose chips these are, until the tests end."""
    command = [sys.executable, "-m", "tests.system.rom_loader"]
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, text=True)
    atexit.register(process.communicate)
    return process


@contextmanager
def chip(folder: Path, name: str = "esp32", flash_mb: int = 4, pull: str = "") -> Iterator[Chip]:
    flash, output = folder / "chip.bin", folder / "output"
    if not flash.exists():
        flash.write_bytes((OLD * (flash_mb * MIB // len(OLD) + 1))[: flash_mb * MIB])
    os.mkfifo(output)
    stdin = loader().stdin
    assert stdin
    stdin.write(f"{name}\t{flash}\t{output}\t{pull}\n")
    stdin.flush()
    with output.open() as told:
        output.unlink()
        found = Chip(told, flash)
        try:
            yield found
        finally:
            found.end()


def untouched(found: Chip) -> bool:
    content = found.flash.read_bytes()
    return content == (OLD * (len(content) // len(OLD) + 1))[: len(content)]


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "micropython.bin"
    path.write_bytes(made_image("esp32"))
    return path


def assert_holds(flash: bytes, release: Path, name: str) -> None:
    """The flash holds the boot loader and MicroPython of the release, our table, and nothing else."""
    definition = load_board(name).definition
    base, flash_mb = IMAGE_OFFSET[definition.chip], definition.flash_mb
    whole = put_together(release, definition.chip, flash_mb)
    assert flash == (b"\xff" * base + whole).ljust(flash_mb * MIB, b"\xff")
    assert partitions.parse_binary(flash[partitions.TABLE_OFFSET :]) == partitions.load(
        partitions.table_path(flash_mb)
    )


@pytest.mark.parametrize("name", ["devkit_4", "wall_12"])
def test_the_flash_holds_image_and_table_and_nothing_else(name: str, tmp_path: Path) -> None:
    """An official image for the ESP32; one that is made here for the S3,
    whose table is for another size of flash than the board's.
    """
    definition = load_board(name).definition
    release = official_image() if definition.chip == "esp32" else tmp_path / "made.bin"
    if definition.chip != "esp32":
        release.write_bytes(made_image(definition.chip))
    moved: list[int] = []
    with chip(tmp_path, definition.chip, definition.flash_mb) as found:
        erase_chip(found.port, load_board(name), release, progress=lambda done, total: moved.append(done))
        assert_holds(found.flash.read_bytes(), release, name)
        loader = tmp_path / "loader.bin"
        loader.write_bytes(found.flash.read_bytes()[IMAGE_OFFSET[definition.chip] : partitions.TABLE_OFFSET])
        log = found.log()
    assert moved[-1] == 1000
    assert log.count("ERASE_FLASH") == log.count("FLASH_DEFL_BEGIN") == 1
    told = subprocess.run(
        [sys.executable, "-m", "esptool", "image-info", loader], capture_output=True, text=True, check=True
    ).stdout
    assert f"Flash size: {definition.flash_mb}MB" in told
    assert told.count("(valid)") == 2


def test_a_dry_run_asks_the_chip_and_erases_nothing(image: Path, tmp_path: Path) -> None:
    with chip(tmp_path) as found:
        plan = erase_chip(found.port, load_board("devkit_4"), image, dry_run=True)
        assert untouched(found)
        log = found.log()
    assert "partitions_4mb.csv" in plan
    assert log
    assert not {"ERASE_FLASH", "FLASH_DEFL_BEGIN"} & set(log)


@pytest.mark.parametrize(
    ("chip_name", "flash_mb", "board", "sentence"),
    [
        (
            "esp32s3",
            4,
            "devkit_4",
            (
                "devkit_4 has an esp32, but the chip on .* is an ESP32-S3: check --board and --port. "
                "Nothing was erased."
            ),
        ),
        (
            "esp32s3",
            4,
            "wall_12",
            "wall_12 has 8 MiB of flash, but the chip on .* has 4 MB: .* Nothing was erased.",
        ),
        (
            "esp32",
            2,
            "devkit_4",
            "devkit_4 has 4 MiB of flash, but the chip on .* has 2 MB: .* Nothing was erased.",
        ),
    ],
)
def test_another_chip_or_a_smaller_flash_is_not_erased(
    chip_name: str, flash_mb: int, board: str, sentence: str, tmp_path: Path
) -> None:
    path = tmp_path / "micropython.bin"
    path.write_bytes(made_image(load_board(board).definition.chip))
    with chip(tmp_path, chip_name, flash_mb) as found:
        with pytest.raises(UserError, match=sentence) as told:
            erase_chip(found.port, load_board(board), path)
        assert untouched(found)
        assert not {"ERASE_FLASH", "FLASH_DEFL_BEGIN"} & set(found.log())
    assert told.value.code == "chip"


@pytest.mark.parametrize(
    "pull",
    [
        "READ_REG:1",
        "MEM_BEGIN:1",
        "MEM_END:1",
        "SPI_SET_PARAMS:1",
        "GET_SECURITY_INFO:3",
        "GET_SECURITY_INFO:4",
        "ERASE_FLASH:1",
        "FLASH_DEFL_BEGIN:1",
        "FLASH_DEFL_DATA:1",
        "FLASH_DEFL_DATA:3",
        "SPI_FLASH_MD5:1",
    ],
)
def test_a_cable_that_is_pulled_leaves_the_chip_as_it_was_or_the_sentence_says_what_to_do(
    pull: str, image: Path, tmp_path: Path
) -> None:
    board = load_board("devkit_4")
    with chip(tmp_path, pull=pull) as found:
        with pytest.raises(UserError) as told:
            erase_chip(found.port, board, image)
        said = str(told.value)
        assert told.value.code == "esptool"
        if "othing was erased" in said:
            assert untouched(found)
            assert told.value.hint.startswith("hold BOOT")
            return
        assert "The chip is erased, but not written whole" in said
        assert told.value.hint.endswith("run the same command, which begins anew.")
    with chip(tmp_path) as found:
        erase_chip(found.port, board, image)
        assert_holds(found.flash.read_bytes(), image, "devkit_4")


def test_ctrl_c_while_it_is_written_says_what_to_do(image: Path, tmp_path: Path) -> None:
    with chip(tmp_path) as found:
        words = [
            "flash",
            "--port",
            found.port,
            "--board",
            "devkit_4",
            "--erase-chip",
            "--micropython",
            str(image),
        ]
        options: dict = {
            "stderr": subprocess.PIPE,
            "text": True,
            "start_new_session": True,
            "preexec_fn": hear_ctrl_c,
        }
        with subprocess.Popen([sys.executable, "-m", "host_tools", *words], **options) as command:
            found.await_command("FLASH_DEFL_DATA")
            os.killpg(command.pid, signal.SIGINT)
            said = command.communicate(timeout=60)[1]
        assert command.returncode == 130
        assert "it starts nothing now: connect it again and run the same command" in said
        assert "Traceback" not in said


def test_without_esptool_or_with_an_old_one_nothing_is_erased(
    image: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tools.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    board = load_board("devkit_4")
    line, port = os.openpty()
    with pytest.raises(UserError, match=r"esptool is not installed: `pip install 'ansim\[esptool\]'`"):
        erase_chip(os.ttyname(port), board, image)
    old = tmp_path / "esptool"
    old.write_text(f"#!{sys.executable}\nprint('esptool.py v4.8.1')\nraise SystemExit(2)\n")
    old.chmod(0o755)
    with pytest.raises(UserError, match="This esptool is of version 4, and 5 is needed"):
        erase_chip(os.ttyname(port), board, image)
    os.close(line)
    os.close(port)


def test_a_port_that_is_missing_is_told_before_esptool_is_asked(image: Path) -> None:
    with pytest.raises(UserError, match="There is no serial port"):
        erase_chip("/nowhere/port", load_board("devkit_4"), image)


def test_the_cause_is_what_esptool_says_and_not_the_border_of_its_box(image: Path, tmp_path: Path) -> None:
    table = tmp_path / "table"
    table.write_bytes(bytes(3072))
    words = [
        "--chip",
        "esp32",
        "--port",
        "/dev/null",
        "write-flash",
        "0x1000",
        str(image),
        "0x8000",
        str(table),
    ]
    ended = subprocess.run(
        [sys.executable, "-m", "esptool", *words], capture_output=True, text=True, check=False
    )
    assert ended.returncode
    assert "Detected overlap at address: 0x8000 for file: " in cause(ended.stdout + ended.stderr)
    nobody = subprocess.run(
        [sys.executable, "-m", "esptool", "--port", "/dev/null", "flash-id"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert cause(nobody.stdout + nobody.stderr).startswith(
        "Could not open /dev/null, the port is busy or doesn't exist"
    )
    assert (
        cause("esptool v4\nA fatal error occurred: No serial data received.\n") == "No serial data received."
    )
    assert cause("") == "no reason given"
