"""A cabinet on the real interpreter, its real host with pages, and people who look at these in browsers."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, Page

from host_tools.cli import _acting
from host_tools.demo.service import Service
from host_tools.demo.stage import SITE
from host_tools.demo.watch import Watch
from host_tools.host.accounts import people
from host_tools.host.accounts.people import Change
from host_tools.host.connections.link_status import link_statuses
from host_tools.host.ledger.ledger import open_ledger
from host_tools.host.parcels import tickets
from host_tools.host.people import residents
from host_tools.host.people.changes import Wishes
from host_tools.host.web.sessions import Session, Sessions
from tests.kit.browser import page_of
from tests.system.faces.oracle import Oracle, Seen, now_ms
from tests.system.place import RESIDENT, Place
from tests.system.relayed import wait_until

NAME = "ansim.example"
TAIL = "41"  # her safe tail
OPERATOR, STAFF, DISPATCHER = "Han", "Lee", "Jun"
_ROLES = {OPERATOR: ("operator",), STAFF: ("staff",), DISPATCHER: ("dispatcher",)}


class Watched(Watch):
    """Keeps all that was to be seen at the cabinet."""

    def __init__(self, stage: "Street") -> None:
        self.seen: list[Seen] = []
        super().__init__(stage)

    def _note(self, take: Callable[[], None]) -> None:
        super()._note(take)
        if self.state and (not self.seen or self.seen[-1].state is not self.state):
            self.seen.append(Seen(now_ms(), self.state))


class Street(Place):
    """A cabinet that a city looks at."""

    watch: Watched

    def _start(self, *arguments: object) -> Service:
        if arguments[0] == "serve":
            arguments = (*arguments, "--web", "127.0.0.1:0", "--web-name", NAME)
        return super()._start(*arguments)

    def settle(self) -> None:
        """People are known, the board has met its host, somebody watches."""
        with open_ledger(self.data) as ledger:
            residents.add(ledger, RESIDENT, "minji@example.org", wishes=Wishes("en", False, False))
            residents.set_tail(ledger, RESIDENT, TAIL)
            for name, roles in _ROLES.items():
                user = _acting.os_user() if name == OPERATOR else None
                people.add(ledger, name, Change(roles, None, user, None), now_ms())
        self.sessions: dict[str, Session] = {}
        sessions = Sessions(self.data)
        for account, name in enumerate(_ROLES, 1):
            self.sessions[name] = sessions.begin(account, now_ms())
        sessions.close()
        self.oracle = Oracle()
        self.watch = Watched(self)
        self.watch.until(lambda: bool(self.watch.screen()), "is at work")
        self.watch.until(lambda: self.watch.has_heard("web listening"), "pages are there")
        port = next(told["port"] for told in self.watch.heard if told["event"] == "web listening")
        self.base = f"http://127.0.0.1:{port}"
        wait_until(lambda: self.link()["behind"] == 0, "the board has told all")

    def link(self) -> dict[str, Any]:
        with open_ledger(self.data) as ledger:
            return link_statuses(ledger, now_ms()).links[0]._asdict()

    def new_ticket(self, resident: str) -> str:
        with open_ledger(self.data) as ledger:
            return tickets.issue(ledger, resident, SITE).number

    def letters(self) -> list[dict[str, Any]]:
        """What she was sent."""
        return [one for one in self.messages() if one["to"] == RESIDENT]

    def desk_is_told(self) -> list[dict[str, Any]]:
        """What dispatchers were told of silent alarms."""
        path = self.data / "dispatcher.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    @contextmanager
    def desk(self, chromium: Browser, who: str, **look: Any) -> Iterator[Page]:
        """A browser in which somebody is signed in; the oracle hears all that it shows."""
        with page_of(chromium, self.base, **look) as page:
            cookie = {"name": "session", "value": self.sessions[who].token, "url": self.base}
            page.context.add_cookies([cookie])  # type: ignore[list-item]
            self.oracle.listens(page)
            yield page
            page.close()

    @contextmanager
    def phone(self, chromium: Browser, **look: Any) -> Iterator[Page]:
        """Her telephone."""
        with page_of(chromium, self.base, width=320, **look) as page:
            if look.get("java_script_enabled", True):
                self.oracle.listens(page)
            yield page
            page.close()

    def lies(self) -> list[str]:
        """What pages have said that was not so."""
        return self.oracle.lies(list(self.watch.seen))

    def was_pulsed(self, door: int, since: int) -> bool:
        """Whether a door's coil had power in what was seen from then on."""
        doors = [one for seen in self.watch.seen[since:] for one in seen.state["doors"]]
        return any(one["coil"] == "on" for one in doors if one["number"] == door)

    def is_unpowered(self, door: int) -> bool:
        """Whether the coil of a door is off: who shuts it before finds it open again."""
        return all(one["coil"] == "off" for one in self.watch.state["doors"] if one["number"] == door)
