"""Ctrl-C ends a command that has a board in its hands within a second, and the cabinet is back in service."""

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from host_tools.bundle.ready import errand
from host_tools.device.port import Device
from tests.system.conftest import PATIENCE_S, wait_until
from tests.system.virtual_port import VirtualPort, ansim, virtual_board

#: What an interpreter takes to start here and now, as a measure of how busy the machine is.
BUSY_STARTS = 4


@pytest.fixture
def cabinet(tmp_path: Path) -> Iterator[VirtualPort]:
    with virtual_board(tmp_path) as board:
        assert ansim("flash", "--port", board.port).returncode == 0
        place = ("--board", "wall_12", "--site", "mapo-3", "--data", str(tmp_path / "data"), "--serial-link")
        assert ansim("provision", "--port", board.port, *place).returncode == 0
        yield board


def hear_ctrl_c() -> None:
    """What is started in the background ignores Ctrl-C, and so would what it starts."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def started_s() -> float:
    begun = time.monotonic()
    subprocess.run([sys.executable, "-c", "import host_tools.cli"], check=True)
    return time.monotonic() - begun


def interrupted(
    board: VirtualPort, words: tuple[str, ...], is_due: Callable[[subprocess.Popen[bytes]], None]
) -> None:
    """Starts a command, presses Ctrl-C when it is due,
    and looks for how it ends and what the board does then.
    """
    command = [sys.executable, "-m", "host_tools", *words, "--port", board.port]
    options: dict = {
        "stdout": subprocess.PIPE,
        "stderr": subprocess.PIPE,
        "start_new_session": True,
        "preexec_fn": hear_ctrl_c,
    }
    with subprocess.Popen(command, **options) as process:
        is_due(process)
        allowed = 1 + BUSY_STARTS * started_s()
        begun = time.monotonic()
        os.killpg(process.pid, signal.SIGINT)
        process.wait(PATIENCE_S)
        took = time.monotonic() - begun
        assert process.stderr
        said = process.stderr.read()
    assert process.returncode == 130
    assert b"Traceback" not in said
    assert took < allowed


def await_words(words: bytes) -> Callable[[subprocess.Popen[bytes]], None]:
    def wait(process: subprocess.Popen[bytes]) -> None:
        assert process.stderr
        said = b""
        until = time.monotonic() + PATIENCE_S
        while words not in said:
            assert select.select([process.stderr], [], [], max(0, until - time.monotonic()))[0], said
            more = os.read(process.stderr.fileno(), 1000)
            assert more, said
            said += more

    return wait


def await_service(board: VirtualPort) -> None:
    """The firmware writes its welcome, and not the test, on the screen."""

    def screen() -> str:
        return " ".join(json.loads(ansim("hands", "--port", board.port, "state", "--json").stdout)["screen"])

    wait_until(lambda: "Welcome" in screen())


def test_in_the_middle_of_a_test_the_cabinet_goes_back_into_service(cabinet: VirtualPort) -> None:
    """It waits for a person then, and its program on the board for a door."""
    interrupted(cabinet, ("test",), await_words(b"> "))
    await_service(cabinet)


def test_whatever_the_board_does_for_a_command_it_is_reset_at_once(cabinet: VirtualPort) -> None:
    """A program that would run for minutes; what it has in its `finally` is done first."""
    pressed: list[float] = []

    def press(_number: int, _frame: object) -> None:
        pressed.append(time.monotonic())
        raise KeyboardInterrupt

    signal.signal(signal.SIGALRM, press)
    allowed = 1 + BUSY_STARTS * started_s()

    def hold() -> None:
        with Device(cabinet.port, errand) as device:
            signal.setitimer(signal.ITIMER_REAL, 0.5)
            device.execute("import time\ntry:\n time.sleep(300)\nfinally:\n open('/ended', 'w').close()")

    with pytest.raises(KeyboardInterrupt):
        hold()
    assert time.monotonic() - pressed[0] < allowed
    await_service(cabinet)
    with Device(cabinet.port, errand) as device:
        assert device.call("files", "read", "/ended") == b""
