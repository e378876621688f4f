"""No decision of the core is untested: its own example tests take every branch,
without the properties and the simulator.
"""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
FOLDERS = ["tests/contract", "tests/core"]
EXAMPLES = [
    "-m",
    "pytest",
    *FOLDERS,
    "-k",
    "not micropython",
    "--ignore-glob=*_properties.py",
    "-p",
    "no:cacheprovider",
]


def test_the_example_tests_of_the_core_take_every_branch_of_it(tmp_path: Path) -> None:
    data = {**os.environ, "COVERAGE_FILE": str(tmp_path / "coverage")}
    for arguments in (["run", *EXAMPLES], ["report"]):
        ended = subprocess.run(
            [sys.executable, "-m", "coverage", *arguments],
            cwd=ROOT,
            env=data,
            capture_output=True,
            text=True,
            check=False,
        )
        assert ended.returncode == 0, ended.stdout + ended.stderr
