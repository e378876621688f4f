"""`ansim test` on the real interpreter, with a person whose hands are in the simulated cabinet."""

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from host_tools.bench.bench import Bench
from host_tools.boards.board_file import find_board
from host_tools.bundle.ready import errand
from host_tools.device.port import Device
from host_tools.simulator.virtual_board.control import HandsClient
from tests.system.virtual_port import VirtualPort, ansim, virtual_board

Person = Callable[[HandsClient, str], None]


def ready(folder: Path, board: VirtualPort, name: str) -> None:
    """Flashes and provisions."""
    for command in (
        ("flash", "--port", board.port),
        (
            "provision",
            "--port",
            board.port,
            "--board",
            name,
            "--site",
            "bench",
            "--host",
            "127.0.0.1:1",
            "--host-unchecked",
        ),
    ):
        data = ("--data", str(folder / "data")) if command[0] == "provision" else ()
        ended = ansim(*command, *data)
        assert ended.returncode == 0, ended.stderr


def careful(hands: HandsClient, wanted: str) -> None:
    """Does what the bench test asks for."""
    if found := re.match(r"Door (\d+): (put|take|close)", wanted):
        hands.ask(found[2], int(found[1]))
    elif wanted.startswith("Press each key"):
        hands.ask("keys", wanted.partition(": ")[2].replace(" ", ""))
    elif wanted.startswith("Press the bell"):
        hands.ask("bell")
    elif found := re.match(r"(Open|Shut) the cover", wanted):
        hands.ask("tamper", found[1] == "Open")


def examine(board: VirtualPort, report: Path, person: Person) -> tuple[int, dict]:
    """Runs the test with that person; exit code and report."""
    command = [
        sys.executable,
        "-m",
        "host_tools",
        "test",
        "--port",
        board.port,
        "--report",
        str(report),
        "--json",
        "--patience",
        "4",
    ]
    with (
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process,
        HandsClient(Path(board.port)) as hands,
    ):
        assert process.stderr is not None
        assert process.stdout is not None
        for line in process.stderr:
            if line.startswith("> "):
                person(hands, line[2:].strip())
        told = json.loads(process.stdout.read())
    assert json.loads(report.read_text()) == told
    return process.returncode, told


def outcomes(report: dict) -> dict[str, str]:
    return {phase["name"]: phase["outcome"] for phase in report["phases"]}


@pytest.fixture(scope="module")
def devkit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VirtualPort]:
    """A cabinet in service; each test leaves it sound."""
    folder = tmp_path_factory.mktemp("devkit")
    with virtual_board(folder, "devkit_4") as board:
        ready(folder, board, "devkit_4")
        yield board


def test_a_sound_cabinet_passes_every_phase_and_leaves_a_report(devkit: VirtualPort, tmp_path: Path) -> None:
    code, report = examine(devkit, tmp_path / "report.json", careful)
    assert code == 0, report
    assert report["outcome"] == "PASS"
    assert report["board"] == "devkit_4"
    assert report["cabinet"] == 1
    assert set(outcomes(report).values()) == {"PASS"}
    doors = [phase for phase in report["phases"] if phase["name"].startswith("door 0")]
    assert len(doors) == 4
    for phase in doors:
        opening = phase["measurements"][0]
        assert 0 < opening["value"] < opening["max"]


def test_a_blocked_door_and_a_dead_key_are_found_and_the_rest_is_tested_on(
    devkit: VirtualPort, tmp_path: Path
) -> None:
    def without_eight(hands: HandsClient, wanted: str) -> None:
        careful(hands, wanted.replace("8 ", ""))

    devkit.hands("block", "2")
    code, report = examine(devkit, tmp_path / "report.json", without_eight)
    devkit.hands("unblock", "2")
    assert code == 1
    found = outcomes(report)
    assert {name for name, outcome in found.items() if outcome == "FAIL"} == {"door 02", "keypad"}
    keypad = next(phase for phase in report["phases"] if phase["name"] == "keypad")
    assert [one["name"] for one in keypad["measurements"] if not one["passed"]] == ["key 8"]


def small_wall(folder: Path) -> str:
    """The first two doors of the wall, with everything else that it has; the path of its board file."""
    parts = find_board("wall_12").read_text().split("[[door]]")
    path = folder / "wall_2.toml"
    path.write_text("[[door]]".join(parts[:3]))
    return str(path)


def test_bell_and_tamper_loop_are_tried_where_there_are_any(tmp_path: Path) -> None:
    wall = small_wall(tmp_path)

    def with_a_cut_wire(hands: HandsClient, wanted: str) -> None:
        careful(hands, wanted)
        hands.ask("tamper", True)

    with virtual_board(tmp_path, wall) as board:
        ready(tmp_path, board, wall)
        code, report = examine(board, tmp_path / "report.json", careful)
        assert code == 0, report
        assert {"bell", "tamper"} <= set(outcomes(report))
        code, report = examine(board, tmp_path / "report.json", with_a_cut_wire)
    assert (code, outcomes(report)["bell"], outcomes(report)["tamper"]) == (1, "PASS", "FAIL")


def test_a_door_with_something_inside_is_not_opened(devkit: VirtualPort, tmp_path: Path) -> None:
    for act in ("force", "put", "close"):
        devkit.hands(act, "1")
    code, report = examine(devkit, tmp_path / "report.json", careful)
    for act in ("force", "take", "close"):
        devkit.hands(act, "1")
    assert code == 1
    assert outcomes(report)["doors at rest"] == "FAIL"
    assert outcomes(report)["door 01"] == "SKIP"
    assert outcomes(report)["door 02"] == "PASS"


def test_a_board_that_is_not_ready_is_told_what_to_do_first(tmp_path: Path) -> None:
    with virtual_board(tmp_path, "devkit_4") as board:
        ended = ansim("test", "--port", board.port)
        assert (ended.returncode, ended.stdout) == (1, "")
        assert "run `ansim flash" in ended.stderr
        assert ansim("flash", "--port", board.port).returncode == 0
        assert "run `ansim provision" in ansim("test", "--port", board.port).stderr


# Of heap with 64-bit pointers: what stands in for a board's memory, see docs/architecture.md.
BOARD_KIB = "192"


def test_large_pieces_of_memory_are_left_for_the_test(tmp_path: Path) -> None:
    with virtual_board(tmp_path, "tower_24", "--heap-kib", BOARD_KIB) as board:
        ready(tmp_path, board, "tower_24")
        with Device(str(board.port), errand) as device:
            bench = Bench(device, lambda text: None, 10, hands=False, senses=False)
            bench.load()
            device.call("bench", "begin")
            device.call("bench", "connect", ())
            said = device._transport.exec("import gc, micropython\ngc.collect()\nmicropython.mem_info()")
    (blocks,) = re.findall(r"max free sz: (\d+)", said.decode())
    assert int(blocks) * 32 >= 16_384, "8,000 bytes were left where all packages were loaded at once"


@pytest.mark.parametrize(("name", "options"), [("wall_12", ("--unattended",)), ("tower_24", ("--dry-run",))])
def test_the_test_fits_into_the_memory_of_a_board(
    name: str, options: tuple[str, ...], tmp_path: Path
) -> None:
    with virtual_board(tmp_path, name, "--heap-kib", BOARD_KIB) as board:
        ready(tmp_path, board, name)
        ended = ansim("test", "--port", board.port, "--json", *options)
    assert "error" not in json.loads(ended.stdout), ended.stdout
    assert "ERROR" not in outcomes(json.loads(ended.stdout)).values()
