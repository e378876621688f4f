"""Whether a server runs, and which links are up, is in the ledger;
a time that is still to come proves nothing.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from host_tools.cli import ansim
from host_tools.host.connections.link_status import DOWN, NEVER, UP, link_statuses
from host_tools.host.connections.presence import LinkChange, Presence
from host_tools.host.fleet import orders, remote_opening
from host_tools.host.ledger import tables
from host_tools.host.ledger.database import now_ms
from host_tools.host.ledger.ledger import Ledger, open_ledger
from host_tools.host.ledger.servers import ALIVE_MS
from tests.kit.host_board import Host, enrol

DAY_MS = 86_400_000
NOW_MS = 1_800_000_000_000


@pytest.fixture
def ledger(home: Path) -> Iterator[Ledger]:
    with open_ledger(home) as opened:
        opened.site("mapo-3")
        enrol(opened)
        yield opened


def heard(ledger: Ledger, at_ms: int) -> None:
    """The board has spoken at that time."""
    with ledger.writing() as connection:
        connection.execute(tables.cabinet.update().values(seen_ms=at_ms))


@pytest.fixture
def at(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    """The time is an argument, also where the database has a clock of its own."""
    for module in ("presence", "link_status"):
        monkeypatch.setattr(f"host_tools.host.connections.{module}.clock_ms", lambda connection, at_ms: at_ms)


def stands(ledger: Ledger, at_ms: int) -> tuple[str, int | None, int]:
    """State of the link, since when, and how many servers run."""
    found = link_statuses(ledger, at_ms)
    (status,) = found.links
    return status.state, status.since_ms, len(found.servers)


@pytest.mark.usefixtures("at")
def test_a_link_is_up_while_its_server_says_so_and_down_when_it_is_silent(ledger: Ledger) -> None:
    assert stands(ledger, NOW_MS) == (NEVER, None, 0)
    presence = Presence(ledger)
    presence.beat(NOW_MS, {1: LinkChange(True, NOW_MS)})
    heard(ledger, NOW_MS)
    assert stands(ledger, NOW_MS + ALIVE_MS) == (UP, NOW_MS, 1)
    assert stands(ledger, NOW_MS + ALIVE_MS + 1) == (DOWN, NOW_MS, 0), "killed: down since it was there last"
    presence.beat(NOW_MS + 600_000, {})
    assert stands(ledger, NOW_MS + 600_000) == (UP, NOW_MS, 1), "it only could not reach the ledger"
    presence.beat(NOW_MS + 601_000, {1: LinkChange(False, NOW_MS + 600_500)})
    assert stands(ledger, NOW_MS + 601_000) == (DOWN, NOW_MS + 600_500, 1)


@pytest.mark.usefixtures("at")
def test_an_orderly_end_takes_the_links_down_and_the_server_away(ledger: Ledger) -> None:
    presence = Presence(ledger)
    presence.beat(NOW_MS, {1: LinkChange(True, NOW_MS)})
    heard(ledger, NOW_MS)
    presence.end(NOW_MS + 1000)
    assert stands(ledger, NOW_MS + 1000) == (DOWN, NOW_MS + 1000, 0)


@pytest.mark.usefixtures("at")
def test_a_server_that_was_killed_is_none_beside_the_one_that_holds_the_only_ledger(ledger: Ledger) -> None:
    killed = Presence(ledger, is_alone=True)
    killed.beat(NOW_MS, {1: LinkChange(True, NOW_MS)})
    heard(ledger, NOW_MS)
    with ledger.reading() as connection:
        is_shared = connection.dialect.name == "postgresql"  # where the other one may be on another machine
    assert [one.id for one in Presence(ledger, is_alone=True).beat(NOW_MS + 1000, {})] == [
        killed.id
    ] * is_shared
    assert stands(ledger, NOW_MS + 1000) == ((UP, NOW_MS, 2) if is_shared else (DOWN, NOW_MS, 1))


@pytest.mark.usefixtures("at")
def test_a_clock_that_once_stood_in_the_future_proves_nothing_and_does_no_harm(ledger: Ledger) -> None:
    wrong_ms = NOW_MS + 100 * DAY_MS
    Presence(ledger).beat(wrong_ms, {1: LinkChange(True, wrong_ms)})  # and is killed
    heard(ledger, wrong_ms)
    assert stands(ledger, NOW_MS) == (DOWN, None, 0)
    assert link_statuses(ledger, NOW_MS).links[0].seen_ms is None
    second = Presence(ledger)
    second.beat(NOW_MS, {})
    assert stands(ledger, NOW_MS) == (DOWN, NOW_MS, 1)
    assert stands(ledger, wrong_ms) == (DOWN, NOW_MS, 0), "nor when that time comes"
    second.beat(NOW_MS + 5000, {1: LinkChange(True, NOW_MS + 4000)})
    assert stands(ledger, NOW_MS + 5000) == (UP, NOW_MS + 4000, 1)


@pytest.mark.usefixtures("at")
def test_a_server_whose_clock_is_put_right_while_it_runs_runs_on(ledger: Ledger) -> None:
    presence = Presence(ledger)
    presence.beat(NOW_MS + 100 * DAY_MS, {1: LinkChange(True, NOW_MS + 100 * DAY_MS)})
    heard(ledger, NOW_MS)
    presence.beat(NOW_MS, {})
    assert stands(ledger, NOW_MS) == (UP, None, 1), "since when is not known"


@pytest.mark.usefixtures("at")
def test_of_two_servers_each_tells_of_its_own_links(ledger: Ledger) -> None:
    first, second = Presence(ledger), Presence(ledger)
    first.beat(NOW_MS, {1: LinkChange(True, NOW_MS)})
    heard(ledger, NOW_MS)
    assert [one.id for one in second.beat(NOW_MS + 1, {1: LinkChange(True, NOW_MS + 1)})] == [first.id]
    first.beat(NOW_MS + 2, {1: LinkChange(False, NOW_MS + 2)})
    assert stands(ledger, NOW_MS + 2) == (UP, NOW_MS + 1, 2)
    first.end(NOW_MS + 3)
    assert stands(ledger, NOW_MS + 3) == (UP, NOW_MS + 1, 1)


def shown(data: Path) -> str:
    return CliRunner().invoke(ansim, ["link", "--data", str(data)]).output


def test_the_first_line_says_whether_a_server_runs_and_whether_it_is_one(ledger: Ledger) -> None:
    assert shown(ledger.data).startswith("no server is running")
    with Host(ledger.data) as host:
        host.wait_for("listening")
        while not shown(ledger.data).startswith("a server runs on "):
            pass
        other = Presence(ledger)
        other.beat(now_ms(), {})
        assert shown(ledger.data).startswith("2 servers run on this ledger: ")
        host.wait_for("another server")
        other.end(now_ms())
        assert host.end() == 0
    assert shown(ledger.data).startswith("no server is running")


def test_an_epoch_and_an_opening_of_time_to_come_hold_nothing_up(ledger: Ledger) -> None:
    with ledger.writing() as connection:
        connection.execute(tables.cabinet.update().values(enrolled_ms=NOW_MS + 100 * DAY_MS))
    assert orders.roll_epochs(ledger, NOW_MS) == 1
    assert orders.roll_epochs(ledger, NOW_MS + 1) == 0, "once a day"
    wish = remote_opening.ask(ledger, 1, 7, 1, NOW_MS + 100 * DAY_MS)
    assert remote_opening.untold(ledger, [1], NOW_MS) == {}
    assert remote_opening.state_of(ledger, wish) == remote_opening.REFUSED
