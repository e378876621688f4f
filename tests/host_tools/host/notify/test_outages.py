"""Output, adapters and files that go away end nothing: what is missing is waited for and said."""

import errno
import os
import pty
import signal
import subprocess
import sys
import time
import tty
from collections.abc import Callable
from pathlib import Path

import pytest

from host_tools.cli._lines import Lines
from host_tools.host.ledger.ledger import Ledger, open_ledger
from host_tools.host.notify.channels.console import ConsoleNotifier
from host_tools.host.notify.channels.file import FileNotifier
from host_tools.host.notify.notifier import Message
from host_tools.host.parcels import tickets
from host_tools.host.people import residents
from host_tools.link import messages
from locker.contract import records
from tests.kit import post
from tests.kit.host_board import PATIENCE_S, Board, Host, enrol


@pytest.fixture
def ledger(tmp_path: Path):
    with open_ledger(tmp_path / "data") as opened:
        opened.site("mapo-3")
        residents.add(opened, "Kim", "kim@example.org")
        yield opened


def wait_until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)


def serve(data: Path, *arguments: str, stdout: int) -> subprocess.Popen:
    command = [sys.executable, "-m", "host_tools", "serve", "--data", str(data), *arguments]
    return subprocess.Popen(command, stdout=stdout, stderr=subprocess.PIPE)


class Adapter:
    """A serial adapter with a line behind it, which can be pulled."""

    def __init__(self, port: Path) -> None:
        self.port = port

    def plug(self) -> int:
        self._ours, self._theirs = os.openpty()
        tty.setraw(self._ours)
        tty.setraw(self._theirs)
        self.port.unlink(missing_ok=True)
        self.port.symlink_to(os.ttyname(self._theirs))
        return self._ours

    def pull(self) -> None:
        self.port.unlink()
        os.close(self._ours)
        os.close(self._theirs)


def test_an_adapter_that_is_missing_at_the_start_is_waited_for_and_said_and_the_others_serve(
    ledger: Ledger, tmp_path: Path
) -> None:
    missing = Adapter(tmp_path / "missing")
    there = Adapter(tmp_path / "there")
    boards = [Board(enrol(ledger, uid)) for uid in (b"uid-01", b"uid-02")]
    boards[0].attach(there.plug())
    with Host(
        ledger.data, "--listen", "none", "--serial", str(missing.port), "--serial", str(there.port)
    ) as host:
        assert "There is no serial port" in host.wait_for("serial port waits")["detail"]
        boards[0].meet()
        boards[1].attach(missing.plug())
        host.wait_for("listening", port=str(missing.port))
        boards[1].meet()
        assert host.end() == 0
    for adapter in (missing, there):
        adapter.pull()


def test_a_bus_whose_adapter_is_missing_or_pulled_is_opened_when_it_comes(
    ledger: Ledger, tmp_path: Path
) -> None:
    adapter = Adapter(tmp_path / "bus")
    with Host(ledger.data, "--listen", "none", "--rs485", str(adapter.port)) as host:
        host.wait_for("serial port waits")
        for _ in range(2):
            ours = adapter.plug()
            host.wait_for("listening", port=str(adapter.port))
            assert os.read(ours, 1) == b"\0"  # somebody is asked
            adapter.pull()
            host.wait_for("serial port lost")
            host.told.clear()
        assert host.end() == 0


def test_a_terminal_that_goes_away_ends_nothing_and_a_pulled_adapter_is_opened_again(
    ledger: Ledger, tmp_path: Path
) -> None:
    adapter = Adapter(tmp_path / "adapter")
    board = Board(enrol(ledger))
    board.attach(adapter.plug())
    terminal, theirs = pty.openpty()
    host = serve(ledger.data, "--listen", "none", "--serial", str(adapter.port), stdout=theirs)
    os.close(theirs)
    board.meet()
    os.close(terminal)  # EIO from now on
    board.journal.deposit(7, tickets.issue(ledger, "Kim").serial, 1)
    board.send_all()
    adapter.pull()
    board.attach(adapter.plug())
    board.journal.add(records.BELL_RUNG)
    board.meet()
    board.send_all()
    wait_until(lambda: '"bell"' in (ledger.data / "messages.jsonl").read_text())
    host.send_signal(signal.SIGTERM)
    assert host.communicate(timeout=PATIENCE_S) == (None, b"")
    assert host.returncode == 0
    adapter.pull()


