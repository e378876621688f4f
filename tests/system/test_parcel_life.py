"""One parcel's life in real time: real MicroPython, real ports, a real host and its database,
by the commands a person would type.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

README = Path(__file__).parents[2] / "README.md"
PATIENCE_S = 240


def demo(*options: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """`ansim demo --once`, without a terminal."""
    command = [sys.executable, "-m", "host_tools", "demo", "--once", *options]
    around = os.environ | environment
    return subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        stdin=subprocess.DEVNULL,
        env=around,
        check=False,
    )


@pytest.fixture(scope="module")
def temporary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the demonstration keeps what it needs while it runs."""
    return tmp_path_factory.mktemp("demo")


@pytest.fixture(scope="module")
def over_tcp(temporary: Path) -> subprocess.CompletedProcess[str]:
    """One demonstration, as people see it."""
    return demo(TMPDIR=str(temporary))


def without_figures(line: str) -> str:
    """A line of the timeline without the times, codes and doors that chance and the machine decide."""
    without_zone = re.sub(r"(\d\d:\d\d) [^\s,()]+", r"\1", re.sub(r"^ *[\d.]+ s", "", line))
    return re.sub(r"\d", "0", without_zone).strip()


def test_a_parcel_is_collected_in_the_database_within_a_boards_memory() -> None:
    """Over the serial link, told for programs;
    the timeline in the README is the same over TCP, told for people.
    """
    ended = demo("--json", "--serial")
    assert ended.returncode == 0, ended.stderr
    moments = [json.loads(line) for line in ended.stdout.splitlines()]
    assert [moment["who"] for moment in moments if moment["who"] == "message"] == ["message"]
    assert moments[-1]["who"] == "ledger"
    assert moments[-1]["what"].endswith("collected")


def test_the_timeline_in_the_readme_is_what_the_demonstration_prints(
    over_tcp: subprocess.CompletedProcess[str],
) -> None:
    assert over_tcp.returncode == 0, over_tcp.stderr
    block = README.read_text().split("<!-- timeline -->\n```\n")[1].split("```")[0]
    assert [without_figures(line) for line in block.splitlines()] == [
        without_figures(line) for line in over_tcp.stdout.splitlines()
    ]
    messages = [line for line in over_tcp.stdout.splitlines() if re.match(r" *[\d.]+ s +message ", line)]
    assert len(messages) == 1
    assert re.fullmatch(r" *[\d.]+ s +ledger .*: collected", over_tcp.stdout.splitlines()[-1])


def test_the_demonstration_leaves_nothing_running_and_nothing_behind(
    over_tcp: subprocess.CompletedProcess[str], temporary: Path
) -> None:
    assert over_tcp.returncode == 0, over_tcp.stderr
    assert not list(temporary.glob("ansim-*"))
    running = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if path.exists()]
    assert not [command for command in running if str(temporary).encode() in command]


def test_playing_without_a_terminal_is_refused_in_one_sentence() -> None:
    command = [sys.executable, "-m", "host_tools", "demo"]
    ended = subprocess.run(
        command, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL, check=False
    )
    assert ended.returncode == 2
    assert ended.stderr.count("\n") == 1
    assert "--once" in ended.stderr
