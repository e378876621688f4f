"""The virtual board on the computer: its ports, its hands, what it leaves behind,
and what it says when it cannot run.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from host_tools.errors import UserError
from host_tools.simulator.chip.flash import FlashImage
from host_tools.simulator.virtual_board.interpreter import Interpreter, Settings
from host_tools.simulator.virtual_board.pty_port import live_port
from tests.swift import ansim

from .conftest import PATIENCE_S, Board, Line, state, wait_until
from .vfs import put_files

Start = Callable[..., Board]
_END_S = 10  # to end, on a computer that has other things to do


def test_hands_act_and_what_cannot_be_done_is_said(start_board: Start) -> None:
    board = start_board()
    assert (
        board.hands("put", "7", fails=True)
        == "ansim: Door 07 is shut: it must be open before anything can be put in.\n"
    )
    assert "no key 'x'" in board.hands("keys", "x", fails=True)
    before = state(board)["time_ms"]
    board.hands("keys", "12#")
    assert state(board)["time_ms"] >= before + 600  # three keys at 200 ms each
    board.hands("dark")
    assert state(board)["dark"]
    board.exec("""
from machine import I2C, Pin
import time
Pin(14, Pin.OUT, value=1)
bus = I2C(0, sda=Pin(8), scl=Pin(9), freq=400000)
for register, value in ((0x14, 1), (0x00, 0xFE)):
    bus.writeto_mem(0x20, register, bytes((value,)))
