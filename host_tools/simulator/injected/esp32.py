"""MicroPython's `esp32` over a flash image mapped into memory: partitions with the semantics of NOR flash, and NVS.

Whatever touches the flash is written without a jump in its byte code: MicroPython raises a pending KeyboardInterrupt at jumps only, so
none can come up inside LittleFS, just as on the chip, where these are C functions.
"""

import struct

import _chip
import uctypes
from micropython import const

HEAP_DATA = const(4)
HEAP_EXEC = const(1)

_TABLE = const(0x8000)
_BLOCK = const(4096)
_BLANK = b"\xff" * 256
_NVS_GET = const(23)
_NVS_SET = const(24)
_NVS_ERASE = const(25)
_NVS_BYTES_MAX = const(1024)

_flash = None


def map_flash(address, size):
    """Where the process has the flash image in memory, and how long it is."""
    global _flash
    _flash = memoryview(uctypes.bytearray_at(address, size))


def read(at, buffer):
    buffer[:] = _flash[at : at + len(buffer)]


def program(at, data):
    """Clears bits, as NOR flash does: what is written is the AND of old and new."""
    old = _flash[at : at + len(data)]
    old[:] = (int.from_bytes(old, "little") & int.from_bytes(data, "little")).to_bytes(len(data), "little")


def _blank(at):
    _flash[at : at + 256] = _BLANK


def erase(at):
    """Sets one block to 0xFF. `all` walks the block in C; each step gives None, so it is `not any` that would stop."""
    any(map(_blank, range(at, at + _BLOCK, 256)))


def view(at, size):
    """That part of the flash, in place."""
    return _flash[at : at + size]


class Blocks:
    """A range of the flash as a block device with the extended interface (offsets, explicit erase)."""

    def __init__(self, at, size):
        self._at = at
        # What ioctl answers by its number: init, deinit, sync, block count, block size, erase.
        zero = lambda _: 0  # noqa: E731
        self._control = (zero, zero, zero, zero, lambda _: size // _BLOCK, lambda _: _BLOCK, self._erase)

    def readblocks(self, block, buffer, offset=0):
        read(self._at + block * _BLOCK + offset, buffer)

    def writeblocks(self, block, buffer, offset):
        program(self._at + block * _BLOCK + offset, buffer)

    def _erase(self, block):
        erase(self._at + block * _BLOCK)
        return 0

    def ioctl(self, op, argument):
        return self._control[op](argument)


class Partition(Blocks):
    """A row of the partition table at 0x8000 of the flash."""

    BOOT = const(0)
    RUNNING = const(1)
    TYPE_APP = const(0)
    TYPE_DATA = const(1)

    def __init__(self, id, block_size=4096):
        if isinstance(id, str):
            found = Partition.find(None, label=id)
        elif isinstance(id, tuple):
            found = None
        else:
            found = Partition.find(Partition.TYPE_APP)
        if found is not None:
            if not found:
                raise OSError(19)
            id = found[0].info()
        self._info = id
        Blocks.__init__(self, id[2], id[3])

    def writeblocks(self, block, buffer, offset=None):
        """With an offset: programs. Without: erases the blocks that the buffer covers, then programs."""
        (self._program, self._rewrite)[offset is None](block, buffer, offset)

    def _program(self, block, buffer, offset):
        program(self._at + block * _BLOCK + offset, buffer)

    def _rewrite(self, block, buffer, _):
        at = self._at + block * _BLOCK
        any(map(erase, range(at, at + len(buffer), _BLOCK)))
        _flash[at : at + len(buffer)] = buffer

    def info(self):
        """(type, subtype, address, size, label, encrypted)."""
        return self._info

    def set_boot(self):
        pass

    @staticmethod
    def find(type=0, subtype=0xFF, label=None, block_size=4096):
        """The partitions of a type, perhaps of a subtype and with a label."""
        found = []
        at = _TABLE
        while _flash[at] == 0xAA and _flash[at + 1] == 0x50:
            kind, sub, start, size, name = struct.unpack("<BBII16s", _flash[at + 2 : at + 28])
            name = name.rstrip(b"\0").decode()
            if type in (None, kind) and subtype in (0xFF, sub) and label in (None, name):
                found.append(Partition((kind, sub, start, size, name, False)))
            at += 32
        return found


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
