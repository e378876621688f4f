"""The real MicroPython, and how many processor instructions it takes:
exact to the last one from run to run.
"""

import os
import platform
import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from host_tools.errors import UserError
from tests.bench import REPOSITORY
from tests.native import micropython

_COLLECTED = re.compile(r"Collected : (\d+)")
_SUMMARY = re.compile(r"^summary: (\d+)$", re.MULTILINE)


def _named(path: str | Path) -> str:
    """A file of the repository as seen from its root: the interpreter keeps the names of what it runs,
    and where the repository lies must not change its heap.
    """
    path = Path(path)
    return str(path.relative_to(REPOSITORY) if path.is_relative_to(REPOSITORY) else path)


def _run(command: list[str], paths: Sequence[Path]) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "MICROPYPATH": ":".join(map(_named, paths)), "PYTHONHASHSEED": "0"}
    ended = subprocess.run(
        command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False
    )
    if ended.returncode:
        raise UserError(f"{' '.join(command)} failed: {(ended.stderr + ended.stdout).strip()[-800:]}")
    return ended


def _interpreter(script: Path, arguments: Sequence[object]) -> list[str]:
    return [_named(micropython()), "-X", "heapsize=16m", _named(script), *map(str, arguments)]


def output(script: Path, *arguments: object, paths: Sequence[Path]) -> str:
    """What a script prints on MicroPython, with these folders to import from."""
    return _run(_interpreter(script, arguments), paths).stdout


def instructions(script: Path, *arguments: object, paths: Sequence[Path]) -> int:
    """Processor instructions of a whole run of a script on MicroPython, by valgrind's callgrind.

    Addresses and hashes are the same in each run, so the count is too.
    Raises UserError when valgrind is missing.
    """
    return _number(_COLLECTED, _callgrind(script, arguments, paths, os.devnull))


def stretches(script: Path, *arguments: object, paths: Sequence[Path]) -> list[int]:
    """Processor instructions of each stretch of one run of a script, in order:
    from a call of gc.disable() to the next one of gc.enable().

    Every call of gc.enable() in the script must end one. Raises UserError as `instructions` does.
    """
    with tempfile.TemporaryDirectory(prefix="ansim-bench-") as folder:
        _callgrind(
            script, arguments, paths, f"{folder}/part", "--zero-before=gc_disable", "--dump-before=gc_enable"
        )
        parts = sorted(Path(folder).glob("part.*"), key=lambda path: int(path.suffix[1:]))
        return [_number(_SUMMARY, path.read_text()) for path in parts]


def _number(pattern: re.Pattern[str], said: str) -> int:
    found = pattern.search(said)
    if not found:
        raise UserError(f"callgrind told no count: {said.strip()[-800:]}")
    return int(found[1])


def _callgrind(
    script: Path, arguments: Sequence[object], paths: Sequence[Path], out: str, *options: str
) -> str:
    """What callgrind says of a run."""
    for tool in ("valgrind", "setarch"):
        if not shutil.which(tool):
            raise UserError(
                f"{tool} is missing: install it (apt-get install valgrind util-linux) "
                "and run the bench again."
            )
    callgrind = [
        "valgrind",
        "--tool=callgrind",
        "--toggle-collect=micropython_unix_main",
        f"--callgrind-out-file={out}",
        *options,
    ]
    command = ["setarch", platform.machine(), "-R", *callgrind, *_interpreter(script, arguments)]
    return _run(command, paths).stderr


def instructions_each(
    script: Path, what: str, *, paths: Sequence[Path], fewer: int = 200, more: int = 1200
) -> float:
    """Instructions of one turn of `script WHAT run TIMES`:
    what `more` turns cost beyond `fewer`, start and set-up left out.
    """
    counts = [instructions(script, what, "run", times, paths=paths) for times in (fewer, more)]
    return (counts[1] - counts[0]) / (more - fewer)