time.sleep_ms(300)
bus.writeto_mem(0x20, 0x14, b"\\x00")
""")
    opened = [door["number"] for door in state(board)["doors"] if door["position"] != "shut"]
    assert len(opened) == 1
    board.hands("put", str(opened[0]))
    board.hands("close", str(opened[0]))
    door = next(door for door in state(board)["doors"] if door["number"] == opened[0])
    assert (door["parcel"], door["position"], door["coil"]) == (True, "shut", "off")
    assert "power on" in board.hands("state")


def test_following_the_state_streams_a_line_for_each_change(start_board: Start) -> None:
    board = start_board()
    command = [sys.executable, "-m", "host_tools", "hands", "--port", str(board.port), "state", "--follow"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as follower:
        assert follower.stdout
        assert json.loads(follower.stdout.readline())["power"] == "on"
        board.hands("power", "cut")
        assert json.loads(follower.stdout.readline())["power"] == "off"
        follower.terminate()


def test_a_board_whose_port_nobody_reads_goes_on(start_board: Start) -> None:
    board = start_board()
    with Line(board) as line:
        line.raw()
        line.start(b"import machine\nfor i in range(3000): print('x' * 100)\nmachine.reset()")
    wait_until(lambda: state(board)["boots"] == 2)


def test_a_board_that_was_stopped_for_a_while_is_not_reset_by_its_watchdog(start_board: Start) -> None:
    board = start_board()
    with Line(board) as line:
        line.raw()
        line.start(
            b"import machine, time\nw = machine.WDT(timeout=1500)\nwhile True:\n w.feed()\n time.sleep_ms(20)"
        )
        os.kill(board.process.pid, signal.SIGSTOP)
        time.sleep(3)  # longer than the watchdog's patience
        os.kill(board.process.pid, signal.SIGCONT)
        assert state(board)["boots"] == 1


def test_a_port_is_opened_only_while_a_board_lives_behind_it(start_board: Start, tmp_path: Path) -> None:
    board = start_board()
    assert live_port(board.port) == Path(board.told["device"])
    assert live_port(tmp_path / "anything") == tmp_path / "anything"
    board.process.kill()
    board.process.wait(PATIENCE_S)
    board.process.returncode = 0  # its end was ours
    with pytest.raises(UserError, match="has ended without removing its port"):
        live_port(board.port)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_an_ended_board_leaves_nothing_behind(start_board: Start, tmp_path: Path, number: int) -> None:
    board = start_board("wall_12", "--link", str(tmp_path / "link"))
    children = children_of(board)
    assert children
    board.process.send_signal(number)
    assert_nothing_is_left(board, children)


def children_of(board: Board) -> list[str]:
    return subprocess.run(
        ["pgrep", "-P", str(board.process.pid)], capture_output=True, text=True, check=True
    ).stdout.split()


def assert_nothing_is_left(board: Board, children: list[str]) -> None:
    """Ended within seconds, with exit code 0, no process, no link, no lock,
    and a flash that the next board can have.
    """
    assert board.process.wait(_END_S) == 0
    assert sorted(path.name for path in board.port.parent.iterdir()) == ["flash.bin"]
    assert not [child for child in children if Path(f"/proc/{child}").exists()]
    with FlashImage(board.flash):
        pass


@pytest.mark.parametrize("stopped", [False, True], ids=["running", "stopped"])
@pytest.mark.parametrize(
    "loop",
    [
        "while True: pass",
        "while True:\n try:\n  while True: pass\n except KeyboardInterrupt: pass",
        "from machine import Pin\np = Pin(4, Pin.OUT)\nwhile True: p(1); p(0)",
        "while True: print('x' * 100)",
        "import os\nwhile True:\n with open('f', 'w') as f: f.write('x' * 5000)",
    ],
    ids=["spins", "catches", "posts", "prints", "writes"],
)
def test_a_program_that_ignores_everything_does_not_keep_its_board_from_ending(
    start_board: Start, loop: str, stopped: bool
) -> None:
    board = start_board()
    with Line(board) as line:
        line.raw()
        line.start(b"print('begun')\n" + loop.encode())
        line.until(b"begun")
        children = children_of(board)
        if stopped:
            os.kill(int(children[0]), signal.SIGSTOP)
        board.process.terminate()
        assert_nothing_is_left(board, children)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_board_that_was_just_started_ends_as_one_that_has_lived(start_board: Start, number: int) -> None:
    board = start_board()
    board.process.send_signal(number)
    assert_nothing_is_left(board, [])


def test_an_impatient_second_signal_leaves_nothing_behind_either(start_board: Start) -> None:
    board = start_board()
    while board.process.poll() is None:
        board.process.send_signal(signal.SIGTERM)
        time.sleep(0.001)
    assert_nothing_is_left(board, [])


def test_a_board_that_is_told_to_end_while_it_is_being_made_leaves_nothing_behind(tmp_path: Path) -> None:
    """From the moment that its first file is there."""
    port = tmp_path / "port"
    command = [
        sys.executable,
        "-m",
        "host_tools",
        "virtual",
        "--board",
        "wall_12",
        "--port",
        str(port),
        "--flash",
        str(tmp_path / "flash.bin"),
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        while not (tmp_path / "flash.bin").exists():
            assert process.poll() is None
        process.terminate()
        assert process.wait(_END_S) == 0
    assert [path.name for path in tmp_path.iterdir()] == ["flash.bin"]


@pytest.mark.parametrize("stopped", [False, True], ids=["running", "stopped"])
def test_an_interpreter_that_goes_on_without_console_and_chip_is_killed(
    tmp_path: Path, stopped: bool
) -> None:
    with FlashImage(tmp_path / "flash.bin", flash_mb=8):
        pass  # made
    put_files(tmp_path / "flash.bin", {"/main.py": b"print('begun')\nwhile True: pass"})
    interpreter = Interpreter(Settings(tmp_path / "flash.bin", 192 << 10, "esp32s3"), raw=False)
    interpreter.console.settimeout(PATIENCE_S)
    printed = b""
    while not printed.endswith(b"begun\n"):
        printed += interpreter.console.recv(1)
    if stopped:
        os.kill(interpreter.pid, signal.SIGSTOP)
    assert interpreter.close() == -signal.SIGKILL
    assert not Path(f"/proc/{interpreter.pid}").exists()


def test_a_killed_board_takes_its_interpreter_along_and_the_next_one_takes_over(
    start_board: Start, tmp_path: Path
) -> None:
    board = start_board()
    child = subprocess.run(
        ["pgrep", "-P", str(board.process.pid)], capture_output=True, text=True, check=True
    ).stdout.strip()
    board.process.kill()
    board.process.wait(PATIENCE_S)
    wait_until(lambda: not Path(f"/proc/{child}").exists())
    assert board.port.is_symlink()
    with Board(tmp_path) as again:
        assert again.exec("print(1)") == "1\n"
    board.process.returncode = 0  # its end was ours
    assert not board.port.is_symlink()


def refused(*arguments: str) -> tuple[int, str]:
    ended = ansim("virtual", *arguments)
    assert ended.stdout == ""
    return ended.returncode, ended.stderr


def test_bad_input_is_one_clear_sentence(start_board: Start, tmp_path: Path) -> None:
    board = start_board()
    port, flash = str(board.port), str(board.flash)
    other = str(tmp_path / "other")
    (tmp_path / "file").write_text("mine")
    (tmp_path / "short").write_bytes(b"x" * 100)
    (tmp_path / "foreign").write_bytes(bytes(8 << 20))
    for arguments, code, sentence in (
        (("--board", "wal_12", "--port", other), 2, "wall_12"),
        (("--board", "wall_12", "--port", port), 1, "belongs to a virtual board that runs"),
        (
            ("--board", "wall_12", "--port", other, "--flash", flash),
            1,
            "Another virtual board is running from",
        ),
        (("--board", "wall_12", "--port", str(tmp_path / "file")), 2, "exists and is no port"),
        (("--board", "wall_12", "--port", other, "--flash", str(tmp_path / "short")), 2, "has 100 bytes"),
        (
            ("--board", "wall_12", "--port", other, "--flash", str(tmp_path / "foreign")),
            2,
            "is no flash image",
        ),
        (("--board", "devkit_4", "--port", other, "--flash", str(tmp_path / "foreign")), 2, "has 4 MiB"),
        (("--board", "devkit_4", "--port", other, "--link", other + "2"), 2, "no serial link"),
        (("--board", "wall_12", "--port", str(tmp_path / "no" / "where")), 1, "No such file or directory"),
        (("--board", "wall_12", "--port", other, "--link", other), 2, "path of its own"),
        (("--board", "wall_12", "--port", other, "--uid", "12"), 2, "12 hexadecimal digits"),
    ):
        returned, user_error = refused(*arguments)
        assert returned == code, user_error
        assert sentence in user_error
        assert user_error.count("\n") == 1
    assert (tmp_path / "file").read_text() == "mine"
    assert not Path(other).exists()
    assert not Path(other).is_symlink()
    assert "No virtual board runs at" in Board.hands(FakeBoard(Path(other)), "bell", fails=True)


class FakeBoard(Board):
    """Only the name of a port."""

    def __init__(self, port: Path) -> None:
        self.port = port
