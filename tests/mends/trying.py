"""A fault put back into a copy of the tree, in which its tests must fail."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.mends import REPOSITORY
from tests.mends.mend import Mend

_LEFT_OUT = shutil.ignore_patterns(
    ".git", ".venv", "__pycache__", ".hypothesis", ".*_cache", "build", "dist", ".demo", "*.egg-info"
)
_TESTS_FAILED = 1  # pytest's exit code when tests ran and some failed; an error of collection is another one
_TRY_S_MAX = 900


def outcome(mend: Mend) -> str:
    """Empty when at least one of the mend's tests fails in a copy that has the fault again;
    else what happened instead.
    """
    with tempfile.TemporaryDirectory(prefix="ansim-mend-") as folder:
        copy = Path(folder, "ansim")
        shutil.copytree(REPOSITORY, copy, ignore=_LEFT_OUT)
        (copy / ".venv").symlink_to(REPOSITORY / ".venv")
        mend.put_back(copy)
        # Before what the virtual environment has installed, for the commands that the tests start too.
        environment = {
            **os.environ,
            "PYTHONPATH": f"{copy}{os.pathsep}{copy / 'firmware'}",
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-x",
            "-q",
            "-p",
            "no:cacheprovider",
            "-p",
            "no:xdist",
            *mend.tests,
        ]
        try:
            ended = subprocess.run(
                command,
                cwd=copy,
                env=environment,
                capture_output=True,
                text=True,
                timeout=_TRY_S_MAX,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return f"its tests did not end within {_TRY_S_MAX} s"
    if ended.returncode == _TESTS_FAILED:
        return ""
    return (
        f"its tests pass with the fault in the tree (pytest's exit code {ended.returncode}): "
        f"{(ended.stdout + ended.stderr)[-1500:]}"
    )
