"""A channel that takes nothing is asked less and less often."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from host_tools.host import postman
from host_tools.host.ledger.ledger import open_ledger
from host_tools.host.notify.notifier import Message, Receipt
from host_tools.host.notify.outbox import Round
from host_tools.host.postman import Postman
from tests.kit.occurrences import into
from tests.kit.post import Paper

ROUNDS_MAX = 10


class Deaf(Paper):
    """Takes nothing and says nothing of it."""

    async def deliver(self, messages: Sequence[Message]) -> dict[str, Receipt]:
        return {}


def test_a_channel_that_takes_nothing_is_asked_less_and_less_often(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []
    told: list[dict] = []

    class Enough(Exception):
        pass

    async def sleep(pause_s: float) -> None:
        pauses.append(pause_s)
        if len(pauses) == 5:
            raise Enough

    monkeypatch.setattr(postman.asyncio, "sleep", sleep)
    rounds = iter([Round([], 3, "", False)] * ROUNDS_MAX)

    async def deliver(*_: object) -> Round:
        found = next(rounds, None)
        if found is None:
            raise Enough
        return found

    monkeypatch.setattr(postman.outbox, "deliver", deliver)
    with open_ledger(tmp_path / "data") as ledger, ThreadPoolExecutor(1) as thread:

        async def work() -> None:
            with pytest.raises(Enough):
                await Postman(ledger, Deaf(), Deaf(), into(told)).deliver(thread)

        asyncio.run(work())
    assert pauses == [2.0, 4.0, 8.0, 16.0, 32.0]
    assert told[0]["detail"] == "3 could not be handed over (the channel did not take them)"
