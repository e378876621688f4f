"""Runs before anything else: every native output goes low, then a firmware update that was cut off is finished."""

import json
import os
import sys


def outputs_low():
    """Drives the native coils and the expanders' RESET line low, as far as board.json names them."""
    try:
        with open("/board.json") as file:
            board = json.load(file)
    except (OSError, ValueError):  # never provisioned: nothing is known to be connected
        return
    from machine import Pin

    for pin in [door[3] for door in board["doors"]] + [board["expander_reset"]]:
        if isinstance(pin, int):
            Pin(pin, Pin.OUT, value=0)


outputs_low()
if "next" in os.listdir("/"):
    try:
        from update import finish_update
    except ImportError:  # the first firmware of this board is on its way
        pass
    else:
        finish_update()
        del finish_update, sys.modules["update"]  # the application needs the room
del outputs_low
