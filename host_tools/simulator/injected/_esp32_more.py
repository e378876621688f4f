"""The seldom used rest of `esp32`."""

from micropython import const

HEAP_DATA = const(4)
HEAP_EXEC = const(1)


def mcu_temperature():
    return 35


def raw_temperature():
    return 95


def idf_heap_info(capabilities):
    """One region of data memory: (total, free, largest free block, lowest free ever) in bytes."""
    return [(200000, 150000, 110000, 150000)] if capabilities & HEAP_DATA else []
