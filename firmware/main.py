"""Reads the board, opens the hardware, runs the app."""

import gc

# A collection before each import leaves the heap in one piece: it decides whether 4 kB can still be had at once.
for name in (
    "compat mac board core.records core.events core.effects core.codes core.tickets core.texts core.door core.journal core.entry "
    "core.deposit core.cabinet wire.frame wire.ccm wire.keys wire.messages wire.session "
    "drivers.inputs drivers.expander drivers.keypad drivers.coil drivers.screen drivers.beeper "
    "shell.identity shell.store shell.link shell.fittings shell.pulses hal.esp32 shell.app shell.start"
).split():
    gc.collect()
    __import__("locker." + name)

from locker.hal.esp32 import open_hal  # noqa: E402
from locker.shell.start import start  # noqa: E402

start(open_hal)
