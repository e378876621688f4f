"""A board with line numbers: what its console says of an error is explained to the very line."""

import json
from pathlib import Path

from click.testing import CliRunner

from host_tools.boards.board_file import load_board, to_board_json
from host_tools.bundle.ready import bundle, ready_to_debug
from host_tools.cli import ansim as command_tree
from host_tools.simulator.virtual_board.virtual_time import run_in_virtual_time
from host_tools.simulator.world import board_named
from host_tools.sources import locker_folder
from tests.simulation.stage import IDENTITY, make_flash

from .vfs import put_files
from .virtual_port import ansim, virtual_board

#: In main.py: the third time that the app sleeps, something raises beneath it.
FLAW = b"""    import time

    sleeps = []
    asleep = time.sleep_ms

    def flawed(ms):
        sleeps.append(ms)
        if len(sleeps) == 3:
            raise ZeroDivisionError("by a flaw")
        asleep(ms)

    time.sleep_ms = flawed
"""


def at(source: str, line: str) -> str:
    """A frame whose line is that one of a source."""
    text = (locker_folder() / source).read_text().splitlines()
    (number,) = [number for number, there in enumerate(text, 1) if there.strip() == line]
    return f'File "locker/{source}", line {number}, in '


def test_what_ends_the_app_is_told_with_its_build_and_explained_to_the_line(tmp_path: Path) -> None:
    files = ready_to_debug().files
    main = files["/main.py"].replace(b"    start(open_hal)\n", FLAW + b"    start(open_hal)\n")
    settings = {
        "board": to_board_json(load_board("wall_12")),
        "identity": IDENTITY,
        "network": {"serial": True},
    }
    make_flash(tmp_path / "flash")
    kept = {f"/{name}.json": json.dumps(value).encode() for name, value in settings.items()}
    put_files(tmp_path / "flash", files | {"/main.py": main} | kept)
    life = run_in_virtual_time(tmp_path / "flash", board_named("wall_12"), 1, lambda world: None, 4_000)
    assert f"Build {ready_to_debug().build:x}" in life.console
    ended = CliRunner().invoke(command_tree, ["explain"], input=life.console)
    assert (ended.exit_code, ended.stderr) == (0, "")
    assert at("shell/start.py", "hal.run(running)") + "start\n" in ended.stdout
    assert at("hal/esp32.py", "time.sleep_ms(ms)") + "Esp32.run\n" in ended.stdout
    assert "ZeroDivisionError: by a flaw" in ended.stdout


def test_a_board_has_line_numbers_and_none_again_and_the_tools_know_it_as_theirs(tmp_path: Path) -> None:
    plain, debug = bundle(), ready_to_debug().files
    compiled = [path for path in plain if path.endswith(".mpy")]
    with virtual_board(tmp_path) as board:

        def flash(*options: str) -> dict:
            ended = ansim("flash", "--port", board.port, "--json", *options)
            assert ended.returncode == 0, ended.stderr
            return json.loads(ended.stdout)

        assert flash("--debug")["added"] == list(debug)
        assert flash("--debug")["unchanged"] == len(debug)
        asked = ansim("test", "--port", board.port)
        assert "does not know its cabinet yet" in asked.stderr
        assert flash("--dry-run")["changed"] == compiled
        assert flash()["changed"] == compiled
        assert flash()["unchanged"] == len(plain)
