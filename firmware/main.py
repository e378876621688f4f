"""Reads the board, opens the hardware, runs the app."""

import gc

# Collections while the parts are loaded and put together leave the rest of the heap in one piece: it decides whether 4 kB can still be had
# at once.
gc.threshold(16384)
for name in "core wire drivers hal shell".split():
    gc.collect()
    __import__("locker." + name)

from locker.hal.esp32 import open_hal  # noqa: E402
from locker.shell.start import start  # noqa: E402

gc.collect()
start(open_hal)
