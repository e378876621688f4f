"""A MicroPython release for a chip, looked at before anything is erased,
with our partition table put into it.

Source of the formats: ESP-IDF Programming Guide, "App Image Format", "Bootloader", "Partition Tables".
"""

import hashlib
import struct
from pathlib import Path
from typing import NamedTuple

from host_tools.boards import partitions
from host_tools.errors import UserError

#: Where a combined image begins in the flash,
#: by chip (ESP-IDF Programming Guide, "Bootloader": 0x1000 on the ESP32 only).
IMAGE_OFFSET = {"esp32": 0x1000, "esp32s3": 0x0, "esp32c6": 0x0}
#: The number of a chip in the header of an image (ESP-IDF, esp_chip_id_t),
#: with its name as board definitions have it.
CHIP_IDS = {
    0: "esp32",
    2: "esp32s2",
    5: "esp32c3",
    9: "esp32s3",
    12: "esp32c2",
    13: "esp32c6",
    16: "esp32h2",
    18: "esp32p4",
}
_MAGIC = 0xE9
_HEADER_BYTES = 24
_SEGMENTS_MAX = 16
_CHIP_ID_AT = 12
_HAS_DIGEST_AT = 23
_DIGEST_BYTES = 32
_CHECKSUM_SEED = 0xEF
_SIZE_CODES = {1: 0, 2: 1, 4: 2, 8: 3, 16: 4}  # MiB of flash in the upper half of byte 3


class Part(NamedTuple):
    """One program of an image, the boot loader or MicroPython:
    `size` bytes with its checksum, and whether a digest follows them.
    """

    chip: str
    size: int
    has_digest: bool

    @property
    def end(self) -> int:
        """How many bytes it has in all."""
        return self.size + (_DIGEST_BYTES if self.has_digest else 0)


def put_together(path: Path, chip: str, flash_mb: int) -> bytes:
    """What the flash holds from IMAGE_OFFSET[chip] on:
    the release, with our partition table and the board's size of flash in it.

    Raises UserError: the file cannot be read, is no whole image for that chip, or does not fit the table.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UserError(f"Cannot read {path}: {error.strerror}.", 2, hint="") from error
    _refuse_strangers(path, data, chip)
    base = IMAGE_OFFSET[chip]
    at = partitions.TABLE_OFFSET - base
    try:
        stock = partitions.parse_binary(data[at : at + partitions.TABLE_BYTES])
    except ValueError:
        raise _no_image(
            path, "it has no partition table, as an .app-bin has none; download the .bin of the release"
        ) from None
    loader = _program(path, data, "boot loader")
    ours = partitions.load(partitions.table_path(flash_mb), flash_mb << 20)
    app = _application(path, data, base, stock, ours)
    for part in (loader, app):
        if part.chip != chip:
            raise _no_image(path, f"its parts are for different chips, {loader.chip} and {app.chip}")
    if loader.end > at:
        raise _no_image(path, "its boot loader reaches into the partition table")
    table = partitions.binary(ours).ljust(partitions.SECTOR_BYTES, b"\xff")
    return _with_flash_size(data[:at], loader, flash_mb) + table + data[at + partitions.SECTOR_BYTES :]


def _refuse_strangers(path: Path, data: bytes, chip: str) -> None:
    if len(data) < _HEADER_BYTES or data[0] != _MAGIC:
        raise UserError(
            f"{path} is not a firmware image for an ESP32: download MicroPython's .bin for your chip.",
            2,
            code="image",
        )
    number = int.from_bytes(data[_CHIP_ID_AT : _CHIP_ID_AT + 2], "little")
    found = CHIP_IDS.get(number, f"chip number {number}")
    if found != chip:
        raise UserError(
            f"{path} is MicroPython for an {found}, and the board has an {chip}: download the .bin for that.",
            2,
            code="image",
        )


def _no_image(path: Path, reason: str) -> UserError:
    return UserError(
        f"{path} cannot be used ({reason}): download it again from micropython.org/download.", 2, code="image"
    )


def _application(
    path: Path, data: bytes, base: int, stock: list[partitions.Partition], ours: list[partitions.Partition]
) -> Part:
    """MicroPython itself, where both tables have it."""
    kind = partitions.TYPES["app"]
    theirs = next((one for one in stock if one.type == kind), None)
    place = next(one for one in ours if one.type == kind)
    if theirs is None or theirs.offset != place.offset:
        raise _no_image(
            path, f"it has MicroPython elsewhere than at {place.offset:#x}, where the partition table has it"
        )
    app = _program(path, data[theirs.offset - base :], "application")
    if base + len(data) > place.end:
        raise UserError(
            f"{path} reaches to {base + len(data):#x}, but the partition table has room for MicroPython up "
            f"to {place.end:#x}: use the plain build for your chip.",
            2,
            code="image",
        )
    return app


def _program(path: Path, data: bytes, name: str) -> Part:
    """One program, whole: its segments, their checksum, its digest.

    Raises UserError for one that is cut off or damaged.
    """
    head = data[:_HEADER_BYTES].ljust(_HEADER_BYTES, b"\0")
    count, chip, has_digest = (
        head[1],
        int.from_bytes(head[_CHIP_ID_AT : _CHIP_ID_AT + 2], "little"),
        head[_HAS_DIGEST_AT],
    )
    if head[0] != _MAGIC or not 0 < count <= _SEGMENTS_MAX:
        raise _no_image(path, f"its {name} is missing")
    at, checksum = _HEADER_BYTES, _CHECKSUM_SEED
    for _ in range(count):
        if at + 8 > len(data):
            raise _no_image(path, f"its {name} is cut off")
        (size,) = struct.unpack_from("<I", data, at + 4)
        segment = data[at + 8 : at + 8 + size]
        if len(segment) < size:
            raise _no_image(path, f"its {name} is cut off")
        checksum ^= _xor(segment)
        at += 8 + size
    size = at - at % 16 + 16
    part = Part(CHIP_IDS.get(chip, f"chip number {chip}"), size, bool(has_digest))
    if part.end > len(data):
        raise _no_image(path, f"its {name} is cut off")
    digest_is_right = not has_digest or hashlib.sha256(data[:size]).digest() == data[size : part.end]
    if data[size - 1] != checksum or not digest_is_right:
        raise _no_image(path, f"its {name} is damaged")
    return part


def _xor(data: bytes) -> int:
    """The exclusive or of all bytes."""
    whole = int.from_bytes(data, "little")
    width = 1 << max(3, (len(data) * 8 - 1).bit_length())
    while width > 8:
        width //= 2
        whole = whole >> width ^ whole & (1 << width) - 1
    return whole


def _with_flash_size(data: bytes, loader: Part, flash_mb: int) -> bytes:
    """The boot loader with the size of this flash in its header:
    it refuses partitions behind the end of the one it is told of.
    """
    told = bytearray(data)
    told[3] = _SIZE_CODES[flash_mb] << 4 | told[3] & 0x0F
    if loader.has_digest:
        told[loader.size : loader.end] = hashlib.sha256(told[: loader.size]).digest()
    return bytes(told)
