"""Runs before anything else: every native output goes low,
then a firmware update that was cut off is finished.

MicroPython runs main.py only when this ends well. So what fails here is told, and ends the cabinet's service
for a while at most: an update that cannot be finished now is tried again, since nothing runs on half of each
of two firmwares.
"""

import json
import os
import sys


def outputs_low():
    """Drives low what board.json names: the native coils and the expanders' RESET line."""
    try:
        with open("/board.json") as file:
            board = json.load(file)
    except (OSError, ValueError):  # never provisioned: nothing is known to be connected
        return
    from machine import Pin

    low = board.get("low_at_boot")
    if low is None:  # of a provisioning that wrote no names
        low = [door[3] for door in board["doors"]] + [board["expander_reset"]]
    for pin in low:
        if isinstance(pin, int):
            Pin(pin, Pin.OUT, value=0)


try:
    outputs_low()
except Exception as error:  # not the board definition of this firmware: main.py says so
    print("Outputs:", repr(error))
try:
    if "next" in os.listdir("/"):
        from update import finish_update

        finish_update()
        del finish_update, sys.modules["update"]  # the application needs the room
except ImportError:  # the first firmware of this board is on its way
    pass
except Exception as error:
    print("Not in service: the update cannot be finished:", repr(error))
    import time

    import machine

    time.sleep(5)
    machine.reset()
del outputs_low
