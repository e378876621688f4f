"""The non-volatile storage of the virtual chip, in its `nvs` partition:
two copies, the newer intact one counts.

The layout is our own (the chip's is Espressif's and nobody reads it but them): a header of magic, sequence
number, length and CRC-32, then JSON.
A copy is written whole before the older one is touched, so no cut loses both.
"""

import errno
import json
import struct
import zlib
from collections.abc import Callable

from host_tools.boards.partitions import SECTOR_BYTES
from host_tools.simulator.chip.flash import FlashImage

BLOB = 2
_HEADER = "<4sIII"
_MAGIC = b"ANVS"
_HEADER_BYTES = struct.calcsize(_HEADER)


class Nvs:
    """Values by namespace, key and kind (1 a 32-bit integer, 2 a blob); durable when a call returns."""

    VALUE_BYTES_MAX = 1024

    def __init__(self, image: FlashImage) -> None:
        self._image = image
        partition = next((one for one in image.partitions if one.label == "nvs"), None)
        self._copy_bytes = partition.size // 2 // SECTOR_BYTES * SECTOR_BYTES if partition else 0
        self._places = (
            (partition.offset, partition.offset + self._copy_bytes) if partition and self._copy_bytes else ()
        )
        self._values: dict[str, str] = {}
        self._sequence = 0
        for place in self._places:
            self._load(place)

    def _load(self, place: int) -> None:
        magic, sequence, length, crc = struct.unpack(_HEADER, self._image.read(place, _HEADER_BYTES))
        if magic != _MAGIC or sequence <= self._sequence or _HEADER_BYTES + length > self._copy_bytes:
            return
        text = self._image.read(place + _HEADER_BYTES, length)
        if zlib.crc32(text) == crc:
            self._values, self._sequence = json.loads(text), sequence

    def get(self, namespace: str, key: str, kind: int) -> bytes | None:
        """The value, None when there is none of this kind."""
        value = self._values.get(f"{namespace}/{key}/{kind}")
        return None if value is None else bytes.fromhex(value)

    def set(self, namespace: str, key: str, kind: int, value: bytes) -> bool:
        """False when the partition is full or missing; then nothing has changed."""
        return self._store({**self._values, f"{namespace}/{key}/{kind}": value.hex()})

    def erase(self, namespace: str, key: str) -> bool:
        """False when there was no such key."""
        rest = {
            name: value for name, value in self._values.items() if not name.startswith(f"{namespace}/{key}/")
        }
        return len(rest) < len(self._values) and self._store(rest)

    def _store(self, values: dict[str, str]) -> bool:
        text = json.dumps(values).encode()
        if _HEADER_BYTES + len(text) > self._copy_bytes:
            return False
        sequence = self._sequence + 1
        place = self._places[sequence % 2]
        self._image.replace(place, struct.pack(_HEADER, _MAGIC, sequence, len(text), zlib.crc32(text)) + text)
        self._values, self._sequence = values, sequence
        return True


class Namespace:
    """A namespace of the storage in an image, with the protocol of MicroPython's esp32.NVS: the seam's Marks.

    `alive` is called before each act and may raise: a dead program reaches nothing. `is_full` tells whether
    it takes nothing more. Raises OSError for a key that is not there and for a storage that is full or
    missing, ValueError for a buffer that is too small.
    """

    def __init__(
        self,
        image: FlashImage,
        name: str,
        alive: Callable[[], object] = lambda: None,
        is_full: Callable[[], bool] = lambda: False,
    ) -> None:
        self._is_full = is_full
        self._nvs = Nvs(image)
        self._name = name
        self._alive = alive

    def get_blob(self, key: str, buffer: bytearray) -> int:
        self._alive()
        value = self._nvs.get(self._name, key, BLOB)
        if value is None:
            raise OSError(errno.ENOENT, f"the NVS has no {key}")
        if len(value) > len(buffer):
            raise ValueError("buffer")
        buffer[: len(value)] = value
        return len(value)

    def set_blob(self, key: str, value: bytes) -> None:
        self._alive()
        if self._is_full() or not self._nvs.set(self._name, key, BLOB, value):
            raise OSError(errno.ENOSPC, "the NVS is full or missing")

    def commit(self) -> None:
        """What was set is durable already."""
        self._alive()
