"""The flash of a virtual board: one file, byte for byte what a chip's flash would hold, and one board at a time on it."""

import fcntl
import os
from pathlib import Path

from host_tools.errors import Complaint
from host_tools.partitions import FLASH_SIZES_MB, TABLE_BYTES, TABLE_OFFSET, Partition, binary, load, parse_binary, table_path

_MIB = 1 << 20


class FlashImage:
    """An image file, locked. Made anew, erased and partitioned, when the file is missing or empty.

    Raises Complaint when another board has it, when its size is not that of the flash, or when it holds no partition table.
    Without `flash_mb` an image that is there is taken as it is.
    """

    def __init__(self, path: Path, flash_mb: int | None = None) -> None:
        self.path = path
        self._sizes_mb = FLASH_SIZES_MB if flash_mb is None else (flash_mb,)
        try:
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise Complaint(f"Cannot open the flash image {path}: {error.strerror}.") from error
        try:
            self._lock()
            if not os.fstat(self._file).st_size:
                self._make(self._sizes_mb[0])
            self.partitions = self._check()
        except BaseException:
            os.close(self._file)
            raise

    def _lock(self) -> None:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Complaint(f"Another virtual board is running from {self.path}: stop it or use another --flash.") from error

    def _make(self, flash_mb: int) -> None:
        """The bytes are in place before the file has its length, so a kill midway leaves an empty file, not half a flash."""
        size = flash_mb * _MIB
        image = bytearray(b"\xff") * size
        image[TABLE_OFFSET : TABLE_OFFSET + TABLE_BYTES] = binary(load(table_path(flash_mb), size))
        fresh = self.path.with_name(f".{self.path.name}.{os.getpid()}")
        try:
            fresh.write_bytes(image)
            fresh.chmod(0o600)
            file = os.open(fresh, os.O_RDWR | os.O_CLOEXEC)
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            fresh.replace(self.path)
        except OSError as error:
            fresh.unlink(missing_ok=True)
            raise Complaint(f"Cannot make the flash image {self.path}: {error.strerror}.") from error
        os.close(self._file)
        self._file = file

    def _check(self) -> list[Partition]:
        size = os.fstat(self._file).st_size
        if size not in [mb * _MIB for mb in self._sizes_mb]:
            sizes = " or ".join(map(str, self._sizes_mb))
            raise Complaint(
                f"{self.path} has {size:,} bytes, but the flash of this board has {sizes} MiB: name a new file and it is made.", 2
            )
        try:
            return parse_binary(os.pread(self._file, TABLE_BYTES, TABLE_OFFSET))
        except ValueError as error:
            raise Complaint(f"{self.path} is no flash image: {error}. Name a new file and it is made.", 2) from error

    def read(self, offset: int, count: int) -> bytes:
        """Bytes of the flash."""
        return os.pread(self._file, count, offset)

    def write(self, offset: int, data: bytes) -> None:
        """Bytes to the flash as they are; only for what the interpreter does not touch (NVS)."""
        os.pwrite(self._file, data, offset)

    def close(self) -> None:
        os.close(self._file)
