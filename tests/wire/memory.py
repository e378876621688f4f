"""The heap of MicroPython; CPython has no such thing to tell, and is watched in test_forger_properties.py."""

import gc

TELLS = hasattr(gc, "mem_free")


def used() -> int:
    """Bytes that are not garbage."""
    gc.collect()
    return gc.mem_alloc() if TELLS else 0


def all_but(count: int) -> list:
    """What leaves so many bytes of the heap free, in one piece,
    and nothing else, for as long as it is held.
    """
    gc.collect()
    room = bytearray(count) if TELLS else b""
    taken = []
    size = 1 << 20
    while TELLS and size > 32:
        try:
            taken.append(bytearray(size))
        except MemoryError:  # there is no room of that size in one piece
            size >>= 1
    del room
    gc.collect()
    return taken
