"""A cabinet and its host with people who know what they are told:
the virtual board, `ansim serve`, and the commands that staff type.
"""

import json
import re
from collections.abc import Callable
from pathlib import Path

from host_tools.demo.watch import Watch
from host_tools.simulator.virtual_board.control import HandsClient
from tests.swift_stage import SwiftStage, ansim

from .relayed import type_keys, wait_until

BOARD = "wall_12"
RESIDENT = "Minji"
UNKNOWN = "Number not known"
CODE = re.compile(r"door (\d\d) · (\d{4}) (\d{4}) · extra \d{4}")


class Place(SwiftStage):
    """A cabinet and its host; people there know what they are told."""

    def __init__(self) -> None:
        super().__init__(BOARD, lambda sentence: None)

    def settle(self) -> None:
        """The resident is known, the board has met its host, somebody watches."""
        self.new_resident(RESIDENT)
        self.watch = Watch(self)
        self.watch.until(lambda: bool(self.watch.screen()), "is at work")
        wait_until(lambda: self.link()["behind"] == 0, "the board has told all")

    @property
    def flash(self) -> Path:
        return self.port.with_name(self.port.name + ".flash")

    def link(self) -> dict:
        (status,) = json.loads(ansim("link", "--data", self.data, "--json"))["links"]
        return status

    def hands(self, *acts: object) -> None:
        with HandsClient(self.port) as hands:
            hands.ask(*acts)

    def deposit(self, ticket: str = "") -> int:
        """A courier leaves a parcel; the door."""
        self._type(
            (ticket or self.new_ticket(RESIDENT)) + "#",
            lambda: "1 S" in self.watch.screen(),
            "asks for the size",
        )
        self._type("1", lambda: bool(self.watch.open_doors()), "opens a door for the courier")
        door = self.watch.open_doors()[0]
        self._use(door, "put")
        return door

    def collect(self, door: int, code: str) -> None:
        self._type(f"{door:02}{code}#", lambda: door in self.watch.open_doors(), "opens to the right code")
        self._use(door, "take")

    def is_refused(self, door: int, code: str) -> None:
        self._type(f"{door:02}{code}#", lambda: UNKNOWN in self.watch.screen(), "refuses a dead code")

    def _type(self, keys: str, comes: Callable[[], bool], what: str) -> None:
        with HandsClient(self.port) as hands:
            type_keys(hands, self.watch, keys, comes, what)

    def _use(self, door: int, act: str) -> None:
        self.hands("open", door)
        self.hands(act, door)
        self.hands("close", door)
        self.watch.until(lambda: door not in self.watch.open_doors(), "closes the door", 5)

    def codes(self, kind: str) -> list[tuple[int, str]]:
        """Doors and codes of the messages of that kind, in their order."""
        texts = [message["text"] for message in self.messages() if message["kind"] == kind]
        found = [CODE.search(text) for text in texts]
        return [(int(one[1]), one[2] + one[3]) for one in found if one]

    def told(self, kind: str, count: int) -> list[tuple[int, str]]:
        wait_until(
            lambda: len(self.codes(kind)) == count,
            f"{count} messages of kind {kind}: {[m['kind'] for m in self.messages()]}",
        )
        return self.codes(kind)

    def states(self) -> list[str]:
        return [parcel["state"] for parcel in self.parcels()]

    def cut(self) -> None:
        self.hands("power", "cut")
        self.watch.until(lambda: not self.watch.screen(), "is dark")

    def power_on(self) -> None:
        """Until it is at work: who types before types into the void."""
        self.hands("power", "on")
        self.watch.until(lambda: bool(self.watch.screen()), "is at work")

    def restart_host(self, data: Path) -> None:
        """The host goes on, at the same address, with that folder."""
        address = f"{self.host.ready['address']}:{self.host.ready['port']}"
        self.host.stop()
        self.data = data
        self.host = self._start("serve", "--data", data, "--listen", address, "--json")
