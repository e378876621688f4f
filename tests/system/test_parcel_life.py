"""One parcel's life in real time: real MicroPython, real ports, a real host and its database, by the commands a person would type."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

README = Path(__file__).parents[2] / "README.md"
PATIENCE_S = 240


def demo(*options: str) -> subprocess.CompletedProcess[str]:
    """`ansim demo --once`, without a terminal."""
    command = [sys.executable, "-m", "host_tools", "demo", "--once", *options]
    return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, stdin=subprocess.DEVNULL, check=False)


def without_figures(line: str) -> str:
    """A line of the timeline without the times, codes and doors that chance and the machine decide."""
    without_zone = re.sub(r"(\d\d:\d\d) [^\s,()]+", r"\1", re.sub(r"^ *[\d.]+ s", "", line))
    return re.sub(r"\d", "0", without_zone).strip()


@pytest.mark.parametrize("carrier", [(), ("--serial",)], ids=["tcp", "serial"])
def test_a_parcel_is_collected_in_the_database_within_a_boards_memory(carrier: tuple[str, ...]) -> None:
    ended = demo("--json", *carrier)
    assert ended.returncode == 0, ended.stderr
    moments = [json.loads(line) for line in ended.stdout.splitlines()]
    assert [moment["who"] for moment in moments if moment["who"] == "message"] == ["message"]
    assert moments[-1]["who"] == "ledger"
    assert moments[-1]["what"].endswith("collected")


def test_the_timeline_in_the_readme_is_what_the_demonstration_prints() -> None:
    ended = demo()
    assert ended.returncode == 0, ended.stderr
    block = README.read_text().split("<!-- timeline -->\n```\n")[1].split("```")[0]
    assert [without_figures(line) for line in block.splitlines()] == [without_figures(line) for line in ended.stdout.splitlines()]


def test_the_demonstration_leaves_nothing_running_and_nothing_behind(tmp_path: Path) -> None:
    environment = os.environ | {"TMPDIR": str(tmp_path)}
    command = [sys.executable, "-m", "host_tools", "demo", "--once"]
    ended = subprocess.run(
        command, capture_output=True, text=True, timeout=PATIENCE_S, stdin=subprocess.DEVNULL, env=environment, check=False
    )
    assert ended.returncode == 0, ended.stderr
    assert not list(tmp_path.glob("ansim-*"))
    running = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if path.exists()]
    assert not [command for command in running if str(tmp_path).encode() in command]


def test_playing_without_a_terminal_is_refused_in_one_sentence() -> None:
    command = [sys.executable, "-m", "host_tools", "demo"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL, check=False)
    assert ended.returncode == 2
    assert ended.stderr.count("\n") == 1
    assert "--once" in ended.stderr
