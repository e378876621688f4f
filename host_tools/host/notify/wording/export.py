"""Texts as they stand in a file, and which file they are from."""

from host_tools.host.notify.wording.entries import Key
from host_tools.host.notify.wording.texts import ENGLISH, Book, Texts, built_in

BUILT_IN_NAME = "Ansim"


def source_of(texts: Texts, language: str, site: str, key: Key) -> str:
    """The file that an entry is from, below `wording/` of the data folder; `Ansim` if it is not changed."""
    for where in (site, "") if site else ("",):
        if key in texts.changed.get((where, language), {}):
            return f"{where}/{language}.toml" if where else f"{language}.toml"
    return BUILT_IN_NAME


def as_toml(book: Book, section: str, kind: str) -> str:
    """The entry of a letter, to be changed."""
    parts = [key[2] for key in built_in()[ENGLISH] if key[:2] == (section, kind)]
    lines = [f"{part} = {_quoted(str(book.template(section, kind, part)))}" for part in parts]
    name = f'"{kind}"' if " " in kind else kind
    return "\n".join((f"[{section}.{name}]", *lines, ""))


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
