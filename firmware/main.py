"""Reads the board, opens the hardware, runs the app.

What goes wrong here is tried again by itself; Ctrl-C gives a person the prompt.
"""

import gc

try:
    # Collections while the parts are loaded and put together leave the rest of the heap in one piece: it
    # decides whether 4 kB can still be had at once.
    gc.threshold(8192)
    for name in "core wire drivers hal shell".split():
        gc.collect()
        __import__("locker." + name)

    from locker.hal.esp32 import open_hal
    from locker.shell.start import start

    gc.collect()
    start(open_hal)
except Exception as error:
    print("Not in service:", repr(error))
    import time

    import machine

    time.sleep(5)
    machine.reset()
