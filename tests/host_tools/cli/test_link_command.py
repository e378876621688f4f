"""`ansim link` shows how the links stand, once or again each second, to people and to programs."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

from click.testing import CliRunner

from host_tools.cli import ansim
from host_tools.host.connections.link_status import DOWN, NEVER, REFUSED, UP, link_statuses
from host_tools.host.fleet import orders
from host_tools.host.fleet.orders import Order
from host_tools.host.fleet.reconcile import take_over
from host_tools.host.ledger.database import now_ms
from host_tools.host.ledger.ledger import open_ledger
from locker.contract import commands, records
from tests.kit.host_board import Board, Host, enrol

DAY_MS = 86_400_000


def shown(data: Path) -> dict:
    ended = CliRunner().invoke(ansim, ["link", "--data", str(data), "--json"])
    assert ended.exit_code == 0, ended.output
    (status,) = json.loads(ended.output)["links"]
    return status


def shown_when(data: Path, state: str) -> dict:
    """What is shown once the link has that state; the ledger says so a moment after it has."""
    while (status := shown(data))["state"] != state:
        time.sleep(0.01)
    return status


def test_a_link_is_shown_from_its_first_meeting_to_its_silence(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with open_ledger(data) as ledger:
        board = Board(enrol(ledger))
        assert (shown(data)["state"], shown(data)["seen"], shown(data)["behind"]) == (NEVER, None, None)
        board.journal.add(records.BOOTED)
        with Host(data) as host:
            board.connect(host.address)
            board.meet()
            status = shown_when(data, UP)
            assert (status["behind"], status["epoch"], status["orders"]) == (1, 1, 0)
            assert status["since"] is not None
            assert status["round_trip_ms"] >= 0
            board.send_all()
            assert shown(data)["behind"] == 0
            board.close()
            host.wait_for("link down")
            assert shown_when(data, DOWN)["since"] >= status["since"]
            assert host.end() == 0
        with ledger.writing() as connection:
            orders.queue(connection, 1, [Order(commands.SET_PATIENCE, 0, 0, 2)], now_ms())
        assert shown(data)["orders"] == 1
        assert [status.state for status in link_statuses(ledger, now_ms() + DAY_MS).links] == [DOWN]


def test_a_refused_link_says_why_and_what_to_do_until_the_board_is_taken_over(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with open_ledger(data) as ledger:
        board = Board(enrol(ledger))
        board.tag = 77  # of another host
        with Host(data) as host:
            board.connect(host.address)
            board.greet()
            try:
                board.ask(board.report())
            except ConnectionRefusedError as refusal:
                assert refusal.args == (2,)
            else:
                raise AssertionError("it was taken")
            assert "another host" in host.wait_for("refused")["detail"]
            assert shown(data)["state"] == REFUSED
            told = CliRunner().invoke(ansim, ["link", "--data", str(data)]).output
            assert "ansim link take-over" in told
            take_over(ledger, "mapo-3", 1)
            assert board.meet() == 0
            shown_when(data, UP)
            assert host.end() == 0
        board.close()
        words = ["link", "take-over", "--site", "mapo-3", "--data", str(data)]
        ended = CliRunner().invoke(ansim, [*words, "--number", "9"])
        assert ended.exit_code != 0
        assert "Cabinet 1 of mapo-3 follows this host" in CliRunner().invoke(ansim, words).output
        with open_ledger(data) as more:
            enrol(more, b"uid-22")
        ended = CliRunner().invoke(ansim, words)
        assert str(ended.exception).startswith("Several cabinets stand at mapo-3 (1, 2): say which")


def test_a_program_may_watch(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with open_ledger(data) as ledger:
        enrol(ledger)
    command = [sys.executable, "-m", "host_tools", "link", "--watch", "--json", "--data", str(data)]
    watching = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert watching.stdout
    ends = 0
    text = ""
    while ends < 2:
        line = watching.stdout.readline()
        text += line
        ends += line == "}\n"
    watching.send_signal(signal.SIGINT)
    _, user_error = watching.communicate(timeout=30)
    assert (watching.returncode, user_error) == (0, "")
    decoder = json.JSONDecoder()
    first, end = decoder.raw_decode(text)
    second, _ = decoder.raw_decode(text[end:].lstrip())
    assert [one["links"][0]["state"] for one in (first, second)] == [NEVER, NEVER]


def test_what_was_set_aside_is_counted_until_a_person_has_looked_at_it(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with open_ledger(data) as ledger:
        board = Board(enrol(ledger))
        board.journal.add(records.REISSUED, 7, 256, 1)
        board.journal.add(records.BELL_RUNG)
        with Host(data) as host:
            board.connect(host.address)
            board.meet()
            board.send_all()
            assert host.wait_for("record set aside")["detail"] == "a is 256"
            assert host.wait_for("alarm", alarm="bell")["number"] == 2
            assert host.end() == 0
        board.close()
        with Host(data) as host:  # nor at a start
            board.connect(host.address)
            assert board.meet() == 2
            assert host.end() == 0
        board.close()
    assert shown(data)["set_aside"] == 1
    assert "1 of its records are set aside" in CliRunner().invoke(ansim, ["link", "--data", str(data)]).output
    ended = CliRunner().invoke(ansim, ["link", "aside", "--seen", "--json", "--data", str(data)])
    ((kept),) = json.loads(ended.output)
    assert (kept["number"], kept["reason"], kept["raw"], kept["seen"]) == (
        1,
        "a is 256",
        board.journal.events[0].hex(),
        False,
    )
    assert shown(data)["set_aside"] == 0
    assert "a is 256" in CliRunner().invoke(ansim, ["link", "aside", "--data", str(data)]).output
