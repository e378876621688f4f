"""What lands on a board, and the same as one file: the firmware linked and compiled,
its library, its texts, the start files as source.
"""

import hashlib
import importlib.util
import io
import json
import zipfile
from pathlib import Path
from typing import NamedTuple

from host_tools.errors import UserError

#: Run before and after everything else; kept as source so that they stay readable on the board.
#: In the order of their installation.
START_FILES = ("update.py", "boot.py", "main.py")
LIBRARY = "adafruit_bus_device"
#: Folders of the board whose whole content belongs to the firmware: what the bundle does not hold is removed.
OWNED_FOLDERS = ("/locker", f"/lib/{LIBRARY}")
_SYMBOLS, _BOARD, _ERRANDS, _LINKED = "symbols.json", "board", "errands/", "linked/"
_AT_ALL_TIMES = (1980, 1, 1, 0, 0, 0)  # the same content gives the same file


class Bundle(NamedTuple):
    """`files` by absolute path on the board, in the order of their installation;
    `errands` by name, as a board with these files runs them.

    `symbols` are those of `host_tools.bundle.linker.link.Linked`; `build` is the number by which a board with
    these files says which they are (`locker.shell.app.BUILD`).

    `lines` and `linked` are those of a bundle for debugging, whose tracebacks carry lines: where each line is
    in the sources, as in `Linked`, and the linked source of each module by its path (`locker/core.py`).
    Others have neither.
    """

    files: dict[str, bytes]
    errands: dict[str, str]
    symbols: dict[str, dict[str, list[str]]]
    build: int
    lines: dict[str, list[str]]
    linked: dict[str, str]


def packed(made: Bundle) -> bytes:
    """A bundle as one file: a ZIP archive in the order of installation."""
    whole = io.BytesIO()
    entries = [(f"{_BOARD}{path}", content) for path, content in made.files.items()]
    entries += [(f"{_ERRANDS}{name}", text.encode()) for name, text in sorted(made.errands.items())]
    entries += [(f"{_LINKED}{path}", text.encode()) for path, text in sorted(made.linked.items())]
    names = {"build": made.build, "symbols": made.symbols, "lines": made.lines}
    entries += [(_SYMBOLS, json.dumps(names, sort_keys=True).encode())]
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in entries:
            archive.writestr(zipfile.ZipInfo(path, _AT_ALL_TIMES), content, zipfile.ZIP_DEFLATED)
    return whole.getvalue()


def unpacked(content: bytes) -> Bundle:
    """The bundle in such a file.

    Raises BadZipFile, KeyError or ValueError for another one, or a damaged one.
    """
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    names = json.loads(parts[_SYMBOLS])
    return Bundle(
        {name.removeprefix(_BOARD): part for name, part in parts.items() if name.startswith(f"{_BOARD}/")},
        {
            name.removeprefix(_ERRANDS): part.decode()
            for name, part in parts.items()
            if name.startswith(_ERRANDS)
        },
        names["symbols"],
        names["build"],
        names["lines"],
        {
            name.removeprefix(_LINKED): part.decode()
            for name, part in parts.items()
            if name.startswith(_LINKED)
        },
    )


def module_of(path: str) -> str:
    """What a source is called in the tracebacks of a board: `locker.core`, but `locker.__init__`."""
    return path.removesuffix(".py").replace("/", ".")


def library_folder() -> Path:
    """Where the library that boards get is installed. Raises UserError when it is not."""
    # Finds it without running it: on CPython it would pull in half of Blinka.
    spec = importlib.util.find_spec(LIBRARY)
    if spec is None or not spec.submodule_search_locations:
        raise UserError("The library adafruit-circuitpython-busdevice is not installed: install ansim again.")
    return Path(next(iter(spec.submodule_search_locations)))


def digest(files: dict[str, bytes]) -> str:
    """SHA-256 (hex) over paths and contents, in order of the paths:
    one number that says whether a board holds exactly these files.
    """
    whole = hashlib.sha256()
    for path in sorted(files):
        whole.update(path.encode() + b"\0" + hashlib.sha256(files[path]).digest())
    return whole.hexdigest()
