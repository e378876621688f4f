"""A host with one of everything, and all its pages in this process."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
from sqlalchemy import insert, select, update
from starlette.routing import Route

from host_tools.errors import UserError
from host_tools.host.accounts import secrets
from host_tools.host.answers import finder
from host_tools.host.couriers import codes
from host_tools.host.ledger import tables
from host_tools.host.ledger.ledger import open_ledger
from host_tools.host.parcels import taps, tickets
from host_tools.host.people import links
from host_tools.host.web.app import Pages, app, routes
from host_tools.host.web.hooks import FORGED
from host_tools.host.web.look.assets import address_of
from host_tools.host.web.questions import Answer, Question, Questions
from host_tools.host.web.sessions import Session, Sessions
from locker.contract import records
from tests.kit.letter_site import DOOR, Site
from tests.kit.post import Paper, deliver
from tests.kit.web_site import Served, raising

HOUR_MS = 3_600_000
PLACE = "mapo-3"
ROLES = "operator dispatcher staff auditor"


class WholeSite:
    """A site with a cabinet, a parcel with its page, an alarm, an account with its session, a ticket."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.ledger = open_ledger(data)
        self.site = Site(self.ledger)
        self.at_ms = self.site.heard_ms + HOUR_MS
        with self.ledger.writing() as connection:
            row = {"name": "Han", "roles": ROLES, "contact": "", "since_ms": self.at_ms}
            connection.execute(insert(tables.account).values(**row))
            self.start = secrets.new_link(connection, 1, self.at_ms)
            connection.execute(update(tables.resident).values(unit="101"))
        board = self.site.board()
        journal = self.site.boards[board]
        journal.deposit(DOOR, self.site.serial(), 1)
        self.site.hear(board)
        journal.add(records.BELL_RUNG, 0, 1)
        self.site.hear(board)
        deliver(self.ledger, Paper(), base="https://ansim.example", clock=lambda: self.at_ms)
        self.ticket = tickets.issue(self.ledger, "Kim", PLACE).number
        with self.ledger.reading() as connection:
            self.code = codes.code_of(connection.scalars(select(tables.site.c.site_id)).one())
            parcel = select(tables.parcel, tables.resident.c.since_ms).join(tables.resident)
            self.token = links.token(self.ledger.vault, connection.execute(parcel).one())
        self.sessions = Sessions(data)
        self.session = self.sessions.begin(1, self.at_ms)
        self._find = finder(self.ledger, lambda: self.at_ms)
        self._questions = Questions(self._say)
        self.pages = Pages(
            data, "none", lambda: self.at_ms, lambda *_: FORGED, taps, self._questions, is_plain=True
        )

    def _say(self, line: bytes) -> None:
        """As the server answers."""
        question = Question.of(line)
        try:
            answer = Answer(question.number, dict(self._find(question.what, question.given)))
        except UserError as refused:
            answer = Answer(question.number, None, str(refused), refused.code)
        self._questions.hear(answer.line())

    @property
    def routes(self) -> list[Route]:
        """Each path that is answered."""
        return routes(self.pages)

    def path(self, route: Route, **more: str) -> str:
        """A path of a route with what is there, or (`more`) with something else in its places."""
        there = {
            "token": self.start if route.path.startswith("/start") else self.token,
            "code": self.code,
            "name": "x",
            "site": quote(PLACE, safe=""),
            "cabinet": "1",
            "door": str(DOOR),
            "id": "1",
            "channel": "mail",
        } | more
        if route.path.startswith("/static") and not more:
            return address_of("look.css")
        return re.sub(r"\{(\w+)(?::\w+)?\}", lambda found: there.get(found[1], "x"), route.path)

    def reason(self, client: httpx.Client) -> None:
        """Whoever is signed in there says why she looks at people."""
        form = {"form": self.session.form_token, "reason": "duty", "back": "/console"}
        answer = client.post("/console/why", data=form)
        client.cookies.set("why", answer.cookies["why"].strip('"'))

    def kept(self) -> dict[str, list[Any]]:
        """All that the ledger keeps."""
        with self.ledger.reading() as connection:
            names = tables.metadata.sorted_tables
            return {one.name: [tuple(row) for row in connection.execute(one.select())] for one in names}


@contextmanager
def whole(data: Path) -> Iterator[tuple[WholeSite, Served]]:
    """It, served on a socket."""
    site = WholeSite(data)
    with Served(app(site.pages, (), raising)) as served:
        yield site, served
    site.pages.close()
    site.sessions.close()
    site.ledger.close()


def cookies(session: Session) -> dict[str, str]:
    """What a browser sends that has this session."""
    return {"session": session.token}
