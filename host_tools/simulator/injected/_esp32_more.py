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


def _refuse(fine, number, name):
    if not fine:
        raise OSError(number, name)


def _has(packet, answer):
    """Whether the storage does what it is asked."""
    try:
        _chip.ask(packet, answer)
    except OSError:
        return False
    return True


def _keep(packet):
    _refuse(_has(packet, bytearray(1)), -0x1105, "ESP_ERR_NVS_NOT_ENOUGH_SPACE")


class NVS:
    """A namespace of the non-volatile storage,
    with the errors of the IDF (esp32_nvs.c, check_esp_err; nvs.h).
    """

    def __init__(self, namespace):
        _refuse(0 < len(namespace) < 16, -0x1109, "ESP_ERR_NVS_KEY_TOO_LONG")
        self._name = namespace

    def _packet(self, op, key, kind):
        _refuse(0 < len(key) < 16, -0x1109, "ESP_ERR_NVS_KEY_TOO_LONG")
        return bytes((op, kind)) + self._name.encode() + b"\0" + key.encode() + b"\0"

    def _get(self, key, kind):
        answer = bytearray(3 + _NVS_BYTES_MAX)
        _refuse(_has(self._packet(_NVS_GET, key, kind), answer), -0x1102, "ESP_ERR_NVS_NOT_FOUND")
        return memoryview(answer)[3 : 3 + (answer[1] | answer[2] << 8)]

    def set_i32(self, key, value):
        _keep(self._packet(_NVS_SET, key, 1) + struct.pack("<i", value))

    def get_i32(self, key):
        return struct.unpack("<i", self._get(key, 1))[0]

    def set_blob(self, key, value):
        _refuse(len(value) <= _NVS_BYTES_MAX, -0x110E, "ESP_ERR_NVS_VALUE_TOO_LONG")
        _keep(self._packet(_NVS_SET, key, 2) + value)

    def get_blob(self, key, buffer):
        value = self._get(key, 2)
        _refuse(len(value) <= len(buffer), -0x110C, "ESP_ERR_NVS_INVALID_LENGTH")
        buffer[: len(value)] = value
        return len(value)

    def erase_key(self, key):
        _refuse(_has(self._packet(_NVS_ERASE, key, 0), bytearray(1)), -0x1102, "ESP_ERR_NVS_NOT_FOUND")

    def commit(self):
        """Every set is durable already."""


def mcu_temperature():
    return 35


def raw_temperature():
    return 95


def idf_heap_info(capabilities):
    """One region of data memory: (total, free, largest free block, lowest free ever) in bytes."""
    return [(200000, 150000, 110000, 150000)] if capabilities & HEAP_DATA else []
