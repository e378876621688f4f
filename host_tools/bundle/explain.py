"""What a board's traceback means: the linked firmware has short names, and the sources have those that people read."""

import re
from collections.abc import Mapping

_FRAME = re.compile(r'File "(?P<file>[\w.]+)", line \d+, in (?P<name>[\w<>]+)')
_BUILD = re.compile(r"^Build ([0-9a-f]{1,8})\s*$", re.MULTILINE)


def builds(text: str) -> list[int]:
    """The builds of which a board's console says that its tracebacks are, in its order, each once."""
    return list(dict.fromkeys(int(found, 16) for found in _BUILD.findall(text)))


def has_traceback(text: str) -> bool:
    """Whether there is anything to explain."""
    return bool(_FRAME.search(text))


def explained(text: str, symbols: Mapping[str, Mapping[str, list[str]]]) -> str:
    """The same text with the functions of the sources in its frames, and where they begin; several where a short name stands for several.

    `symbols` are those of `host_tools.bundle.linker.link.Linked`. A frame of something else stays as it is.
    """

    def named(found: re.Match[str]) -> str:
        names = symbols.get(found["file"], {}).get(found["name"])
        return f"{found['file']}: {' or '.join(names)}" if names else found[0]

    return _FRAME.sub(named, text)
