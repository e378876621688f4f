"""What lies in a simulated cabinet and how its doors stand, kept beside the flash image,
so that things stay where they lie.
"""

import json
import os
from pathlib import Path
from typing import Any

from host_tools.errors import UserError
from host_tools.simulator.cabinet.door import Door
from host_tools.simulator.trace import Entry
from host_tools.simulator.world import World

_MOVING = ("parcel", "latch", "door")


def _place(door: Door) -> str:
    """Where a door comes to rest: one whose latch is released springs ajar."""
    return "shut" if door.latched else "ajar" if door.place == "shut" else door.place


class Things:
    """Keeps the things of a world in a file from now on, after it has put into the world what the file says.

    Raises UserError.
    """

    def __init__(self, path: Path, world: World) -> None:
        self._path = path
        self._world = world
        self._restore()
        world.trace.listeners.append(self._look)

    def _restore(self) -> None:
        try:
            kept = json.loads(self._path.read_text())
        except FileNotFoundError:
            return
        except (OSError, ValueError) as error:
            raise UserError(
                f"{self._path} does not say where the things in the cabinet lie: delete it for an empty one."
            ) from error
        try:
            for number, state in kept["doors"].items():
                door = self._world.doors.get(int(number))
                if door is not None:
                    door.stand(
                        latched=bool(state["latched"]), place=state["place"], parcel=bool(state["parcel"])
                    )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise UserError(
                f"{self._path} does not say where the things in the cabinet lie: delete it for an empty one."
            ) from error

    def _look(self, entry: Entry) -> None:
        if entry.kind in _MOVING:
            self._keep()

    def _keep(self) -> None:
        doors: dict[str, Any] = {
            str(number): {"latched": door.latched, "place": _place(door), "parcel": door.parcel}
            for number, door in self._world.doors.items()
        }
        draft = self._path.with_name(f".{self._path.name}.{os.getpid()}")
        draft.write_text(json.dumps({"doors": doors}))
        draft.replace(self._path)
