"""Two hosts on one PostgreSQL hand over each silent alarm and each step of an alarm once, and one that dies
leaves what it had to the other.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path

import pytest
from sqlalchemy import func, select

from host_tools.host.care import cases, kinds
from host_tools.host.ledger import tables
from host_tools.host.ledger.ledger import Ledger, open_ledger
from host_tools.host.notify import alerts, dispatch
from host_tools.host.notify.alerts import Alerts
from host_tools.host.notify.notifier import Message, Receipt
from locker.contract import records
from tests.kit.letter_site import DOOR, Site
from tests.kit.post import Paper
from tests.kit.postgres_server import PostgresServer, keep_in


class Meanwhile(Paper):
    """Before it takes messages something else goes on."""

    def __init__(self, goes_on: Callable[[], Awaitable[object]]) -> None:
        super().__init__()
        self._goes_on = goes_on

    async def deliver(self, messages: Sequence[Message]) -> dict[str, Receipt]:
        await self._goes_on()
        return await super().deliver(messages)


@pytest.fixture
def hosts(postgres: PostgresServer, tmp_path: Path) -> Iterator[tuple[Ledger, Ledger]]:
    """Two data folders with one ledger and one key."""
    url, folders = postgres.database(), (tmp_path / "one", tmp_path / "other")
    keep_in(folders[0], url)
    keep_in(folders[1], url)
    with open_ledger(folders[0]) as one:
        (folders[1] / "host.key").touch(0o600)
        (folders[1] / "host.key").write_bytes((folders[0] / "host.key").read_bytes())
        with open_ledger(folders[1]) as other:
            yield one, other


async def dies() -> None:
    raise asyncio.CancelledError


def leases(ledger: Ledger) -> int:
    with ledger.reading() as connection:
        return connection.scalar(select(func.count()).select_from(tables.lease)) or 0


def later(monkeypatch: pytest.MonkeyPatch, module: object) -> None:
    """It is an hour later there."""
    now = dispatch.now_ms()
    monkeypatch.setattr(module, "now_ms", lambda: now + 3_600_000)


def test_a_silent_alarm_is_handed_over_by_one_host_at_a_time(
    hosts: tuple[Ledger, Ledger], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = hosts
    site = Site(one)
    board = site.board()
    for counter, how in ((1, records.BY_DURESS), (2, records.BY_CODE)):
        serial = site.serial()
        site.boards[board].deposit(DOOR + counter, serial, counter)
        site.boards[board].pickup(DOOR + counter, serial, counter, how)
    site.hear(board)
    second, seen = Paper(), []

    async def looks() -> None:
        seen.append(leases(one))
        assert (await dispatch.deliver(other, second)).folded  # it looks again soon

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(dispatch.deliver(one, Meanwhile(dies)))
    asyncio.run(looks())
    assert (second.messages, seen) == ([], [2]), "any pickup is leased alike"
    first = Meanwhile(looks)
    asyncio.run(dispatch.deliver(one, first))  # the next run of the one that died waits for nothing
    assert (len(first.messages), second.messages, leases(one)) == (1, [], 0)
    with one.writing() as connection:
        connection.execute(tables.pickup.update().values(told_ms=None))
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(dispatch.deliver(one, Meanwhile(dies)))
    later(monkeypatch, dispatch)
    asyncio.run(dispatch.deliver(other, second))
    assert second.messages == first.messages


def test_a_step_of_an_alarm_is_handed_over_by_one_host_at_a_time_and_in_order(
    hosts: tuple[Ledger, Ledger], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = hosts
    Site(one)
    second = Paper()
    waits = Alerts(other, second)

    async def looks() -> None:
        assert await waits.round() is None

    first = Meanwhile(looks)
    assert asyncio.run(Alerts(one, first).round()) is None  # it begins at what is new
    with one.writing() as connection:
        for key in ("1", "2", "3"):
            cases.open_case(connection, kinds.COIL, key=key, at_ms=dispatch.now_ms())
    asyncio.run(Alerts(one, first).round())
    assert (len(first.messages), second.messages) == (1, [])
    asyncio.run(waits.round())
    with monkeypatch.context() as killed:
        killed.setattr(alerts, "_ended", lambda *_: None)
        with pytest.raises(asyncio.CancelledError):
            asyncio.run(Alerts(one, Meanwhile(dies)).round())
    asyncio.run(looks())
    later(monkeypatch, alerts)
    asyncio.run(waits.round())
    asyncio.run(looks())
    assert len({message.id for message in (*first.messages, *second.messages)}) == 3
    assert (len(first.messages), len(second.messages), leases(one)) == (1, 2, 0)
