"""What `--erase-chip` asks of esptool."""

import json
import sys
from pathlib import Path

import pytest

from host_tools import partitions
from host_tools.boards import load_board
from host_tools.errors import Complaint
from host_tools.flash import erase_chip

#: Notes its arguments, keeps what it is to write, and fails when told to.
ESPTOOL = """#!{python}
import json, pathlib, shutil, sys
here = pathlib.Path({here!r})
with open(here / "runs", "a") as file:
    file.write(json.dumps(sys.argv[1:]) + "\\n")
if "write-flash" in sys.argv:
    shutil.copy(sys.argv[-1], here / "table")
if (here / "broken").exists():
    print("A fatal error occurred: Failed to connect to ESP32: No serial data received.")
    sys.exit(2)
"""


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "micropython.bin"
    path.write_bytes(b"\xe9" + bytes(1000))
    return path


@pytest.fixture
def esptool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    tool = tmp_path / "bin" / "esptool"
    tool.parent.mkdir()
    tool.write_text(ESPTOOL.format(python=sys.executable, here=str(tmp_path)))
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tool.parent))
    return tmp_path


def runs(folder: Path) -> list[list[str]]:
    return [json.loads(line) for line in (folder / "runs").read_text().splitlines()]


@pytest.mark.parametrize(("name", "chip", "offset", "flash_mb"), [("devkit_4", "esp32", "0x1000", 4), ("wall_12", "esp32s3", "0x0", 8)])
def test_the_chip_is_erased_and_gets_micropython_and_our_partition_table(
    esptool: Path, image: Path, name: str, chip: str, offset: str, flash_mb: int
) -> None:
    said: list[str] = []
    erase_chip("/dev/ttyUSB0", load_board(name), image, say=said.append)
    erase, write = runs(esptool)
    assert erase == ["--chip", chip, "--port", "/dev/ttyUSB0", "erase-flash"]
    assert write[:-1] == ["--chip", chip, "--port", "/dev/ttyUSB0", "write-flash", offset, str(image), "0x8000"]
    table = partitions.parse_binary((esptool / "table").read_bytes())
    assert table == partitions.load(partitions.table_path(flash_mb))
    assert said == ["esptool erase-flash", "esptool write-flash"]


def test_a_dry_run_tells_the_commands_and_runs_none(esptool: Path, image: Path) -> None:
    told = erase_chip("/dev/ttyUSB0", load_board("devkit_4"), image, dry_run=True)
    assert "erase-flash" in told[0]
    assert told[1].endswith("0x8000 partitions_4mb.csv")
    assert not (esptool / "runs").exists()


def test_a_chip_that_does_not_answer_ends_it_with_esptools_own_reason(esptool: Path, image: Path) -> None:
    (esptool / "broken").touch()
    with pytest.raises(Complaint, match="could not finish erase-flash: A fatal error occurred: Failed to connect"):
        erase_chip("/dev/ttyUSB0", load_board("devkit_4"), image)
    assert len(runs(esptool)) == 1


def test_without_esptool_or_with_a_file_that_is_no_image_nothing_is_erased(
    tmp_path: Path, image: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Complaint, match="esptool is not installed"):
        erase_chip("/dev/ttyUSB0", load_board("devkit_4"), image)
    (tmp_path / "text").write_text("no image")
    with pytest.raises(Complaint, match="is not a firmware image"):
        erase_chip("/dev/ttyUSB0", load_board("devkit_4"), tmp_path / "text")
    with pytest.raises(Complaint, match="Cannot read"):
        erase_chip("/dev/ttyUSB0", load_board("devkit_4"), tmp_path / "nothing")
