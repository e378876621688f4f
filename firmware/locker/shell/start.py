"""Starting the app on a board: its three files, and the guard around it."""

import json
import sys

from locker.shell import identity as identities
from locker.shell.app import App
from locker.shell.store import JournalError


def read_json(path: str):
    """The object in a JSON file of the board; raises OSError when it is missing, ValueError when it is not JSON."""
    with open(path) as file:
        return json.load(file)


def start(open_hal) -> None:
    """Runs the cabinet of this board; one sentence on the console when it cannot, and the REPL is there.

    The guard: whatever goes wrong while it runs is told on the console, every coil is off, and the chip starts afresh.
    """
    try:
        hal = open_hal()
        app = App(hal, identities.from_json(read_json("/identity.json")), read_json("/network.json"))
    except (OSError, KeyError, ValueError, JournalError) as error:
        print("Not in service:", error)
        return
    try:
        hal.run(app.run())
    except Exception as error:
        sys.print_exception(error)
        hal.reset()
