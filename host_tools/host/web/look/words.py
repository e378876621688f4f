"""The words of the pages: a file a language under `languages/`, KEY = "text" with {fields}.

A key has dots and stands in tables of its page. English is complete; what another language lacks is a fault
that its reading tells. A text is plain: markup stands in templates alone.
"""

import string
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

ENGLISH = "en"
FOLDER = Path(__file__).parent / "languages"


class Words:
    """The texts of one language, by key; `name` is what the language calls itself."""

    def __init__(self, language: str, texts: Mapping[str, str]) -> None:
        self.language = language
        self.name = texts["language.name"]
        self._texts = texts

    def __call__(self, key: str, **facts: object) -> str:
        """The text of a key with its fields filled in. Raises KeyError for a key or a field that is not
        there: a page's own fault.
        """
        return self._texts[key].format_map(facts)

    @property
    def keys(self) -> frozenset[str]:
        """All keys."""
        return frozenset(self._texts)

    def fields(self, key: str) -> frozenset[str]:
        """The names of the fields of a text."""
        return frozenset(name for _, name, _, _ in string.Formatter().parse(self._texts[key]) if name)


@cache
def languages() -> Mapping[str, Words]:
    """Each language that has a file, English first."""
    found = {path.stem: Words(path.stem, _flat(tomllib.loads(path.read_text()))) for path in _files()}
    return {ENGLISH: found.pop(ENGLISH), **found}


def words_of(*wishes: str) -> Words:
    """The language of the first wish that has a file, else English. A wish is a tag as in RFC 5646."""
    known = languages()
    for wish in wishes:
        tag = wish.partition("-")[0].strip().lower()
        if tag in known:
            return known[tag]
    return known[ENGLISH]


def accepted(header: str) -> list[str]:
    """The tags of an Accept-Language header (RFC 9110, 12.5.4), the most wanted first."""
    wishes: list[tuple[float, str]] = []
    for part in header.split(",")[:16]:
        tag, _, weight = part.partition(";")
        try:
            quality = float(weight.strip().removeprefix("q=")) if weight else 1.0
        except ValueError:
            continue
        if 0 < quality <= 1:
            wishes.append((-quality, tag.strip()))
    return [tag for _, tag in sorted(wishes, key=lambda wish: wish[0])]


def _files() -> list[Path]:
    return sorted(FOLDER.glob("*.toml"))


def _flat(table: Mapping[str, Any], before: str = "") -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in table.items():
        if isinstance(value, dict):
            found |= _flat(value, f"{before}{name}.")
        else:
            found[before + name] = value
    return found
