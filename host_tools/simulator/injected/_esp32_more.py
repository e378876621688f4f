"""The seldom used rest of `esp32`."""

import struct

import _chip
from micropython import const

HEAP_DATA = const(4)
HEAP_EXEC = const(1)
_NVS_GET = const(23)
_NVS_SET = const(24)
_NVS_ERASE = const(25)
_NVS_BYTES_MAX = const(1024)


class NVS:
    """A namespace of the non-volatile storage. OSError(ENOENT) for a key that is not there."""

    def __init__(self, namespace):
        if not 0 < len(namespace) < 16:
            raise ValueError("namespace")
        self._name = namespace

    def _packet(self, op, key, kind):
        if not 0 < len(key) < 16:
            raise ValueError("key")
        return bytes((op, kind)) + self._name.encode() + b"\0" + key.encode() + b"\0"

    def _get(self, key, kind):
        answer = _chip.ask(self._packet(_NVS_GET, key, kind), bytearray(3 + _NVS_BYTES_MAX))
        return memoryview(answer)[3 : 3 + (answer[1] | answer[2] << 8)]

    def set_i32(self, key, value):
        _chip.ask(self._packet(_NVS_SET, key, 1) + struct.pack("<i", value), bytearray(1))

    def get_i32(self, key):
        return struct.unpack("<i", self._get(key, 1))[0]

    def set_blob(self, key, value):
        if len(value) > _NVS_BYTES_MAX:
            raise ValueError("value")
        _chip.ask(self._packet(_NVS_SET, key, 2) + value, bytearray(1))

    def get_blob(self, key, buffer):
        value = self._get(key, 2)
        if len(value) > len(buffer):
            raise ValueError("buffer")
        buffer[: len(value)] = value
        return len(value)

    def erase_key(self, key):
        _chip.ask(self._packet(_NVS_ERASE, key, 0), bytearray(1))

    def commit(self):
        """Every set is durable already."""


def mcu_temperature():
    return 35


def raw_temperature():
    return 95


def idf_heap_info(capabilities):
    """One region of data memory: (total, free, largest free block, lowest free ever) in bytes."""
    return [(200000, 150000, 110000, 150000)] if capabilities & HEAP_DATA else []
