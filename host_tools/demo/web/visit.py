"""The visit: what is to be seen at the stage now, for whoever looks at the page."""

import re
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from host_tools.boards.board_file import load_board
from host_tools.demo.guide import Guide, Step
from host_tools.demo.stage import Stage
from host_tools.demo.watch import Watch
from host_tools.errors import UserError
from host_tools.host.care import kinds
from host_tools.host.ledger.database import now_ms
from host_tools.host.ledger.keyless import open_keyless
from host_tools.host.ledger.ledger import Ledger
from host_tools.host.web.console import needs
from host_tools.host.web.console.needs import Card

SHOWN_MAX = 20  # letters, and cards of the desk
_SETTLES_S = 2.0  # from the last key until the cabinet has answered
_LOOK_S = 0.4  # apart from what the host tells by itself
_LINK = re.compile(r"https?://[^\s]+/p/[\w-]+")


class Letter(NamedTuple):
    """What has come on her phone: its words around the link to her page."""

    title: str
    before: str
    link: str
    after: str
    heard: str  # ISO 8601, UTC


class Seen(NamedTuple):
    """All that the page shows. `chosen` is the door in hand, `said` why the last act could not be done."""

    state: dict[str, Any]
    step: Step
    letters: Sequence[Letter]
    cards: Sequence[Card]
    chosen: int
    is_typing: bool
    is_away: bool
    is_alone: bool  # the host has ended
    said: str


class Visit:
    """One stage with one cabinet, shown to whoever looks; `can_be_away`: a serial link, which can be cut,
    joins it to its host. For any thread.
    """

    def __init__(self, stage: Stage, watch: Watch, resident: str, board: str, *, can_be_away: bool) -> None:
        self.stage, self.watch, self.resident, self.board = stage, watch, resident, board
        keypad = load_board(board).definition.keypad
        across = len(keypad.columns)
        self.keys = [keypad.keys[at : at + across] for at in range(0, len(keypad.keys), across)]
        self.guide = Guide(resident)
        self.said = ""
        self.can_be_away = can_be_away
        self.is_away = False  # its link to the host is cut: a fault is nothing that a follower hears of
        self._lock = threading.RLock()
        self._ledger: Ledger | None = None
        self._cards: Sequence[Card] = ()
        self._letters: list[Letter] = []
        self._heard = self._read = 0
        self._chosen = 0
        self._ajar: set[int] = set()
        self._typing = 0
        self._looked_s = -_LOOK_S
        self._typed_s = -_SETTLES_S

    def close(self) -> None:
        """Lets go of the ledger."""
        with self._lock:
            if self._ledger is not None:
                self._ledger.close()
                self._ledger = None

    def choose(self, door: int) -> None:
        """Takes a door in hand."""
        with self._lock:
            self._chosen = door

    def typing(self, act: Callable[[], object]) -> None:
        """Does an act of typing; meanwhile nothing else is asked for."""
        with self._lock:
            self._typing += 1
        try:
            act()
        finally:
            with self._lock:
                self._typing -= 1
                self._typed_s = time.monotonic()

    def seen(self) -> Seen:
        """How things stand, after what has been told and sent since the last time. Takes a few ms."""
        with self._lock:
            self._catch_up()
            state = self.watch.state
            typing = self._typing > 0 or time.monotonic() - self._typed_s < _SETTLES_S
            step = self.guide.step(state)
            return Seen(
                state,
                step,
                tuple(self._letters[::-1][:SHOWN_MAX]),
                self._cards,
                self._chosen or state["doors"][0]["number"],
                typing and step.what in ("ticket", "code"),
                self.is_away,
                self.watch.host_ended,
                self.said,
            )

    def _catch_up(self) -> None:
        news = self.watch.heard[self._heard :]
        self._heard += len(news)
        for told in news:
            self.guide.hear(told)
        if news or time.monotonic() - self._looked_s >= _LOOK_S:
            self._looked_s = time.monotonic()
            self._look_at_host()
        ajar = {door["number"] for door in self.watch.state["doors"] if door["position"] != "shut"}
        if ajar - self._ajar:
            self._chosen = min(ajar - self._ajar)
        self._ajar = ajar

    def _look_at_host(self) -> None:
        """What it has sent, and what needs a person there."""
        messages = self.stage.messages()
        for message in messages[self._read :]:
            self.guide.read(message)
            if message["to"] == self.resident:
                self._letters.append(_letter(message))
        self._read = len(messages)
        self._look_at_desk()

    def _look_at_desk(self) -> None:
        try:
            if self._ledger is None:
                self._ledger = open_keyless(self.stage.data, writes=False)
            found = needs.look(self._ledger, now_ms()).cards
        except UserError:
            return  # looked up again in a moment
        self._cards = [card for card in found if card.kind != needs.SILENT][:SHOWN_MAX]
        self.guide.is_ringing = self.call is not None

    @property
    def call(self) -> Card | None:
        """The call for help that nobody has taken."""
        return next((card for card in self._cards if card.is_call and card.kind == kinds.BELL), None)


def _letter(message: dict[str, Any]) -> Letter:
    text = message["text"]
    found = _LINK.search(text)
    at, end = found.span() if found else (len(text), len(text))
    return Letter(message.get("title", ""), text[:at], text[at:end], text[end:], message.get("heard", ""))
