"""However many letters wait, a round reads a portion of them; each statement finds them by an index."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from host_tools.host.figures import figures
from host_tools.host.ledger import tables
from host_tools.host.ledger.ledger import Ledger, open_ledger
from host_tools.host.notify import untold
from host_tools.host.notify.lines import Lines
from host_tools.host.notify.post import Post
from tests.kit.letter_site import DOOR, START_MS, Site
from tests.kit.post import Broken, Paper

MANY = 200_000
COUNT_MAX = 1_000
#: What reads an index from its first row on, and ends at a count, or there.
_ENDS = ("SELECT count(*) AS count_1 \nFROM (SELECT 1 ", "SELECT outbox.queued_ms \nFROM outbox")
STEPS = 100  # of SQLite's machine, counted by this many


class Some(Paper):
    """Takes a hundred at a time."""

    batch = 100


class Away(Broken):
    batch = 100


def wait(ledger: Ledger, count: int) -> None:
    """So many letters wait for their turn at two cabinets: some hours, so long that each was passed on."""
    site = Site(ledger)
    site.board()
    site.board()
    serial = site.serial()
    with ledger.writing() as connection:
        connection.exec_driver_sql(_LETTERS, {"count": count, "at_ms": START_MS, "serial": serial})
        connection.exec_driver_sql(_WAYS, {"at_ms": START_MS})


_LETTERS = """WITH RECURSIVE one (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM one WHERE n < :count)
INSERT INTO outbox (sequence, id, cabinet, door, counter, kind, resident, epoch, retry, serial, queued_ms,
attempts, routed) SELECT n, printf('%032x', n), 1 + n % 2, 1 + n % 12, n, 'deposited', 1, 1, 0, :serial,
:at_ms, 0, 1 FROM one"""
_WAYS = """INSERT INTO delivery (letter, rank, channel, to_staff, flow, turn, state, passed, since_ms)
SELECT sequence, 1, 'only', 0, cabinet, sequence, 'queued', 1, :at_ms FROM outbox"""


class Watch:
    """What statements are made on a ledger in a file, how each is carried out, and how much it takes."""

    def __init__(self, ledger: Ledger) -> None:
        self.plans: dict[str, list[str]] = {}
        self.steps: dict[str, int] = {}
        self._now = ""
        event.listen(ledger._engine, "before_cursor_execute", self._before)

    def _before(
        self, connection: Any, _cursor: Any, statement: str, told: Any, _context: Any, many: bool
    ) -> None:
        self._now = statement
        if statement.startswith(("SELECT", "UPDATE", "INSERT", "DELETE")):
            raw = connection.connection.dbapi_connection
            if statement not in self.plans:
                plan = raw.execute(f"EXPLAIN QUERY PLAN {statement}", told[0] if many else told)
                self.plans[statement] = [row[3] for row in plan]
            raw.set_progress_handler(self._count, STEPS)

    def _count(self) -> int:
        self.steps[self._now] = self.steps.get(self._now, 0) + STEPS
        return 0

    def scans(self) -> list[tuple[str, str]]:
        """Where all rows of letters or their ways are read, or all that an index has of them."""
        return [
            (step, statement)
            for statement, plan in self.plans.items()
            for step in plan
            if step.startswith(("SCAN outbox", "SCAN delivery"))
            and "ix_delivery_leased" not in step  # a few calls' worth
            and not statement.startswith(_ENDS)
        ]


def rounds(ledger: Ledger, channel: Paper, at_ms: int, count: int = 3, name: str = "only") -> None:
    """A start of the post and so many rounds, a second apart."""
    now = [at_ms]

    async def work() -> None:
        post = Post(ledger, Lines.single(channel, name), lambda told: None, clock=lambda: now[0])
        await post.begin(None)
        for _ in range(count):
            await post.round(None)
            await post.settle()
            now[0] += 1_000
        await post.note()

    asyncio.run(work())


#: What is done again and again while a server runs, or once at its start.
ACTS: dict[str, Callable[[Ledger], object]] = {
    "rounds": lambda ledger: rounds(ledger, Some(), START_MS + 60_000),
    "rounds of a channel that is away": lambda ledger: rounds(ledger, Away(), START_MS + 60_000),
    "rounds when all of them are late": lambda ledger: rounds(ledger, Some(), START_MS + 90_000_000, 1),
    "a look at who waits untold": lambda ledger: untold.look(ledger, START_MS + 900_000),
    "figures": lambda ledger: figures(ledger, "none", START_MS + 900_000),
}


@pytest.mark.parametrize("act", ACTS)
def test_no_statement_reads_all_letters_or_all_that_wait(act: str, tmp_path: Path) -> None:
    with open_ledger(tmp_path / "data") as ledger:
        wait(ledger, 3_000)
        watch = Watch(ledger)
        ACTS[act](ledger)
    assert watch.plans
    assert watch.scans() == []


def test_what_a_round_takes_does_not_grow_with_the_letters_that_wait(tmp_path: Path) -> None:
    taken: list[dict[str, int]] = []
    for count in (3_000, MANY):
        with open_ledger(tmp_path / f"{count}") as ledger:
            wait(ledger, count)
            taken.append({})
            for name, act in ACTS.items():
                if name != "figures":
                    watch = Watch(ledger)
                    act(ledger)
                    event.remove(ledger._engine, "before_cursor_execute", watch._before)
                    taken[-1][name] = sum(watch.steps.values())
    few, many = taken
    assert all(many[name] <= 1.5 * few[name] + 20_000 for name in few), (few, many)


def test_figures_end_at_a_count_and_what_was_given_up_waits_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("host_tools.host.figures.COUNT_MAX", COUNT_MAX)
    with open_ledger(tmp_path / "data") as ledger:
        wait(ledger, COUNT_MAX + 5)
        found = figures(ledger, "none", START_MS)
        assert found.letters.counts == {"waiting": COUNT_MAX, "failed": 0}
        assert found.deliveries == {("only", "queued"): COUNT_MAX}
        with ledger.writing() as connection:
            late = tables.outbox.c.sequence > 10
            connection.execute(tables.outbox.update().where(late).values(given_up_ms=START_MS))
        assert figures(ledger, "none", START_MS).letters.counts == {"waiting": 10, "failed": COUNT_MAX - 5}


def test_who_waits_untold_and_what_waits_for_a_channel_that_is_gone_are_found_on_either_database(
    home: Path,
) -> None:
    with open_ledger(home) as ledger:
        site = Site(ledger)
        board = site.board()
        site.boards[board].deposit(DOOR, site.serial(), 1)
        site.hear(board)
        rounds(ledger, Away(), START_MS, 1)
        assert figures(ledger, "none", START_MS).letters == ({"waiting": 1, "failed": 0}, START_MS)
        assert untold.look(ledger, START_MS + 900_000) == 1
        paper = Some()
        at_ms = START_MS + 960_000
        rounds(ledger, paper, at_ms, 1, name="another")
        assert [message.kind for message in paper.messages] == ["deposited"]
        assert untold.look(ledger, at_ms) == 0
        with ledger.reading() as connection:
            kept = connection.execute(tables.case.select()).all()
        assert [(row.kind, row.state) for row in kept] == [("untold", "closed")]
