"""Both halves pass the type checker: the host with its packages, the firmware with the stubs of MicroPython on the ESP32."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize("project", ["pyproject.toml", "firmware/pyrightconfig.json"])
def test_the_type_checker_is_content(project: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "pyright", "--project", str(ROOT / project)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
