"""MicroPython's `esp32` over a flash image mapped into memory: partitions with the semantics of NOR flash.

The rest (`_esp32_more.py`) is loaded on demand. `Blocks` is written without a jump in its byte code, since
MicroPython raises a pending KeyboardInterrupt at jumps: see `_nor.py`.
"""

import struct

import _chip
import _nor
import uctypes
from micropython import const

_TABLE = const(0x8000)
_BLOCK = const(4096)
_FLASH_FAILS = const(45)

_flash = 0


def __getattr__(name):
    value = _chip.load(name, "_esp32_more")
    globals()[name] = value
    return value


def map_flash(address):
    """Where the process has the flash image in memory."""
    global _flash
    _flash = address


def view(at, size):
    """That part of the flash, in place."""
    return uctypes.bytearray_at(_flash + at, size)


class Blocks:
    """A range of the flash as a block device with the extended interface (offsets, explicit erase)."""

    def __init__(self, at, size):
        self._address = _flash + at
        self._sizes = {4: size // _BLOCK, 5: _BLOCK}

    def readblocks(self, block, buffer, offset=0):
        _nor.read(self._address + block * _BLOCK + offset, buffer, len(buffer))

    def writeblocks(self, block, buffer, offset):
        _nor.program(self._address + block * _BLOCK + offset, buffer, len(buffer))

    def ioctl(self, op, argument):
        """4: the number of blocks, 5: their size, 6: erase one."""
        _nor.erase(self._address + argument * _BLOCK, (op == 6) * _BLOCK)
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

    def writeblocks(self, block, buffer, offset=None):
        """With an offset: programs. Without: erases the blocks that the buffer covers, then programs.

        OSError when that is not inside, or no whole blocks are to be erased (IDF, esp_partition_write
        and esp_partition_erase_range).
        """
        if offset is None and len(buffer) % _BLOCK:
            raise OSError(-260, "ESP_ERR_INVALID_SIZE")
        self._check(block * _BLOCK + (offset or 0), len(buffer))
        self._ask(0)
        _nor.erase(self._address + block * _BLOCK, (offset is None) * -(-len(buffer) // _BLOCK) * _BLOCK)
        Blocks.writeblocks(self, block, buffer, offset or 0)

    def readblocks(self, block, buffer, offset=0):
        self._check(block * _BLOCK + offset, len(buffer))
        Blocks.readblocks(self, block, buffer, offset)

    def ioctl(self, op, argument):
        if op == 6:
            self._check(argument * _BLOCK, _BLOCK)
            self._ask(1)
        return Blocks.ioctl(self, op, argument)

    def _ask(self, erases):
        """The flash fails when it is told to: a read is not asked about,
        since there are thousands at each start.
        """
        if _chip.ask_small(_FLASH_FAILS, erases):
            raise OSError(-24577, "ESP_ERR_FLASH_OP_FAIL")

    def _check(self, at, count):
        if at < 0 or at + count > self._info[3]:
            raise OSError(-258, "ESP_ERR_INVALID_ARG")

    def info(self):
        """(type, subtype, address, size, label, encrypted)."""
        return self._info

    @staticmethod
    def find(type=0, subtype=0xFF, label=None, block_size=4096):
        """The partitions of a type, perhaps of a subtype and with a label."""
        found = []
        row = view(_TABLE, 32)
        while row[:2] == b"\xaa\x50":
            kind, sub, start, size, name = struct.unpack("<BBII16s", row[2:28])
            name = name.rstrip(b"\0").decode()
            if type in (None, kind) and subtype in (0xFF, sub) and label in (None, name):
                found.append(Partition((kind, sub, start, size, name, False)))
            row = uctypes.bytearray_at(uctypes.addressof(row) + 32, 32)
        return found
