"""Watching the stage: what is to be seen at the cabinet and what the host tells, as it happens."""

import json
import threading
import time
from collections.abc import Callable
from typing import Any

from host_tools.demo.stage import Stage
from host_tools.errors import UserError
from host_tools.simulator.virtual_board.control import HandsClient

State = dict[str, Any]

_STILL_S = 0.3


class Watch:
    """Follows a stage from two threads that end with it.

    `state` is the cabinet now; `heard` what the host has told so far, `host_ended` whether it tells no more.
    """

    def __init__(self, stage: Stage, changed: Callable[[], None] = lambda: None) -> None:
        self._stage = stage
        self._changed = changed
        self._news = threading.Condition()
        self.state: State = {}
        self.heard: list[dict[str, Any]] = []
        self.host_ended = False
        for follow in (self._follow_cabinet, self._follow_host):
            threading.Thread(target=follow, daemon=True).start()
        self.until(lambda: bool(self.state), "shows itself")

    def _follow_cabinet(self) -> None:
        try:
            with HandsClient(self._stage.port) as hands:
                for state in hands.follow():
                    self._note(lambda state=state: setattr(self, "state", state))
        except UserError:
            return  # the board has ended, and the stage with it

    def _follow_host(self) -> None:
        while line := self._stage.host.readline():
            told = json.loads(line)
            self._note(lambda told=told: self.heard.append(told))
        self._note(lambda: setattr(self, "host_ended", True))

    def _note(self, take: Callable[[], None]) -> None:
        with self._news:
            take()
            self._news.notify_all()
        self._changed()

    def until(self, comes: Callable[[], bool], what: str, within_s: float = 30) -> None:
        """Waits until `comes()` is true; raises UserError that says `what` did not happen."""
        end = time.monotonic() + within_s
        with self._news:
            while not comes():
                left = end - time.monotonic()
                if left <= 0 or not self._news.wait(left):
                    raise UserError(
                        f"The cabinet did not do what was expected within {within_s:.0f} s: it {what}."
                    )

    def read_screen(self) -> str:
        """The text of the screen in one line, once it has been written to its end:
        nothing has changed for a third of a second.
        """
        with self._news:
            while self._news.wait(_STILL_S):
                pass
        return self.screen()

    def screen(self) -> str:
        """The text that is on the screen at this moment, in one line."""
        return " / ".join(line.strip() for line in self.state.get("screen") or [] if line.strip())

    def open_doors(self) -> list[int]:
        """The numbers of the doors whose latch is released."""
        return [door["number"] for door in self.state["doors"] if door["latch"] == "released"]

    def has_heard(self, event: str) -> bool:
        """Whether the host has told of an event, such as `collected`."""
        return any(told["event"] == event for told in self.heard)
