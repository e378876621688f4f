"""Whoever follows the README as it is printed gets there:
nothing is missing and everything stands in its order.
"""

import json
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from host_tools.boards.board_file import find_board
from host_tools.demo.service import Service
from host_tools.simulator.virtual_board.control import HandsClient
from tests.system.conftest import wait_until
from tests.system.test_bench_test import careful
from tests.system.virtual_port import ansim, virtual_board

ROOT = Path(__file__).parents[2]


def commands(mark: str) -> list[list[str]]:
    """The `ansim` commands in the README behind a mark."""
    block = (ROOT / "README.md").read_text().split(f"<!-- {mark} -->\n")[1].split("\n\n")[0]
    return [shlex.split(line, comments=True)[1:] for line in block.splitlines()]


@contextmanager
def served(data: Path) -> Iterator[str]:
    """The host as the README starts it, but at a free port of this machine; its address."""
    ((*arguments,),) = [commands("host")[0]]
    assert commands("host") == [["serve", "--listen", "0.0.0.0:26746"]]
    host = Service(
        data.parent / "serve.log",
        *(word.replace("0.0.0.0:26746", "127.0.0.1:0") for word in arguments),
        "--data",
        data,
        "--json",
    )
    try:
        yield f"127.0.0.1:{host.ready['port']}"
    finally:
        host.stop()


def run(arguments: list[str], data: Path) -> str:
    """One command; what it prints."""
    ended = ansim(*arguments, ANSIM_DATA=str(data), ANSIM_WIFI_PASSWORD="peace of mind")
    assert ended.returncode == 0, (arguments, ended.stderr)
    return ended.stdout


def examined(arguments: list[str], port: str) -> str:
    """The bench test, with a person whose hands do what it asks for; what it prints."""
    command = [sys.executable, "-m", "host_tools", *arguments]
    with (
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process,
        HandsClient(Path(port)) as hands,
    ):
        assert process.stderr is not None
        assert process.stdout is not None
        said = ""
        for line in process.stderr:
            said += line
            if line.startswith("> "):
                careful(hands, line[2:].strip())
        printed = process.stdout.read()
    assert process.returncode == 0, (printed, said)
    return printed


def test_the_commands_of_the_readme_work_in_their_order_and_as_they_are_printed(tmp_path: Path) -> None:
    board_file, data = tmp_path / "my_cabinet.toml", tmp_path / "data"
    shutil.copy(find_board("devkit_4"), board_file)
    with virtual_board(tmp_path, "devkit_4") as board, served(data) as address:
        for arguments in commands("board"):
            known = {"/dev/ttyUSB0": board.port, "my_cabinet.toml": str(board_file), "10.0.0.2": address}
            meant = [known.get(word, word) for word in arguments]
            printed = examined(meant, board.port) if meant[0] == "test" else run(meant, data)
            if arguments[:2] == ["ticket", "new"]:
                assert re.fullmatch(r"\d{9}\n", printed)
        # It joins its network first.
        wait_until(lambda: json.loads(run(["cabinet", "list", "--json"], data))[0]["seen"])


def test_every_command_of_the_readme_that_needs_no_board_is_there_after_make_demo() -> None:
    readme = (ROOT / "README.md").read_text()
    assert ". .venv/bin/activate" in readme
    assert readme.index("make demo") < readme.index(". .venv/bin/activate") < readme.index("ansim serve")


def test_a_demonstration_installs_nothing_that_only_tests_need() -> None:
    planned = subprocess.run(
        ["make", "--dry-run", "--always-make", "demo"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    assert "pip install" in planned
    assert "[test]" not in planned
    assert "stubs" not in planned
    tested = subprocess.run(
        ["make", "--dry-run", "--always-make", "test"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    assert "[test]" in tested
