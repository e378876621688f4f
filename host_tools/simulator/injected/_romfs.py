"""`vfs.rom_ioctl` of a build with ROMFS: the last 256 KiB of the app partition,
which a virtual chip has no code for. Executed in place.
"""

import esp32
from micropython import const

_BYTES = const(262144)
_BLOCK = const(4096)
_MIN_WRITE = const(4)
_EINVAL = const(22)

_blocks = None


def _place():
    global _blocks
    _, _, at, size, _, _ = esp32.Partition.find(esp32.Partition.TYPE_APP)[0].info()
    at += size - _BYTES
    _blocks = esp32.Blocks(at, _BYTES)
    return at


def rom_ioctl(op, number=0, a=0, b=0):
    """1: count; 2: the partition; 3: prepare(number, [offset,] length);
    4: write(offset, data); 5: complete; 6: block size.
    """
    if op == 1:
        return 1
    if number != 0:
        return -_EINVAL
    at = _place()
    if op == 2:
        return esp32.view(at, _BYTES)
    if op == 3:
        offset, length = (a, b) if b else (0, a)
        for block in range(offset // _BLOCK, (offset + length + _BLOCK - 1) // _BLOCK):
            _blocks.ioctl(6, block)
        return _MIN_WRITE
    if op == 4:
        _blocks.writeblocks(0, b, a)
        return 0
    if op == 5:
        return 0
    return _BLOCK if op == 6 else -_EINVAL
