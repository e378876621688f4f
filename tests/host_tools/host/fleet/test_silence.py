"""A board that was stolen is silenced: its keys count no more from then on,
and nobody believes what it told of parcels that wait.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from host_tools.cli import ansim
from host_tools.errors import UserError
from host_tools.host.connections.link_status import link_statuses
from host_tools.host.fleet.ingest import take
from host_tools.host.fleet.received import Received
from host_tools.host.fleet.reconcile import meet
from host_tools.host.ledger import tables
from host_tools.host.ledger.ledger import Enrolment, Ledger, open_ledger
from host_tools.host.notify.channels.file import FileNotifier
from host_tools.host.parcels import parcels, tickets
from host_tools.host.people import residents
from host_tools.link import messages
from host_tools.link.messages import Refused
from locker.contract import records
from tests.kit import post
from tests.kit.host_board import Board, Host, Journal, enrol, enrolment

HERE = ["--site", "mapo-3", "--cabinet", "1"]


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with open_ledger(tmp_path / "data") as opened:
        opened.site("mapo-3")
        residents.add(opened, "Kim", "kim@example.org")
        yield opened


@pytest.fixture
def stolen(ledger: Ledger) -> Board:
    """A board with a parcel in it, of which the host knows."""
    board = Board(enrol(ledger), Journal(7))
    board.journal.deposit(7, tickets.issue(ledger, "Kim").serial, 1)
    hears(ledger, board)
    return board


def hears(ledger: Ledger, board: Board) -> list[int]:
    return take(ledger, [Received(1, 7, 1, 1, 1_000, tuple(board.journal.events))]).applied


def silence(ledger: Ledger, *more: str) -> dict:
    ended = CliRunner().invoke(
        ansim,
        ["cabinet", "silence", *HERE, "--data", str(ledger.data), "--json", *more],
        catch_exceptions=False,
    )
    return json.loads(ended.output)


def test_what_waits_in_it_is_a_case_and_its_resident_is_told_that_nobody_knows(
    ledger: Ledger, stolen: Board, tmp_path: Path
) -> None:
    paper = FileNotifier(tmp_path / "messages.jsonl")
    post.deliver(ledger, paper)
    told = silence(ledger)
    # Hers is not held.
    assert told == {"site": "mapo-3", "cabinet": 1, "silenced": True, "parcels": 1, "letters": 1, "orders": 0}
    sent = {message.to: message.text for message in post.deliver(ledger, paper).sent}
    post.close(paper)
    assert "nobody knows whether your parcel is still behind door 07" in sent["Kim"]
    assert "look whether a parcel is behind door 07" in sent["staff"]
    assert [parcel.state for parcel in parcels.listing(ledger)] == ["unknown"]


def test_nothing_that_it_says_afterwards_is_taken_also_what_was_on_its_way(
    ledger: Ledger, stolen: Board
) -> None:
    silence(ledger)
    events = len(stolen.journal.events)
    stolen.journal.deposit(8, 4711, 1)
    stolen.journal.add(records.BELL_RUNG)
    assert hears(ledger, stolen) == [0]
    with ledger.writing() as connection:
        assert isinstance(meet(connection, 1, stolen.report(), 2_000, None).answer, Refused)
        assert len(connection.execute(tables.event.select()).all()) == events
    assert ledger.identity(stolen.enrolled.alias) is None


def test_a_dry_run_tells_what_would_end_and_ends_nothing(ledger: Ledger, stolen: Board) -> None:
    assert silence(ledger, "--dry-run")["parcels"] == 1
    assert [parcel.state for parcel in parcels.listing(ledger)] == ["waiting"]
    assert ledger.identity(stolen.enrolled.alias)


def test_it_is_shown_as_silenced_until_the_cabinet_has_another_board_which_adopts_nothing(
    ledger: Ledger, stolen: Board
) -> None:
    silence(ledger)
    (status,) = link_statuses(ledger, 3_000).links
    assert (status.state, status.cabinet) == ("silenced", 1)
    assert "stranger" in (status.reason or "")
    with pytest.raises(UserError, match="no cabinet 1"):
        silence(ledger)
    made: Enrolment = enrolment(stolen.enrolled.uid, number=1)
    ledger.enrol(made)
    ledger.confirm(made.board_id)
    (status,) = link_statuses(ledger, 3_000).links
    assert status.state == "never met"
    with ledger.writing() as connection:
        board = Board(made, Journal(9))
        meet(connection, 2, board.report(), 4_000, None)
        assert connection.execute(tables.command.select()).all() == []


def test_the_tickets_of_its_site_go_on(ledger: Ledger, stolen: Board) -> None:
    silence(ledger)
    assert tickets.issue(ledger, "Kim").serial


def test_a_running_server_hears_it_no_more_within_seconds_and_names_its_frames_a_strangers(
    ledger: Ledger, stolen: Board
) -> None:
    with Host(ledger.data) as host:
        stolen.connect(host.address)
        stolen.meet()
        host.wait_for("link up")
        silence(ledger)
        host.wait_for("link down", detail="silenced")
        stolen.journal.add(records.BELL_RUNG)
        bell = stolen.session.seal(messages.typed(messages.Urgent(stolen.journal.events[-1])))
        stolen.write(bell)
        host.wait_for("strangers")
        stolen.close()
        assert host.end() == 0
    assert not [told for told in host.told if told["event"] == "alarm"]
