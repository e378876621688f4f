"""The programs of docs/examples do what they say, with a virtual board."""

import re
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from threading import Timer

from tests.swift import ansim
from tests.system.conftest import PATIENCE_S, Board

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def test_a_board_talks_to_a_host_of_ones_own_and_its_journal_can_be_read(
    start_board: Callable[..., Board], tmp_path: Path
) -> None:
    board = start_board("wall_12")
    port, data = free_port(), tmp_path / "data"
    assert ansim("flash", "--port", board.port, "--board", "wall_12").returncode == 0
    way = ("--host", f"127.0.0.1:{port}", "--host-unchecked", "--data", data)
    assert (
        ansim("provision", "--port", board.port, "--board", "wall_12", "--site", "bench", *way).returncode
        == 0
    )
    board.mpremote("fs", "cp", ":/identity.json", str(tmp_path / "identity.json"))
    board.mpremote("reset")
    command = [sys.executable, EXAMPLES / "own_host.py", tmp_path / "identity.json", f"127.0.0.1:{port}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as host:
        watch = Timer(PATIENCE_S, host.kill)
        watch.start()
        assert host.stdout
        told = [host.stdout.readline()]
        board.hands("bell")
        while told[-1] and "bell" not in told[-1]:
            told.append(host.stdout.readline())
        watch.cancel()
        host.terminate()
    assert re.match(r" +1  cabinet  boot", told[0])
    ended = subprocess.run(
        [sys.executable, EXAMPLES / "read_journal.py", board.flash],
        capture_output=True,
        text=True,
        check=True,
    )
    assert [line.split("  ")[-1] for line in ended.stdout.splitlines()][: len(told)] == [
        line.strip().split("  ")[-1] for line in told
    ]
