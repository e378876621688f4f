"""What flashes and tests boards needs no database and no simulator;
what does says in one sentence what brings it.
"""

import os
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from host_tools.extras import EXTRAS
from tests.kit.optional import without

ROOT = Path(__file__).parent.parent.parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def ansim(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    around = os.environ | without(folder, *EXTRAS) | {"HOME": str(folder)}
    command = [sys.executable, "-m", "host_tools", *arguments]
    return subprocess.run(
        command, cwd=ROOT, env=around, capture_output=True, text=True, timeout=60, check=False
    )


def test_each_optional_package_is_named_with_the_extra_that_brings_it() -> None:
    brought = {}
    for extra in ("apprise", "host", "postgres", "sim"):
        for line in PROJECT["optional-dependencies"][extra]:
            brought[line.partition("==")[0].partition("[")[0].lower().replace("_", "-")] = extra
    del brought["ansim"]
    found = {
        module: brought.get(names[0].lower().replace("_", "-"))
        for module, names in packages_distributions().items()
    }
    assert {module: extra for module, extra in found.items() if extra and module in EXTRAS} == EXTRAS
    assert set(brought.values()) == set(EXTRAS.values())


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("boards", "check", "wall_12"), "good"),
        (("flash", "--port", "/nowhere/port"), "There is no serial port"),
        (("test", "--port", "/nowhere/port"), "There is no serial port"),
        (("explain", "README.md"), "That holds no traceback"),
        (("decode", "README.md"), "garbage"),
        (("hands", "--port", "/nowhere/port", "state"), "/nowhere/port"),
    ],
    ids=lambda value: value[0],
)
def test_what_needs_no_optional_package_goes_without(
    arguments: tuple[str, ...], says: str, tmp_path: Path
) -> None:
    ended = ansim(tmp_path, *arguments)
    assert says in ended.stdout + ended.stderr
    assert "which is not installed" not in ended.stderr


@pytest.mark.parametrize(
    ("arguments", "extra"),
    [
        (("provision", "--port", "/dev/ptmx", "--board", "wall_12", "--site", "x", "--serial-link"), "host"),
        (("serve",), "host"),
        (("parcel", "list"), "host"),
        (("decode", "README.md", "--open"), "host"),
        (("virtual", "--board", "wall_12", "--port", "/nowhere/board"), "sim"),
        (("demo", "--once"), "host"),
    ],
    ids=lambda value: value[0],
)
def test_what_needs_one_says_in_a_sentence_how_to_get_it(
    arguments: tuple[str, ...], extra: str, tmp_path: Path
) -> None:
    ended = ansim(tmp_path, *arguments)
    assert ended.returncode == 1
    assert ended.stderr.count("\n") == 1, ended.stderr
    assert (
        f"which is not installed: `pip install 'ansim[{extra}]'`, then run the command again." in ended.stderr
    )
