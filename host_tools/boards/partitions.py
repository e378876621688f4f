"""Partition tables of an ESP32's flash: the CSV of `boards/`, checked,
and the bytes that a chip's boot loader reads.

Source of both formats: ESP-IDF Programming Guide, "Partition Tables".
"""

import hashlib
import struct
from dataclasses import dataclass
from pathlib import Path

from host_tools.errors import UserError
from host_tools.sources import boards_folder

#: Where the boot loader looks for the table, how many bytes of it are flashed,
#: and where the first partition may begin.
TABLE_OFFSET = 0x8000
TABLE_BYTES = 0xC00
FIRST_OFFSET = TABLE_OFFSET + 0x1000
#: Flash is erased in sectors of this many bytes; code is mapped into memory in pages of the other.
SECTOR_BYTES = 0x1000
APP_PAGE_BYTES = 0x10000
#: The firmware's ring log: docs/decisions/0001-journal-layout.md.
JOURNAL_BYTES = 512 * 1024
FLASH_SIZES_MB = (4, 8, 16)

TYPES = {"app": 0x00, "data": 0x01}
SUBTYPES = {
    0x00: {"factory": 0x00, "test": 0x20} | {f"ota_{slot}": 0x10 + slot for slot in range(16)},
    0x01: {
        "ota": 0x00,
        "phy": 0x01,
        "nvs": 0x02,
        "coredump": 0x03,
        "nvs_keys": 0x04,
        "efuse": 0x05,
        "undefined": 0x06,
        "fat": 0x81,
        "spiffs": 0x82,
        "littlefs": 0x83,
    },
}
_FLAGS = {"": 0, "encrypted": 1, "readonly": 2}
_MAGIC = b"\xaa\x50"
_MD5_MAGIC = b"\xeb\xeb" + b"\xff" * 14
_ENTRY = "<2sBBII16sI"
_LABEL_BYTES_MAX = 16
_ENTRIES_MAX = TABLE_BYTES // struct.calcsize(_ENTRY) - 1  # the last row is the MD5


@dataclass(frozen=True)
class Partition:
    """One row: `type` and `subtype` are ESP-IDF's numbers,
    `offset` and `size` are bytes from the start of the flash.
    """

    label: str
    type: int
    subtype: int
    offset: int
    size: int
    flags: int = 0

    @property
    def end(self) -> int:
        """The first byte behind it."""
        return self.offset + self.size


def table_path(flash_mb: int) -> Path:
    """The CSV for a flash of that many MiB; a UserError for a size that none is written for."""
    if flash_mb not in FLASH_SIZES_MB:
        raise UserError(
            f"No partition table for {flash_mb} MiB of flash: use a module with "
            f"{', '.join(map(str, FLASH_SIZES_MB))} MiB.",
            2,
        )
    return boards_folder() / f"partitions_{flash_mb}mb.csv"


def load(path: Path, flash_bytes: int | None = None) -> list[Partition]:
    """The partitions of a CSV in order of their offsets, checked.

    Offsets must be given: a table that the eye cannot check is not accepted. Raises UserError with file and
    line for a row that cannot be read, and one that names every fault of the table as a whole (overlap,
    alignment, size, missing journal or vfs).
    """
    partitions = []
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(
            f"Cannot read the partition table {path}: "
            f"{getattr(error, 'strerror', None) or 'it is not text'}.",
            2,
        ) from error
    for number, line in enumerate(lines, 1):
        row = line.split("#", 1)[0].strip()
        if row:
            try:
                partitions.append(_row([field.strip() for field in row.split(",")]))
            except ValueError as error:
                raise UserError(f"{path}, line {number}: {error}.", 1) from error
    partitions.sort(key=lambda partition: partition.offset)
    if found := faults(partitions, flash_bytes):
        raise UserError(f"{path}: {'; '.join(found)}.", 1)
    return partitions


def faults(partitions: list[Partition], flash_bytes: int | None = None) -> list[str]:
    """Everything that is wrong with a table, each as one clause; empty when it is good.

    The order of the rows does not matter.
    """
    found = []
    labels = [partition.label for partition in partitions]
    found += [
        f"{label} is there twice: give each partition its own label"
        for label in sorted({x for x in labels if labels.count(x) > 1})
    ]
    if len(partitions) > _ENTRIES_MAX:
        found.append(
            f"{len(partitions)} partitions do not fit into the table of {TABLE_BYTES} bytes: "
            f"at most {_ENTRIES_MAX} do"
        )
    before = None
    for partition in sorted(partitions, key=lambda partition: (partition.offset, partition.end)):
        found += _row_faults(partition, flash_bytes)
        if before and partition.offset < before.end:
            found.append(
                f"{partition.label} begins at {partition.offset:#x}, inside {before.label}: "
                f"move it to {before.end:#x} or behind"
            )
        if before is None or partition.end > before.end:
            before = partition
    return found + _needs(partitions)


