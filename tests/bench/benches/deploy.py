"""How long staff wait for the firmware on a board, beside mpremote's copy:
from an installed wheel, cold, over a line of 115,200 baud.
"""

import compileall
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from host_tools.errors import UserError
from tests.bench import REPOSITORY, Table
from tests.bench.slow_line import SlowLine
from tests.system.conftest import Board

EDITED = "firmware/locker/core/door.py"
FIRST_TIMES, NEXT_TIMES, EDITED_TIMES = 3, 4, 1  # how many times faster than mpremote
NOTHING_S, MISSING_S = 1.5, 0.5
_RUNS = 5  # the best of so many counts: other programs run too
_LEFT_OUT = (".git", ".venv", ".hypothesis", "__pycache__", ".pytest_cache", ".ruff_cache")


def run() -> list[Table]:
    """A promise that is missed says so in its row:
    on a busy machine starts of programs weigh more than they do for staff.
    """
    with tempfile.TemporaryDirectory(prefix="ansim-deploy-") as name:
        return [_measured(Path(name))]


def _measured(folder: Path) -> Table:
    checkout = folder / "checkout"
    shutil.copytree(REPOSITORY, checkout, ignore=shutil.ignore_patterns(*_LEFT_OUT))
    today = _wheel(checkout, folder / "today")
    _edit(checkout / EDITED, 1)
    later = _wheel(checkout, folder / "later")
    files, after = _files(today), _files(later)
    changed = [path for path in after if files.get(path) != after[path]]
    with _board(folder, "ours") as ours, _board(folder, "theirs") as theirs:
        theirs_first = _copy(theirs, folder / "copied", files)
        ours_first = _flash(today, ours, folder / "cache")
        nothing = min(_flash(today, ours, folder / "cache") for _ in range(_RUNS))
        ours_next, theirs_next, ours_edited, theirs_edited = [], [], [], []
        for turn in range(_RUNS):
            site, content = ((later, after), (today, files))[turn % 2]
            theirs_next.append(_copy(theirs, folder / "copied", {path: content[path] for path in changed}))
            ours_next.append(_flash(site, ours, folder / "cache"))
        _flash(checkout, ours, folder / "cache")
        for turn in range(_RUNS):
            _edit(checkout / EDITED, turn + 2)
            source = (checkout / EDITED).read_bytes()
            theirs_edited.append(_copy(theirs, folder / "copied", {f"/locker/{Path(EDITED).name}": source}))
            ours_edited.append(_flash(checkout, ours, folder / "cache"))
    missing = {command[0]: _missing(today, folder, *command) for command in _COMMANDS}
    rows = [
        _beside("first deploy", ours_first, theirs_first, FIRST_TIMES),
        _beside("the next release, one source changed", min(ours_next), min(theirs_next), NEXT_TIMES),
        _beside("in a checkout, one source edited", min(ours_edited), min(theirs_edited), EDITED_TIMES),
        _under("nothing changed", nothing, NOTHING_S),
        *(_under(f"no such port: {name} (processor)", took, MISSING_S) for name, took in missing.items()),
    ]
    note = (
        "Wall time of the whole command, each a process of its own; ours waits until the board has started "
        "again. The wheel is unpacked and compiled, and the computer flashed nothing before. mpremote "
        f"copies the same files, then those that differ ({', '.join(changed)}), then the edited source. The "
        f"first deploy once, else the best of {_RUNS}. "
        f"{os.getloadavg()[0]:.1f} programs waited for the {os.cpu_count()} processors meanwhile."
    )
    return Table(
        "firmware to a board at 115,200 baud",
        ("what", "ansim, s", "mpremote, s", "promised", "is"),
        rows,
        note,
    )


_COMMANDS = (("flash",), ("test",), ("provision", "--board", "wall_12", "--site", "x", "--serial-link"))


