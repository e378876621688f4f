"""Playing at the cabinet: a live drawing, keys that go straight to its keypad, and hands for the rest."""

import os
import queue
import re
import select
import sys
import termios
import threading
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from rich.console import Console, Group
from rich.live import Live

from host_tools.demo.drawing import frame
from host_tools.demo.guide import Guide
from host_tools.demo.stage import Stage
from host_tools.demo.watch import Watch
from host_tools.errors import UserError
from host_tools.host.notify.log import in_words
from host_tools.simulator.virtual_board.control import HandsClient

RESIDENT = "Minji"
KEYPAD = "0123456789*#ABCD"
LEFT, RIGHT = "left", "right"
_LOOK_S = 0.1
_ACTS = {"p": "put", "t": "take", "c": "close", "o": "open", "f": "force"}
_KEYS = re.compile(r"\x1b\[[0-9;]*(?P<csi>[@-~])|\x1bO(?P<ss3>.)|(?P<key>.)", re.DOTALL)
_ARROWS = {"C": RIGHT, "D": LEFT}
#: What the host tells that is no news for who looks at the cabinet.
_QUIET = (
    "link up",
    "message sent",
    "no account",
    "pulsed",
    "door opened",
    "door closed",
    "deposit started",
    "command applied",
    "epoch begun",
)


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


def keys_in(typed: str) -> list[str]:
    """The keys in what a terminal has sent: characters, LEFT and RIGHT; what other keys send is nothing."""
    found = []
    for key in _KEYS.finditer(typed):
        arrow = key["csi"] or key["ss3"]
        if key["key"] or arrow in _ARROWS:
            found.append(key["key"] or _ARROWS[arrow])
    return found


class Play:
    """One visitor at the terminal, who is courier, resident and dispatcher in turn.

    Acts take their time on a thread of their own.
    """

    def __init__(self, stage: Stage, watch: Watch, hands: HandsClient) -> None:
        self._stage = stage
        self._watch = watch
        self._hands = hands
        self._guide = Guide(RESIDENT)
        self._log: list[str] = []
        self._heard = 0
        self._read = 0
        self._chosen = 0  # 0: nobody has chosen yet
        self._ajar: set[int] = set()
        self._is_alone = False  # the host has ended, and that was said
        self._acts: queue.SimpleQueue[Callable[[], object]] = queue.SimpleQueue()
        threading.Thread(target=self._work, daemon=True).start()

    def _work(self) -> None:
        while True:
            act = self._acts.get()
            try:
                act()
            except UserError as user_error:
                self.say(str(user_error))

    def say(self, what: str) -> None:
        """Adds a line to what happens."""
        self._log.append(f"{datetime.now():%H:%M:%S} {what}")

    def key(self, key: str) -> bool:
        """Does what a key asks for, or has it done; False to leave."""
        if key in KEYPAD:
            self._acts.put(lambda: self._hands.ask("keys", key))
        elif key == "q":
            return False
        elif key in (LEFT, RIGHT):
            self._choose(1 if key == RIGHT else -1)
        elif key == "n":
            self._acts.put(self._courier)
        elif key == "b":
            self._acts.put(lambda: self._hands.ask("bell"))
        elif key == "a":
            self._acts.put(self._answer)
        elif key == "d":
            self._hand("dark", not self._watch.state["dark"])
        elif key == "!":
            self._hand("power", "cut" if self._watch.state["power"] == "on" else "on")
        elif key in _ACTS:
            self._hand(_ACTS[key], self.door())
        elif key == "x":
            blocked = next(
                each["blocked"] for each in self._watch.state["doors"] if each["number"] == self.door()
            )
            self._hand("unblock" if blocked else "block", self.door())
        elif key.isprintable() and not key.isspace():
            self.say(f"The key {key} does nothing here: the last lines say which do.")
        return True

    def _hand(self, act: str, *arguments: object) -> None:
        self._acts.put(lambda: self._hands.ask(act, *arguments))

    def _courier(self) -> None:
        digits = self._stage.new_ticket(RESIDENT)
        self._guide.tickets.append(digits)
        alone = "; no host runs that could be told" if self._is_alone else ""
        self.say(f"A courier comes with a parcel for {RESIDENT}; its ticket is {digits}{alone}")

    def _answer(self) -> None:
        self._stage.answer_bell()
        self._guide.is_ringing = False
        self.say("You have answered the bell: the cabinet's screen says so.")

    def door(self) -> int:
        """The door in hand: the one that was chosen, or that opened last."""
        return self._chosen or self._watch.state["doors"][0]["number"]

    def _choose(self, step: int) -> None:
        numbers = [door["number"] for door in self._watch.state["doors"]]
        self._chosen = numbers[(numbers.index(self.door()) + step) % len(numbers)]

    def catch_up(self) -> None:
        """Takes over what the host has told and sent since the last time;
        a door that opens is the one in hand.
        """
        for told in self._watch.heard[self._heard :]:
            self._heard += 1
            self._guide.hear(told)
            if told["event"] not in _QUIET:
                self.say(f"host: {in_words(told).split('  ', 1)[-1]}")
        messages = self._stage.messages()
        for message in messages[self._read :]:
            self._guide.read(message)
            self.say(f"to {message['to']}: {message['text']}")
        self._read = len(messages)
        if self._watch.host_ended and not self._is_alone:
            self._is_alone = True
            self.say(
                "The host has ended: the cabinet works on, and nobody is told of anything. Type q to leave."
            )
        ajar = {door["number"] for door in self._watch.state["doors"] if door["position"] != "shut"}
        if ajar - self._ajar:
            self._chosen = min(ajar - self._ajar)
        self._ajar = ajar

    def picture(self, width: int, height: int) -> Group:
        """What the terminal shows."""
        state = self._watch.state
        return Group(
            *frame(state, self._log, self._guide.sentence(state, self.door()), self.door(), width, height)
        )


def play(stage: Stage) -> None:
    """Plays until `q`; the terminal is as before afterwards."""
    stage.new_resident(RESIDENT)
    changed = threading.Event()
    watch = Watch(stage, changed.set)
    console = Console(highlight=False, soft_wrap=False)
    with (
        HandsClient(stage.port) as hands,
        _raw_keys() as keys,
        Live(console=console, screen=True, auto_refresh=False) as live,
    ):
        visitor = Play(stage, watch, hands)
        visitor.say(
            f"This is a real host and real firmware in a simulated cabinet. {RESIDENT} awaits a parcel."
        )
        while True:
            ready, _, _ = select.select([keys], [], [], _LOOK_S)
            if ready and not all(
                visitor.key(key) for key in keys_in(os.read(keys, 64).decode(errors="ignore"))
            ):
                return
            visitor.catch_up()
            live.update(visitor.picture(console.width, console.height), refresh=True)