def binary(partitions: list[Partition]) -> bytes:
    """The table as it lies at 0x8000 of the flash: rows of 32 bytes, their MD5, 0xFF up to 3,072 bytes.

    Takes a table without `faults`.
    """
    rows = b"".join(
        struct.pack(
            _ENTRY, _MAGIC, one.type, one.subtype, one.offset, one.size, one.label.encode(), one.flags
        )
        for one in partitions
    )
    checksum = hashlib.md5(rows, usedforsecurity=False).digest()
    return (rows + _MD5_MAGIC + checksum).ljust(TABLE_BYTES, b"\xff")


def parse_binary(table: bytes) -> list[Partition]:
    """The partitions in the bytes read from 0x8000 of a flash;
    raises ValueError when they are no intact table.
    """
    partitions: list[Partition] = []
    width = struct.calcsize(_ENTRY)
    for at in range(0, len(table) - width + 1, width):
        row = table[at : at + width]
        if row.startswith(_MAGIC):
            _, kind, subtype, offset, size, label, flags = struct.unpack(_ENTRY, row)
            text = label.rstrip(b"\x00").decode("ascii", "replace")  # a torn label is caught by the MD5
            partitions.append(Partition(text, kind, subtype, offset, size, flags))
        elif row == _MD5_MAGIC + hashlib.md5(table[:at], usedforsecurity=False).digest():
            return partitions
        else:
            break
    raise ValueError("the flash holds no intact partition table")


def find(partitions: list[Partition], label: str) -> Partition:
    """The partition with that label; a UserError when the table has none."""
    for partition in partitions:
        if partition.label == label:
            return partition
    raise UserError(
        f"The partition table has no partition labelled {label}: use one of boards/partitions_*.csv.", 1
    )


def _number(text: str, what: str) -> int:
    scale = {"K": 1024, "M": 1024 * 1024}.get(text[-1:].upper(), 1)
    try:
        return int(text[:-1] if scale > 1 else text, 0) * scale
    except ValueError:
        raise ValueError(f"{what} {text!r} is no number: write it like 0x10000, 64K or 1M") from None


def _named(text: str, names: dict[str, int], what: str) -> int:
    if text in names:
        return names[text]
    try:
        return int(text, 0)
    except ValueError:
        raise ValueError(f"{what} {text!r} is unknown: use a number or one of {', '.join(names)}") from None


def _row(fields: list[str]) -> Partition:
    if not 5 <= len(fields) <= 6:
        raise ValueError(
            f"{len(fields)} columns: write Name, Type, SubType, Offset, Size and, if need be, Flags"
        )
    label, kind_name, subtype_name, offset, size = fields[:5]
    flags = 0
    for flag in fields[5].split(":") if len(fields) > 5 else ():
        flags |= _named(flag, _FLAGS, "flag")
    if not offset:
        raise ValueError(f"{label} has no offset: write the offset down, so that a reader can check it")
    kind = _named(kind_name, TYPES, "type")
    subtype = _named(subtype_name, SUBTYPES.get(kind, {}), "subtype")
    if not (0 <= kind <= 0xFE and 0 <= subtype <= 0xFE):
        raise ValueError(f"type and subtype of {label} are numbers from 0 to 0xfe")
    return Partition(label, kind, subtype, _number(offset, "offset"), _number(size, "size"), flags)


def _row_faults(partition: Partition, flash_bytes: int | None) -> list[str]:
    found = []
    name = partition.label
    if not 0 < len(name.encode()) <= _LABEL_BYTES_MAX or not name.isascii():
        found.append(f"the label {name!r} must be 1 to {_LABEL_BYTES_MAX} ASCII characters")
    page = APP_PAGE_BYTES if partition.type == TYPES["app"] else SECTOR_BYTES
    if partition.offset % page:
        found.append(f"{name} begins at {partition.offset:#x}: begin it at a multiple of {page:#x}")
    if partition.size <= 0 or partition.size % SECTOR_BYTES:
        found.append(f"{name} has {partition.size:#x} bytes: give it whole sectors of {SECTOR_BYTES:#x}")
    if partition.offset < FIRST_OFFSET:
        found.append(
            f"{name} begins at {partition.offset:#x}, over the boot loader or this table: "
            f"begin it at {FIRST_OFFSET:#x} or behind"
        )
    if flash_bytes is not None and partition.end > flash_bytes:
        found.append(
            f"{name} ends at {partition.end:#x}, behind the flash of {flash_bytes:#x} bytes: make it smaller"
        )
    return found


def _needs(partitions: list[Partition]) -> list[str]:
    """What the firmware cannot do without."""
    found = []
    by_label = {partition.label: partition for partition in partitions}
    for label, least in (("journal", JOURNAL_BYTES), ("vfs", 64 * SECTOR_BYTES)):
        partition = by_label.get(label)
        if partition is None:
            found.append(
                f"there is no partition labelled {label}: add one of type data with at least {least:#x} bytes"
            )
        elif partition.type != TYPES["data"]:
            found.append(f"{label} must be of type data")
        elif partition.size < least:
            found.append(f"{label} has {partition.size:#x} bytes: give it at least {least:#x}")
    if not any(partition.type == TYPES["app"] for partition in partitions):
        found.append("there is no partition of type app: MicroPython itself needs one")
    return found
