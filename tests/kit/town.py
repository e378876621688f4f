"""A resident with two contacts, a channel for each, and a post whose clock is the test's."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from host_tools.host.ledger import tables
from host_tools.host.ledger.ledger import open_ledger
from host_tools.host.notify.deliveries import Queue
from host_tools.host.notify.lines import Lines
from host_tools.host.notify.notifier import Message, Receipt
from host_tools.host.notify.post import Post
from host_tools.host.notify.routes import Route, Routes
from tests.kit.letter_site import DOOR, START_MS, Site
from tests.kit.peers import SECRET
from tests.kit.post import Paper, all_of

MINUTE_MS = 60_000


class Moody(Paper):
    """Does what it is told to, whatever it is offered."""

    def __init__(self, *moods: str) -> None:
        super().__init__()
        self._moods = list(moods)
        self.timeout_s = 0.02

    async def deliver(self, messages: Sequence[Message]) -> dict[str, Receipt]:
        mood = self._moods.pop(0) if len(self._moods) > 1 else self._moods[0]
        if mood == "hang":
            await asyncio.Event().wait()
        if mood == "away":
            raise OSError(5, "away")
        if mood == "take":
            self.messages += messages
            return all_of(messages)
        return {} if mood == "silent" else {one.id: Receipt(mood) for one in messages}


class Town:
    """A resident with an e-mail address and a telephone, and a channel for each."""

    def __init__(self, folder: Path, mail: Paper, sms: Paper, *, confirmed: bool = False) -> None:
        self.ledger = open_ledger(folder)
        self.site = Site(self.ledger)
        self.site.board()
        with self.ledger.writing() as connection:
            connection.execute(tables.contact.delete())
            first = {"resident": 1, "rank": 1, "address": "kim@example.org", "confirmed": False}
            further = {"resident": 1, "rank": 2, "address": "01012345678", "confirmed": confirmed}
            connection.execute(
                tables.contact.insert(), [{**one, "since_ms": START_MS} for one in (first, further)]
            )
        told: dict[str, Any] = {"secret": SecretStr(SECRET)}
        self.routes = Routes(
            {"mail": ("smtp", told), "sms": ("webhook", told), "desk": ("file", {})},
            {"email": "mail", "phone": "sms"},
            Route("desk"),
        )
        self.mail, self.sms, self.desk = mail, sms, Paper()
        channels = {"mail": mail, "sms": sms, "desk": self.desk}
        queues = {Queue(name, staff): one for name, one in channels.items() for staff in (False, True)}
        self.at_ms = START_MS
        self.told: list[str] = []
        self._lines = Lines(self.routes, queues)
        self.post = self.reborn()

    def reborn(self) -> Post:
        """The post of another run."""
        return Post(
            self.ledger, self._lines, lambda said: self.told.append(said.event), clock=lambda: self.at_ms
        )

    def deposit(self) -> None:
        journal = self.site.boards[1]
        journal.deposit(DOOR, self.site.serial(), 1)
        self.site.hear(1)

    def pass_time(self, minutes: float, step_s: int = 30) -> None:
        async def work() -> None:
            end_ms = self.at_ms + int(minutes * MINUTE_MS)
            while self.at_ms <= end_ms:
                for _ in range(2):
                    await self.post.round(None)
                    await self.post.settle()
                self.at_ms += step_s * 1000

        asyncio.run(work())

    def rows(self, table: Any) -> list[Any]:
        with self.ledger.reading() as connection:
            return list(connection.execute(table.select()).all())
