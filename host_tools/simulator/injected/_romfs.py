"""`vfs.rom_ioctl` of a build with ROMFS: the last 256 KiB of the app partition, which a virtual chip has no code for. Executed in place."""

import esp32
from micropython import const

_BYTES = const(262144)
_MIN_WRITE = const(4)
_EINVAL = const(22)


def _place():
    _, _, at, size, _, _ = esp32.Partition.find(esp32.Partition.TYPE_APP)[0].info()
    return at + size - _BYTES


def rom_ioctl(op, number=0, a=0, b=0):
    """1: count; 2: the partition; 3: prepare(number, [offset,] length); 4: write(offset, data); 5: complete; 6: block size."""
    if op == 1:
        return 1
    if number != 0:
        return -_EINVAL
    if op == 2:
        return esp32.view(_place(), _BYTES)
    if op == 3:
        offset, length = (a, b) if b else (0, a)
        for block in range(offset // 4096, (offset + length + 4095) // 4096):
            esp32.erase(_place() + 4096 * block)
        return _MIN_WRITE
    if op == 4:
        esp32.program(_place() + a, b)
        return 0
    if op == 5:
        return 0
    return 4096 if op == 6 else -_EINVAL
