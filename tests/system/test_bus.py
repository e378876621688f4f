"""Two real MicroPython boards on one RS-485 bus, behind a real host."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
PATIENCE_S = 240


def test_two_real_boards_on_one_bus_serve_a_parcel_and_a_call_for_help() -> None:
    command = [sys.executable, "-m", "tests.system.row_of_boards"]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE_S, stdin=subprocess.DEVNULL, check=False)
    assert ended.returncode == 0, ended.stderr
