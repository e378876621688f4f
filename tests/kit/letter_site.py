"""A site whose boards say what a test has them say, and paper for what people are told."""

from typing import Any

from host_tools.host.fleet.ingest import Outcome, Received, take
from host_tools.host.ledger import tables
from host_tools.host.ledger.ledger import Ledger
from host_tools.host.notify.notifier import Message
from host_tools.host.parcels import tickets
from host_tools.host.people import residents
from locker.contract import records
from tests.kit import post
from tests.kit.host_board import Journal, enrol
from tests.kit.post import Broken, Paper

DOOR = 7
START_MS = 1_700_000_000_000
HELP = "02-123-4567"
__all__ = ["DOOR", "HELP", "START_MS", "Broken", "Paper", "Site"]


class Site:
    """A ledger with a resident and cabinets, whose boards say what a test has them say."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.heard_ms = START_MS
        ledger.site("mapo-3")
        residents.add(ledger, "Kim", "kim@example.org")
        self.boards: dict[int, Journal] = {}

    def board(self) -> int:
        enrolled = enrol(self.ledger, b"uid-%02d" % (len(self.boards) + 1))
        known = self.ledger.enrolled(enrolled.uid)
        assert known is not None
        with self.ledger.writing() as connection:
            connection.execute(tables.cabinet.update().values(enrolled_ms=START_MS - 864_000_000))
        self.boards[known.id] = Journal()
        return known.id

    def serial(self) -> int:
        return tickets.issue(self.ledger, "Kim", "mapo-3").serial

    def hear(self, board: int, *, uptime: int | None = None) -> Outcome:
        """The host hears all that the board has journaled."""
        its = self.boards[board]
        message = Received(
            board, its.incarnation, its.boot, 1, self.heard_ms, tuple(its.events), uptime=uptime or its.uptime
        )
        return take(self.ledger, [message])

    def hear_copy(self, board: int, event: bytes) -> Outcome:
        journal = self.boards[board]
        return take(
            self.ledger,
            [
                Received(
                    board, journal.incarnation, journal.boot, 1, self.heard_ms, (event,), True, journal.uptime
                )
            ],
        )

    def letters(self) -> list[Message]:
        """What the post hands over now."""
        paper = Paper()
        post.deliver(self.ledger, paper)
        return paper.messages

    def hers(self) -> list[tuple[str, str]]:
        """Kind and text of her letters among these."""
        return [(message.kind, message.text) for message in self.letters() if message.to == "Kim"]

    def dump(self) -> dict[str, list[Any]]:
        """All that the ledger holds, but for the two numbers that say who opened a door."""
        with self.ledger.reading() as connection:
            found = {
                table.name: [dict(row._mapping) for row in connection.execute(table.select())]
                for table in tables.metadata.sorted_tables
            }
        for row in found["event"]:
            row["a"] = None if row["kind"] == records.PICKUP_OPENED else row["a"]
        for row in found["pickup"]:
            row["how"] = None
        return found
