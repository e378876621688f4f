"""The texts in use: those that come with Ansim, a file a language, and beneath them what a host has changed.

A changed text that cannot be used never stops a letter: the one that comes with Ansim stays in use.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from host_tools.host.ledger.quiet_hours import zone_of
from host_tools.host.notify.wording.entries import Key
from host_tools.host.notify.wording.files import Fault, read, templates
from host_tools.host.notify.wording.templates import Template, fill, plain

ENGLISH = "en"
_FOLDER = Path(__file__).parent


class Book(NamedTuple):
    """The texts for one language and one site: the first page that has an entry is the one that counts."""

    language: str
    zone: ZoneInfo | None
    pages: tuple[Mapping[Key, Template], ...]

    def template(self, *key: str) -> Template:
        """An entry. Raises KeyError where there is none, in English neither."""
        for page in self.pages:
            if key in page:
                return page[key]
        raise KeyError(".".join(key))

    def phrase(self, name: str, **values: object) -> str:
        """A phrase, filled."""
        return fill(self.template("phrases", name), {field: plain(value) for field, value in values.items()})

    def named(self, section: str, name: str) -> str:
        """What an entry of `[causes]`, `[cases]` or `[todo]` says; empty for one that has no words."""
        try:
            return fill(self.template(section, name), {}) if name else ""
        except KeyError:
            return ""


class Texts(NamedTuple):
    """All texts: the changed ones by site (empty: of all) and language, and what is wrong with them."""

    changed: Mapping[tuple[str, str], Mapping[Key, Template]]
    faults: tuple[Fault, ...]

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages that there are texts in, by the alphabet."""
        return tuple(sorted({*built_in(), *self._of_the_host()}))

    def _of_the_host(self) -> set[str]:
        return {language for _, language in self.changed}

    def book(self, language: str, site: str = "", zone: str = "") -> Book:
        """The texts in a language at a site, and its time zone (of the tz database; empty: the host's).

        One that there are no texts in is another form of one (`ko-KR`), or English.
        """
        forms = (language, language.partition("-")[0])
        there = built_in().keys() | self._of_the_host()
        known = next((one for one in forms if one in there), ENGLISH)
        pages = [self.changed.get((site, known)), self.changed.get(("", known)), built_in().get(known)]
        return Book(known, zone_of(zone), (*(page for page in pages if page), built_in()[ENGLISH]))


BUILT_IN = Texts({}, ())


def built_in_languages() -> tuple[str, ...]:
    """The languages that come with Ansim, by the alphabet."""
    return tuple(sorted(built_in()))


@cache
def built_in() -> dict[str, dict[Key, Template]]:
    """The texts that come with Ansim, by language. Raises ValueError for a file that is broken."""
    return {path.stem: templates(read(path.read_bytes())) for path in sorted(_FOLDER.glob("*.toml"))}
