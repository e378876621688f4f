"""MicroPython's `esp32` over a flash image mapped into memory: partitions with the semantics of NOR flash.

The rest (`_esp32_nvs.py`, `_esp32_more.py`) is loaded on demand.

Whatever touches the flash is written without a jump in its byte code: MicroPython raises a pending KeyboardInterrupt at jumps only, so
none can come up inside LittleFS, just as on the chip, where these are C functions.
"""

import struct

import _chip
import uctypes
from micropython import const

_TABLE = const(0x8000)
_BLOCK = const(4096)
_BLANK = b"\xff" * 256

_flash = None


def __getattr__(name):
    value = _chip.load("_esp32_", name)
    globals()[name] = value
    return value


def map_flash(address, size):
    """Where the process has the flash image in memory, and how long it is."""
    global _flash
    _flash = memoryview(uctypes.bytearray_at(address, size))


def view(at, size):
    """That part of the flash, in place."""
    return _flash[at : at + size]


def program(at, data):
    """Clears bits, as NOR flash does: what is written is the AND of old and new."""
    old = _flash[at : at + len(data)]
    old[:] = (int.from_bytes(old, "little") & int.from_bytes(data, "little")).to_bytes(len(data), "little")


def _blank(at):
    _flash[at : at + 256] = _BLANK


def erase(at):
    """Sets one block to 0xFF. `any` walks it in C."""
    any(map(_blank, range(at, at + _BLOCK, 256)))


class Blocks:
    """A range of the flash as a block device with the extended interface (offsets, explicit erase)."""

    def __init__(self, at, size):
        self._at = at
        self._sizes = {4: size // _BLOCK, 5: _BLOCK}

    def readblocks(self, block, buffer, offset=0):
        at = self._at + block * _BLOCK + offset
        buffer[:] = _flash[at : at + len(buffer)]

    def writeblocks(self, block, buffer, offset):
        program(self._at + block * _BLOCK + offset, buffer)

    def ioctl(self, op, argument):
        """4: the number of blocks, 5: their size, 6: erase one."""
        (bool, erase)[op == 6](self._at + argument * _BLOCK)
        return self._sizes.get(op, 0)


class Partition(Blocks):
    """A row of the partition table at 0x8000 of the flash."""

    BOOT = const(0)
    RUNNING = const(1)
    TYPE_APP = const(0)
    TYPE_DATA = const(1)

    def __init__(self, id, block_size=4096):
        """By label, or Partition.BOOT or RUNNING: the app. OSError(ENOENT) when there is none."""
        if not isinstance(id, tuple):
            found = Partition.find(None, label=id) if isinstance(id, str) else Partition.find()
            if not found:
                raise OSError(2)
            id = found[0].info()
        self._info = id
        Blocks.__init__(self, id[2], id[3])

    def _rewrite(self, block, buffer, _):
        at = self._at + block * _BLOCK
        any(map(erase, range(at, at + len(buffer), _BLOCK)))
        _flash[at : at + len(buffer)] = buffer

    def writeblocks(self, block, buffer, offset=None):
        """With an offset: programs. Without: erases the blocks that the buffer covers, then programs."""
        (super().writeblocks, self._rewrite)[offset is None](block, buffer, offset)

    def info(self):
        """(type, subtype, address, size, label, encrypted)."""
        return self._info

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
