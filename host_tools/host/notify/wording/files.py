"""Files of texts: read, and turned into templates."""

import tomllib
from collections.abc import Iterator
from typing import Any, NamedTuple

from host_tools.host.notify.wording.entries import LETTERS, Key
from host_tools.host.notify.wording.templates import Template, parse

BYTES_MAX = 1 << 20
_MARKS = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16", b"\x00": "UTF-16"}


class Fault(NamedTuple):
    """Something in a file of texts that cannot be used: where (an empty entry: all of it), and why."""

    file: str
    entry: str
    sentence: str


def read(content: bytes) -> dict[str, Any]:
    """The document in a file. Raises ValueError that says what is wrong with it."""
    if len(content) > BYTES_MAX:
        raise ValueError("the file is too large for texts: it has more than 1 MiB")
    try:
        return tomllib.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        kind = next((name for mark, name in _MARKS.items() if content.startswith(mark)), "another encoding")
        raise ValueError(f"the file is written in {kind}: save it as UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"the file is no TOML: {error}") from error
    except RecursionError as error:
        raise ValueError("the file is no TOML: it is nested too deeply") from error


def entries(document: dict[str, Any]) -> Iterator[tuple[Key, Any]]:
    """What a document holds, entry by entry, whatever it is."""
    for section, content in document.items():
        if not isinstance(content, dict):
            yield (section,), content
            continue
        for name, value in content.items():
            if section in LETTERS and isinstance(value, dict):
                for part, text in value.items():
                    yield (section, name, part), text
            else:
                yield (section, name), value


def templates(document: dict[str, Any]) -> dict[Key, Template]:
    """The texts of a document that is sound. Raises TemplateError."""
    return {key: parse(text) for key, text in entries(document)}
