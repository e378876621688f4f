"""Both halves pass the type checker: the host with its packages,
the firmware with the stubs of MicroPython on the ESP32.

What it cannot see: two arguments of one type the wrong way round,
another constant of the same kind, a wrong number.
"""

import ast
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests import planted

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize("project", ["pyproject.toml", "firmware/pyrightconfig.json"])
def test_the_type_checker_is_content(project: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "pyright", "--project", str(ROOT / project)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_a_slip_in_the_core_is_seen(tmp_path: Path) -> None:
    """A misspelt name, a missing argument, two of different types the wrong way round:
    23 of them, each on a line of its own.
    """
    firmware = tmp_path / "firmware"
    shutil.copytree(ROOT / "firmware" / "locker", firmware / "locker")
    settings = json.loads((ROOT / "firmware" / "pyrightconfig.json").read_text())
    stubs = str(ROOT / ".venv" / "esp32-stubs")
    settings |= {
        "include": ["locker/core"],
        "typeshedPath": stubs,
        "executionEnvironments": [{"root": ".", "extraPaths": [stubs]}],
    }
    (firmware / "pyrightconfig.json").write_text(json.dumps(settings))
    slips = planted.plant(firmware / "locker" / "core", seed=1, count=23)
    command = [sys.executable, "-m", "pyright", "--project", str(firmware), "--outputjson"]
    ended = subprocess.run(command, cwd=firmware, capture_output=True, text=True, check=False)
    seen = {
        (Path(one["file"]), one["range"]["start"]["line"] + 1)
        for one in json.loads(ended.stdout)["generalDiagnostics"]
    }
    assert len(slips) == 23
    assert {slip.kind for slip in slips} == set(planted.KINDS)
    assert [slip for slip in slips if (slip.path, slip.line) not in seen] == []


@pytest.mark.parametrize("package", ["contract", "core", "wire", "drivers", "hal", "shell"])
def test_every_function_of_the_firmware_says_its_types(package: str) -> None:
    """What it takes and what it gives: what is not said is guessed, and a guess agrees with its slip."""
    silent = [
        f"{path.name}:{node.lineno} {node.name}"
        for path in sorted((ROOT / "firmware" / "locker" / package).rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not says_its_types(node)
    ]
    assert silent == []


def says_its_types(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    given = function.args
    taken = [*given.posonlyargs, *given.args, *given.kwonlyargs, *filter(None, (given.vararg, given.kwarg))]
    gives = function.returns is not None or function.name == "__init__"
    return gives and all(one.annotation or one.arg == "self" for one in taken)
