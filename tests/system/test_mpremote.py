"""Unmodified mpremote does to a virtual board what it does to a real one, without `resume`."""

import hashlib
import json
import os
import pty
import re
import select
import subprocess
import threading
import time
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from .conftest import MPREMOTE, PATIENCE_S, Board


@pytest.fixture
def board(shared_board: Board) -> Board:
    return shared_board


def test_exec_runs_code_and_shows_what_it_prints(board: Board) -> None:
    assert board.exec("print('anyeong', 6 * 7)") == "anyeong 42\n"
    assert "ZeroDivisionError" in board.mpremote("exec", "1 / 0", fails=True)
    assert board.mpremote("eval", "2 ** 70") == f"{2**70}\n"


def test_run_runs_a_file_of_the_computer(board: Board, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text("for i in range(3):\n    print('line', i)\n")
    assert board.mpremote("run", str(script)) == "line 0\nline 1\nline 2\n"


def test_a_tree_of_files_goes_to_the_board_and_comes_back_the_same(board: Board, tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    for name in ("a.bin", "deep/er/b.bin", "deep/c.bin"):
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_bytes(os.urandom(5000))
    board.mpremote("fs", "cp", "-r", str(tree), ":")
    assert board.mpremote("fs", "ls", ":tree").split() == ["ls", ":tree", "5000", "a.bin", "0", "deep/"]
    back = tmp_path / "back"
    back.mkdir()
    board.mpremote("fs", "cp", "-r", ":tree", str(back))
    for path in tree.rglob("*.bin"):
        assert (back / "tree" / path.relative_to(tree)).read_bytes() == path.read_bytes()
    told = board.mpremote("fs", "sha256sum", ":tree/deep/c.bin")
    assert hashlib.sha256((tree / "deep/c.bin").read_bytes()).hexdigest() in told
    board.mpremote("fs", "rm", "-r", ":tree")
    assert "tree" not in board.mpremote("fs", "ls").replace("ls :", "")


def test_folders_are_made_and_removed(board: Board) -> None:
    board.mpremote("fs", "mkdir", ":folder", "+", "fs", "touch", ":folder/empty")
    assert "empty" in board.mpremote("fs", "ls", ":folder")
    assert "folder" in board.mpremote("fs", "tree")
    board.mpremote("fs", "rm", ":folder/empty", "+", "fs", "rmdir", ":folder")
    assert board.exec("import os; print(os.listdir())") == "[]\n"


def test_df_shows_the_file_system_of_the_flash(board: Board) -> None:
    size = re.search(r"VfsLfs2>\s+(\d+)", board.mpremote("df"))
    assert size
    assert int(size[1]) == 0x380000  # partition vfs of an 8 MiB flash


def test_mount_lets_the_board_read_and_write_files_of_the_computer(board: Board, tmp_path: Path) -> None:
    (tmp_path / "helper.py").write_text("answer = 43\n")
    told = board.mpremote(
        "mount",
        str(tmp_path),
        "exec",
        "import helper; print(helper.answer); open('new', 'wb').write(bytes(range(256)) * 40)",
    )
    assert "43" in told
    assert (tmp_path / "new").read_bytes() == bytes(range(256)) * 40


def test_soft_reset_forgets_names_and_says_so(board: Board) -> None:
    board.exec("left = 1")
    board.mpremote("soft-reset")
    assert board.mpremote("resume", "exec", "print('left' in globals())") == "False\n"
    assert board.exec("import machine; print(machine.reset_cause() == machine.SOFT_RESET)") == "True\n"


def test_reset_starts_the_chip_anew(board: Board) -> None:
    before = json.loads(board.hands("state", "--json"))["boots"]
    board.mpremote("reset")
    told = board.mpremote(
        "sleep", "0.3", "resume", "exec", "import machine; print(machine.reset_cause() == machine.HARD_RESET)"
    )
    assert told == "True\n"
    assert json.loads(board.hands("state", "--json"))["boots"] == before + 1


def test_edit_changes_a_file_on_the_board(board: Board, tmp_path: Path) -> None:
    editor = tmp_path / "editor"
    editor.write_text("#!/bin/sh\necho 'more = 2' >> \"$1\"\n")
    editor.chmod(0o755)
    board.exec("with open('notes.py', 'w') as file: file.write('first = 1\\n')")
    board.mpremote("edit", ":notes.py", EDITOR=str(editor))
    assert board.mpremote("fs", "cat", ":notes.py") == "first = 1\nmore = 2\n"
    board.mpremote("fs", "rm", ":notes.py")


def test_rtc_is_set_and_read_and_outlives_a_reset(board: Board) -> None:
    board.mpremote("rtc", "--set")
    this_year = time.strftime("(%Y, %-m, ")
    assert board.mpremote("rtc").startswith(this_year)
    board.mpremote("reset")
    assert board.mpremote("sleep", "0.3", "rtc").startswith(this_year)
    assert (
        board.exec("import time; print(time.localtime()[0], time.gmtime(0)[0])")
        == f"{time.strftime('%Y')} 2000\n"
    )


def test_a_romfs_is_built_deployed_queried_and_imported_from(board: Board, tmp_path: Path) -> None:
    source = tmp_path / "rom"
    source.mkdir()
    (source / "in_rom.py").write_text("def answer():\n    return 44\n" + "# padding\n" * 1000)
    image = tmp_path / "rom.romfs"
    board.mpremote("romfs", "--no-mpy", "-o", str(image), "build", str(source))
    assert "Not a valid ROMFS" in board.mpremote("romfs", "query")
    assert "deployed" in board.mpremote("romfs", "deploy", str(image))
    told = board.mpremote("romfs", "query")
    assert "ROMFS image size" in told
    assert "Not a valid" not in told
    assert board.exec("import in_rom; print(in_rom.answer(), in_rom.__file__)") == "44 /rom/in_rom.py\n"


@pytest.fixture
def package_index(tmp_path: Path) -> Iterator[str]:
    """A package index as mip wants it, served from this computer."""
    root = tmp_path / "index"
    source = b"version = 7\n"
    short = hashlib.sha256(source).hexdigest()[:8]
    package = root / "package" / "py" / "greeting" / "latest.json"
    file = root / "file" / short[:2] / short
    for path, content in (
        (package, json.dumps({"v": 1, "hashes": [["greeting.py", short]]}).encode()),
        (file, source),
    ):
        path.parent.mkdir(parents=True)
        path.write_bytes(content)

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(root))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_mip_installs_from_a_local_index(board: Board, package_index: str) -> None:
    board.mpremote("mip", "--index", package_index, "--no-mpy", "install", "greeting")
    assert board.exec("import greeting; print(greeting.version, greeting.__file__)") == "7 /lib/greeting.py\n"
    board.mpremote("fs", "rm", "-r", ":lib")


class Terminal:
    """A person at `mpremote repl`."""

    def __init__(self, *arguments: str) -> None:
        near, far = pty.openpty()
        self._near = near
        self._seen = b""
        self.process = subprocess.Popen(
            [*MPREMOTE, *arguments], stdin=far, stdout=far, stderr=far, start_new_session=True
        )
        os.close(far)

    def type(self, keys: bytes) -> None:
        os.write(self._near, keys)

    def wait_for(self, text: bytes) -> bytes:
        """Reads until the text has come; what came up to it."""
        until = time.monotonic() + PATIENCE_S
        while text not in self._seen:
            assert time.monotonic() < until, self._seen
            if select.select([self._near], [], [], 0.1)[0]:
                self._seen += os.read(self._near, 4096)
        before, self._seen = self._seen.split(text, 1)
        return before

    def leave(self) -> None:
        self.type(b"\x1d")
        assert self.process.wait(PATIENCE_S) == 0
        os.close(self._near)


def test_the_repl_is_a_terminal_with_ctrl_c_and_ctrl_d(board: Board) -> None:
    terminal = Terminal("connect", str(board.port), "repl")
    terminal.type(b"\r")
    terminal.wait_for(b">>> ")
    terminal.type(b"for i in range(2): print('row', i)\r\r")
    assert b"row 0\r\nrow 1\r\n" in terminal.wait_for(b"row 1\r\n") + b"row 1\r\n"
    terminal.wait_for(b">>> ")
    terminal.type(b"while True: pass\r\r")
    terminal.wait_for(b"pass\r\n... \r\n")
    time.sleep(0.2)  # nothing tells from outside that the loop runs
    terminal.type(b"\x03")
    terminal.wait_for(b"KeyboardInterrupt")
    terminal.wait_for(b">>> ")
    terminal.type(b"\x04")
    terminal.wait_for(b"MPY: soft reboot\r\n")
    terminal.wait_for(b">>> ")
    terminal.leave()


def test_a_mount_survives_ctrl_d(board: Board, tmp_path: Path) -> None:
    (tmp_path / "helper.py").write_text("answer = 1\n")
    terminal = Terminal("connect", str(board.port), "mount", str(tmp_path), "repl")
    terminal.wait_for(b">>> ")
    terminal.type(b"import helper; print(helper.answer + 100)\r")
    terminal.wait_for(b"101")
    (tmp_path / "helper.py").write_text("answer = 2\n")
    terminal.type(b"\x04")
    terminal.wait_for(b"Remount local directory")
    terminal.wait_for(b">>> ")
    terminal.type(b"import helper; print(helper.answer + 100)\r")
    terminal.wait_for(b"102")
    terminal.leave()
