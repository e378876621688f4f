"""A channel that takes nothing is asked less and less often."""

import asyncio
import itertools
from collections.abc import Sequence
from pathlib import Path

import pytest

from host_tools.host.ledger import tables
from host_tools.host.ledger.ledger import open_ledger
from host_tools.host.notify.lines import Lines
from host_tools.host.notify.notifier import Message, Receipt
from host_tools.host.notify.post import Post
from tests.kit.letter_site import DOOR, START_MS, Site
from tests.kit.occurrences import into
from tests.kit.post import Paper


class Deaf(Paper):
    """Takes nothing, and says nothing of it, or is away."""

    def __init__(self, *, away: bool) -> None:
        super().__init__()
        self._away = away

    async def deliver(self, messages: Sequence[Message]) -> dict[str, Receipt]:
        self.messages += messages
        if self._away:
            raise OSError(5, "away")
        return {}


@pytest.mark.parametrize(
    ("away", "pauses_s"),
    [(False, [30, 60, 120, 240, 480]), (True, [2, 30, 60, 120, 240])],
    ids=["deaf", "away"],
)
def test_a_channel_that_takes_nothing_is_asked_less_and_less_often(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, away: bool, pauses_s: list[int]
) -> None:
    monkeypatch.setattr("host_tools.host.notify.deliveries._JITTER", (1.0, 1.0))
    told: list[dict] = []
    with open_ledger(tmp_path / "data") as ledger:
        site = Site(ledger)
        board = site.board()
        site.boards[board].deposit(DOOR, site.serial(), 1)
        site.hear(board)
        clock, asked_ms = [START_MS], []
        deaf = Deaf(away=away)

        async def work() -> None:
            post = Post(ledger, Lines.single(deaf), into(told), clock=lambda: clock[0])
            for _ in range(1000):
                before = len(deaf.messages)
                await post.round(None)
                await post.settle()
                asked_ms.extend([clock[0]] * (len(deaf.messages) - before))
                clock[0] += 1000

        asyncio.run(work())
        with ledger.reading() as connection:
            (row,) = connection.execute(tables.delivery.select()).all()
    steps = [round((after - before) / 1000) for before, after in itertools.pairwise(asked_ms)]
    # A round that notes an attempt follows it by a second.
    assert [step - 1 if step > 2 else step for step in steps][: len(pauses_s)] == pauses_s
    assert row.state == "queued"
    reason = "away" if away else "the channel did not take them"
    assert told[0]["detail"] == f"1 could not be handed over ({reason})"
