"""Loads the firmware's packages as main.py does, one after the other, for what needs them and much more."""

import gc

SOON_BYTES = 16384  # a collection each so many leaves the rest of the heap in one piece


def packages(names):
    """Loads these packages of the firmware; the free bytes of the heap."""
    gc.threshold(SOON_BYTES)
    for name in names:
        gc.collect()
        __import__("locker." + name)
    gc.collect()
    return gc.mem_free()
