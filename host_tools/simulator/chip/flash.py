"""The flash chip of the cabinet: NOR cells in a file, which power cuts tear.

Erasing a sector of 4,096 bytes sets its bits, writing can only clear them. The file is the whole flash, with
its partition table where a boot loader looks for it, so that images go from one program to another and to a
real chip. One board at a time is on it.
"""

import errno
import fcntl
import mmap
import os
import stat
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from host_tools.boards.partitions import (
    FLASH_SIZES_MB,
    SECTOR_BYTES,
    TABLE_BYTES,
    TABLE_OFFSET,
    Partition,
    binary,
    load,
    parse_binary,
    table_path,
)
from host_tools.errors import UserError
from host_tools.simulator.chip.chip import PowerLost
from host_tools.simulator.noise import stream

PAGE_BYTES = 256  # programmed at one go
_ENDURANCE = 100_000  # erases of one sector that the data sheets promise (Winbond W25Q32)
_MIB = 1 << 20


class FlashImage:
    """The flash of one chip.

    Use as a context manager; the file is locked as long, and always as new as the last operation.

    With `flash_mb`, the flash of a board: made anew, erased and partitioned, when the file is missing or
    empty, and refused when it has another size. Without it, an image that is there, of any size that a
    partition table is written for. `seed` decides where torn operations stop.

    Raises UserError when the file is missing or cannot be opened or made,
    when another board has it, and when it is no flash image.
    """

    def __init__(self, path: Path, seed: int = 0, *, flash_mb: int | None = None) -> None:
        self.path = path
        self._file = _locked(path, make=flash_mb is not None)
        try:
            if flash_mb is not None and not os.fstat(self._file).st_size:
                self._file = _made(self._file, path, flash_mb)
            _check_size(self._file, path, FLASH_SIZES_MB if flash_mb is None else (flash_mb,))
            try:
                self.partitions = parse_binary(os.pread(self._file, TABLE_BYTES, TABLE_OFFSET))
            except ValueError as error:
                raise UserError(
                    f"{path} is no flash image: {error}. Name a new file and it is made.", 2
                ) from error
            self._cells = mmap.mmap(self._file, 0)
        except BaseException:
            os.close(self._file)
            raise
        self._rng = stream(seed, "flash")
        self.programs = 0  # page programs
        self.erases = 0
        self.bytes_written = 0
        self.wear: Counter[int] = Counter()  # erases by sector
        self.operations = 0
        self._cut_at: int | None = None
        self._on_cut: Callable[[], object] | None = None

    def __enter__(self) -> "FlashImage":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._cells.close()
        os.close(self._file)

    @property
    def size(self) -> int:
        return len(self._cells)

    def partition(self, label: str) -> "PartitionFlash | None":
        """The raw partition of that label, None when the table has none."""
        for partition in self.partitions:
            if partition.label == label:
                return PartitionFlash(self, partition)
        return None

    def cut_after(self, operations: int, on_cut: Callable[[], object]) -> None:
        """Lets so many page programs and erases through;
        the next one is torn in the middle, then `on_cut()` cuts the power.
        """
        self._cut_at = self.operations + operations
        self._on_cut = on_cut

    def read(self, offset: int, count: int) -> bytes:
        self._check(offset, count)
        return self._cells[offset : offset + count]

    def write(self, offset: int, data: bytes) -> None:
        """Clears bits, page by page; a bit that is 0 stays 0."""
        self._check(offset, len(data))
        end, begin = offset + len(data), offset
        while offset < end:
            count = min(end - offset, PAGE_BYTES - offset % PAGE_BYTES)
            self._program(offset, data[offset - begin : offset - begin + count])
            offset += count

    def erase(self, offset: int) -> None:
        """Sets all bits of the sector that begins there. Raises OSError where none begins."""
        self._check(offset, SECTOR_BYTES)
        if offset % SECTOR_BYTES:
            raise OSError(errno.EINVAL, "an erase begins at a multiple of 4096")
        torn = self._tears()
        self.erases += 1
        self.wear[offset // SECTOR_BYTES] += 1
        if torn:  # some cells have let go of their charge, some not yet
            old = int.from_bytes(self._cells[offset : offset + SECTOR_BYTES], "big")
            gone = self._rng.getrandbits(8 * SECTOR_BYTES) | (
                self._rng.getrandbits(8 * SECTOR_BYTES) if self._rng.random() < 0.5 else 0
            )
            self._cells[offset : offset + SECTOR_BYTES] = (old | gone).to_bytes(SECTOR_BYTES, "big")
            self._lose_power()
        self._cells[offset : offset + SECTOR_BYTES] = b"\xff" * SECTOR_BYTES

    def replace(self, offset: int, data: bytes) -> None:
        """Erases as many sectors from that offset on as the data needs, then writes it."""
        self._check(offset, len(data))
        for sector in range(offset, offset + len(data), SECTOR_BYTES):
            self.erase(sector)
        self.write(offset, data)

    def worn_out(self) -> list[int]:
        """The sectors that were erased more often than a data sheet promises."""
        return [sector for sector, count in self.wear.items() if count > _ENDURANCE]

    def _program(self, offset: int, data: bytes) -> None:
        torn = self._tears()
        self.programs += 1
        self.bytes_written += len(data)
        old = int.from_bytes(self._cells[offset : offset + len(data)], "big")
        new = (old & int.from_bytes(data, "big")).to_bytes(len(data), "big")
        if torn:  # whole bytes up to somewhere, and of the next one some of the bits
            whole = self._rng.randrange(len(data))
            half_done = new[whole] | (self._cells[offset + whole] & self._rng.getrandbits(8))
            self._cells[offset : offset + whole + 1] = new[:whole] + bytes([half_done])
            self._lose_power()
        self._cells[offset : offset + len(data)] = new

    def _tears(self) -> bool:
        self.operations += 1
        return self._cut_at is not None and self.operations > self._cut_at

    def _lose_power(self) -> None:
        self._cut_at = None
        if self._on_cut:
            self._on_cut()
        raise PowerLost

    def _check(self, offset: int, count: int) -> None:
        if offset < 0 or offset + count > len(self._cells):
            raise OSError(errno.EINVAL, "outside the flash")


class PartitionFlash:
    """One partition as the seam's Flash: blocks of 4,096 bytes, counted from the partition's beginning."""

    block_bytes = SECTOR_BYTES

    def __init__(self, image: FlashImage, partition: Partition) -> None:
        self._image = image
        self.partition = partition
        self.block_count = partition.size // SECTOR_BYTES

    def read(self, block: int, offset: int, buffer: bytearray | memoryview) -> None:
        buffer[:] = self._image.read(self._at(block, offset, len(buffer)), len(buffer))

    def write(self, block: int, offset: int, data: bytes | bytearray | memoryview) -> None:
        self._image.write(self._at(block, offset, len(data)), bytes(data))

    def erase(self, block: int) -> None:
        self._image.erase(self._at(block, 0, SECTOR_BYTES))

    def dump(self) -> bytes:
        """The whole partition, to compare."""
        return self._image.read(self.partition.offset, self.partition.size)

    def _at(self, block: int, offset: int, count: int) -> int:
        """Like the chip's driver, lets one transfer run on into the next block,
        but never out of the partition.
        """
        at = block * SECTOR_BYTES + offset
        if block < 0 or offset < 0 or at + count > self.partition.size:
            raise OSError(errno.EINVAL, "outside the partition")
        return self.partition.offset + at


def _locked(path: Path, make: bool) -> int:
    """The descriptor of the file, locked as long as it is open."""
    while True:
        try:
            file = os.open(path, os.O_RDWR | os.O_CLOEXEC | (os.O_CREAT if make else 0), 0o600)
        except FileNotFoundError as error:
            if make:
                raise UserError(f"Cannot make the flash image {path}: {error.strerror}.") from error
            raise UserError(f"There is no flash image {path}.", 2) from error
        except OSError as error:
            raise UserError(f"Cannot open the flash image {path}: {error.strerror}.") from error
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(file)
            raise UserError(
                f"Another virtual board is running from {path}: stop it or use another flash image."
            ) from error
        if os.fstat(file).st_nlink:
            if stat.S_ISREG(os.fstat(file).st_mode):
                return file
            os.close(file)
            raise UserError(f"{path} is no file: name a new one and it is made.", 2)
        # Another board has put the flash that it made in the place of this file while we waited for the lock.
        os.close(file)


def _made(empty: int, path: Path, flash_mb: int) -> int:
    """Puts an erased flash with its partition table in the place of an empty file; its descriptor, locked.

    The empty file is closed.

    The bytes are in place before the file has its name,
    so a kill midway leaves an empty file, not half a flash.
    """
    path = path.resolve()  # a link to an image stays one
    size = flash_mb * _MIB
    image = bytearray(b"\xff") * size
    image[TABLE_OFFSET : TABLE_OFFSET + TABLE_BYTES] = binary(load(table_path(flash_mb), size))
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        fresh.write_bytes(image)
        fresh.chmod(0o600)
        file = os.open(fresh, os.O_RDWR | os.O_CLOEXEC)
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        fresh.replace(path)
    except OSError as error:
        fresh.unlink(missing_ok=True)
        raise UserError(f"Cannot make the flash image {path}: {error.strerror}.") from error
    os.close(empty)
    return file


def _check_size(file: int, path: Path, sizes_mb: tuple[int, ...]) -> None:
    size = os.fstat(file).st_size
    if size not in [mb * _MIB for mb in sizes_mb]:
        sizes = " or ".join(map(str, sizes_mb))
        raise UserError(
            f"{path} has {size:,} bytes, but the flash of this board has {sizes} MiB: "
            "name a new file and it is made.",
            2,
        )
