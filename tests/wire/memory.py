"""The heap of MicroPython; CPython has no such thing to tell, and is watched in test_forger_properties.py."""

import gc

TELLS = hasattr(gc, "mem_free")


def used() -> int:
    """Bytes that are not garbage."""
    gc.collect()
    return gc.mem_alloc() if TELLS else 0


def all_but(count: int) -> list:
    """What leaves about so many bytes of the heap free, for as long as it is held."""
    gc.collect()
    taken = []
    size = 1 << 20
    while TELLS and size > 32:
        if gc.mem_free() - size < count:
            size >>= 1
            continue
        try:
            taken.append(bytearray(size))
        except MemoryError:  # there is no room of that size in one piece
            size >>= 1
    return taken
