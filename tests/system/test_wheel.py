"""An installed wheel carries the firmware ready-made:
flashing, provisioning and testing do not wait for the linker. No optional package is there.
"""

import json
import os
import resource
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from host_tools.bundle.contents import packed
from host_tools.bundle.making import make
from host_tools.extras import EXTRAS
from tests.kit.optional import without
from tests.system.virtual_port import virtual_board

SMALL_PROGRAM = "import asyncio, click, json"
SMALL_S = 0.135  # of a processor that nobody shares
ROOT = Path(__file__).parent.parent.parent
#: What only the making of a bundle needs.
WORKSHOP = ("host_tools/bundle/linker", "host_tools/bundle/making.py")


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, unpacked where an installer would."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True, timeout=300)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    for name in WORKSHOP:
        path = folder / "site" / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    return folder / "site"


def run(installed: Path, cache: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    hidden = without(installed.parent, *EXTRAS)["PYTHONPATH"]
    around = os.environ | {"PYTHONPATH": f"{hidden}{os.pathsep}{installed}", "XDG_CACHE_HOME": str(cache)}
    command = [sys.executable, "-m", "host_tools", *arguments]
    return subprocess.run(
        command, cwd=installed.parent, env=around, capture_output=True, text=True, timeout=120, check=False
    )


def test_the_wheel_carries_what_its_sources_make(installed: Path) -> None:
    carried = installed / "host_tools" / "_carried"
    assert (carried / "firmware.zip").read_bytes() == packed(make())
    assert (carried / "firmware_debug.zip").read_bytes() == packed(make(debug=True))


def test_the_linked_source_and_its_map_lie_beside_the_wheel(installed: Path, tmp_path: Path) -> None:
    """As `ansim explain --source` writes them from within it, which needs no linker."""
    (beside,) = installed.parent.glob("ansim-*-linked")
    ended = run(installed, tmp_path / "cache", "explain", "--source", str(tmp_path / "linked"))
    assert ended.returncode == 0, ended.stderr
    files = {path.relative_to(beside) for path in beside.rglob("*") if path.is_file()}
    assert Path("locker/core.py") in files
    assert {path: (beside / path).read_text() for path in files} == {
        path: (tmp_path / "linked" / path).read_text() for path in files
    }
    assert not (tmp_path / "cache").exists()


def test_a_board_is_flashed_and_asked_without_the_linker_and_keeps_what_a_checkout_puts_on_it(
    installed: Path, tmp_path: Path
) -> None:
    with virtual_board(tmp_path) as board:
        first = run(installed, tmp_path / "cache", "flash", "--port", board.port, "--json")
        assert first.returncode == 0, first.stderr
        refused = run(installed, tmp_path / "cache", "test", "--port", board.port)
        assert "does not know its cabinet yet" in refused.stderr
        ended = subprocess.run(
            [sys.executable, "-m", "host_tools", "flash", "--port", board.port, "--json"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
    told = json.loads(ended.stdout)
    assert (told["added"], told["changed"], told["removed"]) == ([], [], [])
    assert len(json.loads(first.stdout)["added"]) == told["unchanged"]


@pytest.mark.parametrize(
    "command", [("flash",), ("test",), ("provision", "--board", "wall_12", "--site", "x", "--serial-link")]
)
def test_a_missing_port_is_told_within_half_a_second_of_the_processor(
    command: tuple[str, ...], installed: Path, tmp_path: Path
) -> None:
    """The best of three, beside a small program: where others share a processor its second holds less."""

    def told() -> None:
        assert (
            "There is no serial port"
            in run(installed, tmp_path / "cache", *command, "--port", "/nowhere/port").stderr
        )

    def peer() -> None:
        subprocess.run([sys.executable, "-c", SMALL_PROGRAM], check=True)

    spent = [(seconds_of(told), seconds_of(peer)) for _ in range(3)]
    assert not (tmp_path / "cache").exists()
    cost, small = map(min, zip(*spent, strict=True))
    assert cost < max(0.5, 0.5 * small / SMALL_S), spent


def seconds_of(act: Callable[[], None]) -> float:
    """What the processes that it starts and waits for cost, in seconds of a processor."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    act()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
