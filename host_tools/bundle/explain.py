"""What a board's traceback means: the linked firmware has short names,
and the sources have those that people read.
"""

import re
from collections.abc import Mapping

_FRAME = re.compile(r'File "(?P<file>[\w.]+)", line (?P<line>\d+), in (?P<name>[\w<>]+)')
# Anywhere in a line: terminals put times and colours around it.
_BUILD = re.compile(r"(?:\x1b\[[0-9;]*m|\b)Build ([0-9a-fA-F]{1,8})(?![\w.])")


def builds(text: str) -> list[int]:
    """The builds of which a board's console says that its tracebacks are, in its order, each once."""
    return list(dict.fromkeys(int(found, 16) for found in _BUILD.findall(text)))


def begins_amidst(text: str) -> bool:
    """Whether frames stand ahead of the first line that says a build: nobody knows of which they are."""
    said, frame = _BUILD.search(text), _FRAME.search(text)
    return bool(said and frame and frame.start() < said.start())


def has_traceback(text: str) -> bool:
    """Whether there is anything to explain."""
    return bool(_FRAME.search(text))


def has_lines(text: str) -> bool:
    """Whether a frame is beyond line 1, where a firmware without line numbers has all of its own."""
    ours = (found for found in _FRAME.finditer(text) if found["file"].startswith("locker."))
    return any(found["line"] != "1" for found in ours)


def explained(
    text: str,
    symbols: Mapping[str, Mapping[str, list[str]]],
    lines: Mapping[str, list[str]] | None = None,
    debug: int | None = None,
) -> str:
    """The same text with the functions of the sources in its frames, and where they begin;
    several where a short name stands for several.

    `symbols` and `lines` are those of `host_tools.bundle.linker.link.Linked`. A frame of the build `debug`,
    whose lines these are, gets the very file, line and function instead; so do all where no build is said. A
    frame of something else stays as it is, and so does one ahead of the first build.
    """
    said = [(found.start(), int(found[1], 16)) for found in _BUILD.finditer(text)]

    def named(found: re.Match[str]) -> str:
        build = next((build for at, build in reversed(said) if at < found.start()), None if said else debug)
        if said and build is None:
            return found[0]
        known = lines.get(found["file"], []) if lines and build == debug else []
        if place := known[int(found["line"]) - 1] if 0 < int(found["line"]) <= len(known) else "":
            return _in_the_sources(place, found["name"])
        names = symbols.get(found["file"], {}).get(found["name"])
        return f"{found['file']}: {' or '.join(names)}" if names else found[0]

    return _FRAME.sub(named, text)


def _in_the_sources(place: str, name: str) -> str:
    """The frame as Python would print it; what has no name of its own stays within its function."""
    where, _, function = place.partition(" ")
    path, _, line = where.rpartition(":")
    inner = f".{name}" if name.startswith("<") and name != function else ""
    return f'File "{path}", line {line}, in {function}{inner}'
