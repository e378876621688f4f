"""The flash chip of the cabinet: NOR cells in a file, which power cuts tear.

Erasing a sector of 4,096 bytes sets its bits, writing can only clear them. The file is the whole flash, with its partition table where
a boot loader looks for it, so that images go from one program to another and to a real chip.
"""

import errno
import fcntl
import mmap
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from host_tools.errors import Complaint
from host_tools.partitions import TABLE_BYTES, TABLE_OFFSET, Partition, binary, parse_binary
from host_tools.simulator.chip import PowerLost
from host_tools.simulator.noise import stream

SECTOR_BYTES = 4096
PAGE_BYTES = 256  # programmed at one go
_ENDURANCE = 100_000  # erases of one sector that the data sheets promise (Winbond W25Q32)


class FlashImage:
    """The flash of one chip. Use as a context manager; the file is locked as long, and always as new as the last operation."""

    def __init__(self, path: Path, seed: int = 0) -> None:
        self.path = path
        try:
            self._file = path.open("r+b")
        except OSError as error:
            raise Complaint(f"Cannot open the flash image {path}: {error.strerror}.", 2) from error
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._cells = mmap.mmap(self._file.fileno(), 0)
            self.partitions = parse_binary(self._cells[TABLE_OFFSET : TABLE_OFFSET + TABLE_BYTES])
        except BlockingIOError:
            self._file.close()
            raise Complaint(
                f"The flash image {path} is in use by another virtual board: stop that one first, or take another file."
            ) from None
        except ValueError as error:
            self._file.close()
            raise Complaint(f"{path} is no flash image with a partition table: {error}; take another file or delete it.", 2) from error
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
        self._file.close()

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
        """Lets so many page programs and erases through; the next one is torn in the middle, then `on_cut()` cuts the power."""
        self._cut_at = self.operations + operations
        self._on_cut = on_cut

    def read(self, offset: int, count: int) -> bytes:
        self._check(offset, count)
        return self._cells[offset : offset + count]

    def write(self, offset: int, data: bytes) -> None:
        """Clears bits, page by page; a bit that is 0 stays 0."""
        self._check(offset, len(data))
        while data:
            room = PAGE_BYTES - offset % PAGE_BYTES
            self._program(offset, data[:room])
            offset, data = offset + room, data[room:]

    def erase(self, offset: int) -> None:
        """Sets all bits of the sector that begins there."""
        self._check(offset, SECTOR_BYTES)
        if offset % SECTOR_BYTES:
            raise OSError(errno.EINVAL, "an erase begins at a multiple of 4096")
        torn = self._tears()
        self.erases += 1
        self.wear[offset // SECTOR_BYTES] += 1
        if torn:  # some cells have let go of their charge, some not yet
            old = int.from_bytes(self._cells[offset : offset + SECTOR_BYTES], "big")
            gone = self._rng.getrandbits(8 * SECTOR_BYTES) | (self._rng.getrandbits(8 * SECTOR_BYTES) if self._rng.random() < 0.5 else 0)
            self._cells[offset : offset + SECTOR_BYTES] = (old | gone).to_bytes(SECTOR_BYTES, "big")
            self._lose_power()
        self._cells[offset : offset + SECTOR_BYTES] = b"\xff" * SECTOR_BYTES

    def worn_out(self) -> list[int]:
        """The sectors that were erased more often than a data sheet promises."""
        return [sector for sector, count in self.wear.items() if count > _ENDURANCE]

    def _program(self, offset: int, data: bytes) -> None:
        torn = self._tears()
        self.programs += 1
        self.bytes_written += len(data)
        new = bytes(a & b for a, b in zip(self._cells[offset : offset + len(data)], data, strict=True))
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
        """Like the chip's driver, lets one transfer run on into the next block, but never out of the partition."""
        at = block * SECTOR_BYTES + offset
        if block < 0 or offset < 0 or at + count > self.partition.size:
            raise OSError(errno.EINVAL, "outside the partition")
        return self.partition.offset + at


def create(path: Path, partitions: list[Partition], size: int) -> None:
    """Makes the file of an erased flash of `size` bytes that holds nothing but its partition table.

    Raises Complaint when the file is there already or cannot be made.
    """
    blank = bytearray(b"\xff" * size)
    blank[TABLE_OFFSET : TABLE_OFFSET + TABLE_BYTES] = binary(partitions)
    try:
        with path.open("xb") as file:
            file.write(blank)
    except FileExistsError as error:
        raise Complaint(f"{path} exists already: take another file, or delete it.", 2) from error
    except OSError as error:
        raise Complaint(f"Cannot make the flash image {path}: {error.strerror}.", 2) from error
