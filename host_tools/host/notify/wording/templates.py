"""Texts with named fields, `{place}`, and parts in [brackets], left out where a field in them is empty.

A field is a name and nothing else: no text reaches into a value, chooses a width, or is read again once it
is filled in. A brace or a bracket itself is written twice.
"""

import re
import unicodedata
from collections.abc import Mapping
from typing import NamedTuple

from host_tools.showing import shown

_TOKEN = re.compile(r"\{\{|\}\}|\[\[|\]\]|\{[^{}\[\]]*\}|[\[\]{}]|[^\[\]{}]+")
_LINE_ENDS = re.compile(r"\s*\n\s*")
_NAME = re.compile(r"[A-Za-z]+(?:_[a-z]+)*")
_SHOWN_MAX = 24  # characters of a mistake that a sentence repeats


class TemplateError(ValueError):
    """A text is none; says in one sentence what is wrong with it."""


class Field(NamedTuple):
    """A place to be filled in."""

    name: str


class Template(NamedTuple):
    """A text that was read: its parts in order, those in brackets as templates of their own."""

    parts: tuple["str | Field | Template", ...]

    def __str__(self) -> str:
        """The text as it is written, in one line."""
        said = "".join(
            _doubled(part)
            if isinstance(part, str)
            else f"{{{part.name}}}"
            if isinstance(part, Field)
            else f"[{part}]"
            for part in self.parts
        )
        return _LINE_ENDS.sub(" ", said)

    @property
    def fields(self) -> set[str]:
        """The names of all fields."""
        return self.bare | {name for part in self.parts if isinstance(part, Template) for name in part.fields}

    @property
    def bare(self) -> set[str]:
        """The names of those that stand outside of brackets."""
        return {part.name for part in self.parts if isinstance(part, Field)}


def parse(text: str) -> Template:
    """Reads a text. Raises TemplateError."""
    whole: list[str | Field | Template] = []
    inner: list[str | Field | Template] | None = None
    for piece in _TOKEN.findall(text):
        into = whole if inner is None else inner
        if piece in ("{{", "}}", "[[", "]]"):
            into.append(piece[0])
        elif piece == "[":
            if inner is not None:
                raise TemplateError("a bracket stands within brackets")
            inner = []
        elif piece == "]":
            if inner is None:
                raise TemplateError("a bracket is closed that was not opened")
            group = Template(tuple(inner))
            if not group.bare:
                raise TemplateError(
                    "brackets without a field in them: write a bracket itself twice, as in [[note]]"
                )
            whole.append(group)
            inner = None
        elif piece in "{}":
            raise TemplateError("a brace stands alone: write a field as {place}, a brace itself twice")
        elif piece.startswith("{"):
            name = piece[1:-1]
            if not _NAME.fullmatch(name):
                raise TemplateError(f"{{{shown(name[:_SHOWN_MAX])}}} is no field: a field is a name alone")
            into.append(Field(name))
        else:
            into.append(piece)
    if inner is not None:
        raise TemplateError("a bracket is not closed")
    return Template(tuple(whole))


def _doubled(text: str) -> str:
    return "".join(one * 2 if one in "{}[]" else one for one in text)


def fill(template: Template, values: Mapping[str, str]) -> str:
    """The text in one line, with these values (see `plain`).

    A part in brackets is left out where one of its values is empty. Raises KeyError for a field without.
    """
    return " ".join(_filled(template, values).split())


def _filled(template: Template, values: Mapping[str, str]) -> str:
    said = []
    for part in template.parts:
        if isinstance(part, Template):
            said.append(_filled(part, values) if all(values[name] for name in part.bare) else "")
        else:
            said.append(values[part.name] if isinstance(part, Field) else part)
    return "".join(said)


def plain(value: object) -> str:
    """A value as it stands in a text: in one line, with nothing in it that a screen would act on."""
    text = str(value)
    if text.isascii():
        return shown(" ".join(text.split()))
    return shown(" ".join(unicodedata.normalize("NFC", text).split()))
