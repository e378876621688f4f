"""Espressif's esptool as a program of its own (its licence is the GPL: it is run, never imported),
and what it says when it fails.
"""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from typing import NamedTuple

from host_tools.errors import UserError

_VERSION_MIN = 5
_INSTALL = "`pip install 'ansim[esptool]'`, then run the command again."
_VERSION = re.compile(r"esptool(?:\.py)? v(\d+)")
_BORDER = " \t│|╭╮╰╯─━┃┏┓┗┛"
_FATAL = re.compile(r"^(?:ERROR: )?(?:A (?:fatal|serial exception) error occurred: )?(.*)$")
_PERCENT = re.compile(r"(\d+(?:\.\d+)?)%")

#: Hears how far a write is, in thousandths.
Progress = Callable[[int, int], None]


class Ended(NamedTuple):
    """How a run ended: its exit code, and all that it said."""

    code: int
    said: str

    @property
    def cause(self) -> str:
        """Why it failed, in one line."""
        return cause(self.said)


class Esptool:
    """The installed esptool for one chip at one port.

    Raises UserError when there is none, or one that is too old.
    """

    def __init__(self, chip: str, port: str) -> None:
        self._command = [*_program(), "--chip", chip, "--port", port]

    def run(
        self, *arguments: str, after: str = "hard-reset", progress: Progress = lambda done, total: None
    ) -> Ended:
        """Runs `esptool ARGUMENTS` to its end; Ctrl-C ends both."""
        command = [*self._command, "--after", after, *arguments]
        surroundings = os.environ | {"COLUMNS": "1000", "NO_COLOR": "1", "PYTHONUNBUFFERED": "1"}
        said = ""
        with subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            env=surroundings,
            text=True,
            errors="replace",
        ) as process:
            # Universal newlines: a progress bar is a line each time it moves.
            for line in process.stdout or ():
                said += line
                if line.startswith("Writing at") and (found := _PERCENT.search(line)):
                    progress(round(float(found[1]) * 10), 1000)
        version = _VERSION.search(said)
        if version and int(version[1]) < _VERSION_MIN:
            raise UserError(
                f"This esptool is of version {version[1]}, and {_VERSION_MIN} is needed: {_INSTALL}",
                code="esptool",
            )
        return Ended(process.returncode, said)


def cause(said: str) -> str:
    """The line of an output that says why it ended, without frames,
    borders and the words that each of them has.
    """
    lines = [line.strip(_BORDER) for line in said.splitlines()]
    box = next((number for number, line in enumerate(lines) if line == "Error"), None)
    if box is not None:
        end = next((number for number in range(box + 1, len(lines)) if not lines[number]), len(lines))
        return " ".join(lines[box + 1 : end]) or "no reason given"
    errors = [line for line in lines if "error occurred" in line or line.startswith("ERROR:")]
    reason = (errors or [line for line in lines if line] or ["no reason given"])[0 if errors else -1]
    found = _FATAL.match(reason)
    return (found[1] if found else reason).strip() or "no reason given"


def _program() -> list[str]:
    """Esptool beside this ansim, else the one on the PATH."""
    if importlib.util.find_spec("esptool"):
        return [sys.executable, "-m", "esptool"]
    if found := shutil.which("esptool"):
        return [found]
    raise UserError(f"esptool is not installed: {_INSTALL}", code="esptool")