def _beside(what: str, ours: float, theirs: float, times: int) -> tuple[str, float, float, str, str]:
    kept = f"{theirs / ours:.1f} times" + ("" if theirs >= ours * times else ": MISSED")
    return what, round(ours, 2), round(theirs, 2), f"{times} times faster" if times > 1 else "no slower", kept


def _under(what: str, took: float, most: float) -> tuple[str, float, str, str, str]:
    return what, round(took, 2), "", f"under {most} s", "kept" if took < most else "MISSED"


def _wheel(checkout: Path, folder: Path) -> Path:
    """The wheel of a checkout, installed: unpacked, and compiled as pip does."""
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=checkout, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    compileall.compile_dir(folder / "site", quiet=1)
    return folder / "site"


def _files(site: Path) -> dict[str, bytes]:
    """What a wheel puts on a board."""
    with zipfile.ZipFile(site / "host_tools" / "_carried" / "firmware.zip") as archive:
        return {
            name.removeprefix("board"): archive.read(name)
            for name in archive.namelist()
            if name.startswith("board/")
        }


def _edit(file: Path, number: int) -> None:
    """Another text in the first function of a source, so that what is linked of it differs."""
    text = file.read_text()
    marked = f"    if len('edited {number}') > 99:\n        raise ValueError({number})\n"
    lines = text.split("\n")
    start = next(at for at, line in enumerate(lines) if line.startswith("def ") and line.endswith(":"))
    while '"""' not in lines[start + 1]:
        start += 1
    start += 1
    while not (
        (lines[start].rstrip().endswith('"""') and lines[start].strip() != '"""')
        or lines[start].strip() == '"""'
    ):
        start += 1
    file.write_text("\n".join([*lines[: start + 1], marked.rstrip("\n"), *lines[start + 1 :]]))


@contextmanager
def _board(folder: Path, name: str) -> Iterator[str]:
    """The slow port of a board with nothing on it but MicroPython."""
    (folder / name).mkdir()
    with Board(folder / name, "wall_12", "--heap-kib", "256") as board, SlowLine(board.port) as line:
        yield line.port


def _flash(site: Path, port: str, cache: Path) -> float:
    """Seconds of an `ansim flash`; what the computer keeps of what it has flashed lies in `cache`."""
    return _timed([sys.executable, "-m", "host_tools", "flash", "--port", port], site, cache)


def _copy(port: str, folder: Path, files: dict[str, bytes]) -> float:
    """Seconds of mpremote's copy of files."""
    shutil.rmtree(folder, ignore_errors=True)
    for path, content in files.items():
        (folder / path[1:]).parent.mkdir(parents=True, exist_ok=True)
        (folder / path[1:]).write_bytes(content)
    if len(files) == 1:
        ((path, _),) = files.items()
        words = ["cp", str(folder / path[1:]), f":{path}"]
    else:
        words = ["cp", "-r", *(str(entry) for entry in sorted(folder.iterdir())), ":"]
    return _timed([sys.executable, "-m", "mpremote", "connect", port, "fs", *words], folder, folder)


def _missing(site: Path, folder: Path, *command: str) -> float:
    """Seconds of the processor until it is said that there is no such port."""
    costs = []
    for _ in range(_RUNS):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        _timed(
            [sys.executable, "-m", "host_tools", *command, "--port", "/nowhere/port"],
            site,
            folder / "cache",
            code=1,
        )
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        costs.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return min(costs)


def _timed(command: list[str], site: Path, cache: Path, code: int = 0) -> float:
    around = os.environ | {"PYTHONPATH": str(site), "XDG_CACHE_HOME": str(cache)}
    begun = time.monotonic()
    ended = subprocess.run(command, cwd=site.parent, env=around, capture_output=True, text=True, check=False)
    took = time.monotonic() - begun
    if ended.returncode != code:
        raise UserError(f"`{' '.join(command[2:])}` failed: {ended.stderr.strip()}")
    return took
