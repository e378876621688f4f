"""Runs before anything else: every native output goes low, then a firmware update that was cut off is finished."""

import json

try:
    with open("/board.json") as file:
        board = json.load(file)
except (OSError, ValueError):  # never provisioned: nothing is known to be connected
    board = None
if board:
    from machine import Pin

    for pin in [door[3] for door in board["doors"]] + [board["expander_reset"]]:
        if isinstance(pin, int):
            Pin(pin, Pin.OUT, value=0)

try:
    from update import finish_update
except ImportError:  # no firmware is here yet
    pass
else:
    finish_update()
