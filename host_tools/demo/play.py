"""Playing at the cabinet: a live drawing, keys that go straight to its keypad, and hands for the rest."""

import os
import select
import sys
import termios
import threading
import tty
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.live import Live

from host_tools.demo.drawing import drawing
from host_tools.demo.stage import Stage
from host_tools.demo.watch import Watch
from host_tools.errors import Complaint
from host_tools.host.chronicle import in_words
from host_tools.simulator.virtual_board.control import HandsClient

RESIDENT = "Minji"
KEYPAD = "0123456789*#ABCD"
_LOOK_S = 0.1


@contextmanager
def _raw_keys() -> Iterator[int]:
    """The terminal's keys one by one, unechoed; as it was before when this ends."""
    descriptor = sys.stdin.fileno()
    before = termios.tcgetattr(descriptor)
    try:
        tty.setcbreak(descriptor)
        yield descriptor
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)


class Play:
    """One visitor at the terminal, who is courier and resident in turn."""

    def __init__(self, stage: Stage, watch: Watch, hands: HandsClient) -> None:
        self._stage = stage
        self._watch = watch
        self._hands = hands
        self._log: list[str] = []
        self._heard = 0
        self._read = 0
        self._blocked = False
        self._acts = {"p": "put", "t": "take", "c": "close", "o": "open"}

    def say(self, what: str) -> None:
        """Adds a line to what happens."""
        self._log.append(f"{datetime.now():%H:%M:%S}  {what}")

    def key(self, key: str) -> bool:
        """Does what a key asks for; False to leave."""
        try:
            return self._do(key)
        except Complaint as complaint:
            self.say(str(complaint))
            return True

    def _do(self, key: str) -> bool:
        door = self._door()
        if key in KEYPAD:
            self._hands.ask("keys", key)
        elif key == "q":
            return False
        elif key == "n":
            digits = self._stage.new_ticket(RESIDENT)
            self.say(f"a courier gets a parcel for {RESIDENT} with ticket {digits}: type it, then #")
        elif key == "b":
            self._hands.ask("bell")
        elif key == "d":
            self._hands.ask("dark", not self._watch.state["dark"])
        elif key == "!":
            self._hands.ask("power", "cut" if self._watch.state["power"] == "on" else "on")
        elif key in self._acts or key == "x":
            self._act(key, door)
        return True

    def _act(self, key: str, door: int | None) -> None:
        if door is None:
            self.say("No door is open: a ticket or a code opens one.")
        elif key == "x":
            blocked = next(each["blocked"] for each in self._watch.state["doors"] if each["number"] == door)
            self._hands.ask("unblock" if blocked else "block", door)
        else:
            self._hands.ask(self._acts[key], door)

    def _door(self) -> int | None:
        """The door in hand: the one that is not shut."""
        ajar = [door["number"] for door in self._watch.state["doors"] if door["position"] != "shut"]
        return ajar[0] if ajar else None

    def catch_up(self) -> None:
        """Takes over what the host has told and sent since the last time."""
        for told in self._watch.heard[self._heard :]:
            self.say(in_words(told).split("  ", 1)[-1])
            self._heard += 1
        messages = self._stage.messages()
        for message in messages[self._read :]:
            self.say(f"message to {message['to']}: {message['text']}")
        self._read = len(messages)

    def picture(self) -> Any:
        """What the terminal shows."""
        return drawing(self._watch.state, self._log, self._door())


def play(stage: Stage) -> None:
    """Plays until `q`; the terminal is as before afterwards."""
    stage.new_resident(RESIDENT)
    changed = threading.Event()
    watch = Watch(stage, changed.set)
    with HandsClient(stage.port) as hands, _raw_keys() as keys, Live(console=Console(), screen=True, auto_refresh=False) as live:
        visitor = Play(stage, watch, hands)
        visitor.say("press n for a ticket, and be the courier")
        while True:
            ready, _, _ = select.select([keys], [], [], _LOOK_S)
            if ready and not all(visitor.key(key) for key in os.read(keys, 64).decode(errors="ignore")):
                return
            visitor.catch_up()
            live.update(visitor.picture(), refresh=True)