@pytest.mark.parametrize("reader", ["full", "gone", "asleep"])
def test_whatever_becomes_of_stdout_the_cabinets_are_served(
    ledger: Ledger, tmp_path: Path, reader: str
) -> None:
    adapter = Adapter(tmp_path / "adapter")
    board = Board(enrol(ledger))
    board.attach(adapter.plug())
    ours, theirs = os.pipe()
    full = os.open("/dev/full", os.O_WRONLY)
    if reader == "gone":
        os.close(ours)
    host = serve(
        ledger.data,
        "--listen",
        "none",
        "--serial",
        str(adapter.port),
        stdout=full if reader == "full" else theirs,
    )
    board.meet()
    for _ in range(40):  # lines beyond what a pipe holds for a reader that is asleep
        for _ in range(40):
            board.journal.add(records.DOOR_OPENED, 7, 0, 1)
        board.send_all()
    assert board.ask(messages.Status(board.journal.uptime, len(board.journal.events) + 1, 0, 0)) == 1600
    host.send_signal(signal.SIGTERM)
    assert host.wait(PATIENCE_S) == 0
    assert host.stderr
    assert host.stderr.read() == b""
    host.stderr.close()
    for descriptor in (theirs, full, *([] if reader == "gone" else [ours])):
        os.close(descriptor)
    adapter.pull()


def test_lines_that_could_not_be_written_are_counted_and_told_when_there_is_room_again(
    tmp_path: Path,
) -> None:
    path = tmp_path / "out"
    file, full = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND), os.open("/dev/full", os.O_WRONLY)
    descriptor = os.dup(file)
    lines = Lines(descriptor, lambda count: f"{count} left out")
    lines.say("first")
    wait_until(lambda: path.read_text() == "first\n")
    os.dup2(full, descriptor)
    wait_until(lambda: not lines.say("lost"))
    os.dup2(file, descriptor)
    wait_until(lambda: lines.say("last"))
    wait_until(lambda: path.read_text().endswith("last\n"))
    lines.close()
    for one in (descriptor, file, full):
        os.close(one)
    written = path.read_text().splitlines()
    assert written[1].endswith(" left out")
    assert written[-1] == "last"


def test_a_closed_stdout_takes_nothing_and_holds_up_nobody() -> None:
    lines = Lines(None, str)
    lines.say("x")
    lines.close()


def test_a_message_to_a_console_that_nobody_reads_is_offered_again() -> None:
    heard = iter((False, True))
    assert post.offer(ConsoleNotifier(lambda message: next(heard)), [message("1"), message("2")]) == {"2"}


def message(name: str) -> Message:
    return Message(name, "Kim", "", "opened", f"text {name}", "", "", "")


def names(path: Path) -> list[str]:
    return [line.split('"id": "')[1].split('"')[0] for line in path.read_text().splitlines()]


def test_a_messages_file_that_was_moved_away_deleted_or_cut_short_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "messages.jsonl"
    notifier = FileNotifier(path)
    post.offer(notifier, [message("1")])
    path.rename(tmp_path / "messages.jsonl.1")
    assert post.offer(notifier, [message("2")]) == {"2"}
    assert (names(tmp_path / "messages.jsonl.1"), names(path)) == (["1"], ["2"])
    path.unlink()
    post.offer(notifier, [message("3")])
    assert names(path) == ["3"]
    os.truncate(path, 0)  # copytruncate
    post.offer(notifier, [message("3"), message("4")])  # what was handed over stays so
    assert names(path) == ["4"]
    path.rename(tmp_path / "messages.jsonl.2")
    path.touch(0o644)  # made anew by whoever has moved it
    path.chmod(0o644)
    post.offer(notifier, [message("5")])
    assert names(path) == ["5"]
    assert path.stat().st_mode & 0o777 == 0o600
    post.close(notifier)


def test_messages_wait_while_there_is_no_place_for_their_file(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    notifier = FileNotifier(folder / "messages.jsonl")
    folder.rename(tmp_path / "elsewhere")
    with pytest.raises(OSError, match=os.strerror(errno.ENOENT)):
        post.offer(notifier, [message("1")])
    folder.mkdir()
    (folder / "messages.jsonl").write_text("no message\n")
    with pytest.raises(OSError, match="no message"):
        post.offer(notifier, [message("1")])
    (folder / "messages.jsonl").unlink()
    assert post.offer(notifier, [message("1")]) == {"1"}
    post.close(notifier)
