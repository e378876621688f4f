"""Starting the app on a board: its three files, and the guard around it."""

import json
import sys

from locker.compat import TYPE_CHECKING, const
from locker.shell import identity as identities
from locker.shell.app import BUILD, App
from locker.shell.journal import JournalError

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from locker.hal.seam import Hal

_AGAIN_MS = const(5000)
_ENOENT = const(2)  # on every system


def read_json(path: str) -> "Any":
    """The object in a JSON file of the board;
    raises OSError when it is missing, ValueError when it is not JSON.
    """
    with open(path) as file:
        return json.load(file)


async def _reset(hal: "Hal") -> None:
    await hal.sleep_ms(_AGAIN_MS)
    hal.reset()


def start(open_hal: "Callable[[], Hal]") -> None:
    """Runs the cabinet of this board; one sentence on the console when it cannot.

    The guard: whatever goes wrong while it runs is told on the console, every coil is off, and the chip
    starts afresh. So it does, after a while, when something goes wrong at the start. Only a board that was
    never flashed or provisioned waits for a person, at the prompt. Ctrl-C ends it with every coil off, and
    leaves a note for the tools at the cable.
    Raises what its files raise that are there and cannot be read:
    its caller tries again, for there may be no controller yet.
    """
    try:
        hal = open_hal()
        identity = read_json("/identity.json")
        network = read_json("/network.json")
    except OSError as error:
        if error.args[:1] != (_ENOENT,):
            raise
        print("Not provisioned yet")
        return
    try:
        app = App(hal, identities.from_json(identity), network)
    except Exception as error:
        print("Not in service:", error)
        if not isinstance(error, JournalError):
            hal.run(_reset(hal))
        return
    running = app.run()
    try:
        hal.run(running)
    except KeyboardInterrupt:  # mostly while it sleeps: its own end has not been reached
        running.close()
        app.pause()
        raise
    except Exception as error:
        print("Build %x" % BUILD)
        sys.print_exception(error)
        if not app.serves:  # it may end so each time: a pause lets a person in
            hal.run(_reset(hal))
        hal.reset()
