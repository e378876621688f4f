"""Whether changed texts can be used: every mistake is found at once, each is one sentence."""

import difflib
import re
from collections.abc import Mapping
from typing import Any

from host_tools.host.notify.wording.entries import LETTERS, TITLE, Key, missing_fields, wrong_fields
from host_tools.host.notify.wording.files import entries
from host_tools.host.notify.wording.templates import Template, TemplateError, parse
from host_tools.showing import JOINERS, shown

TITLE_MAX = 60  # characters, as is each of the next
TEXT_MAX = 600
PHRASE_MAX = 120

_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[A-Z]{2})?")
_MARKUP = re.compile(r"<[A-Za-z/!?][^>]*>|&(?:[A-Za-z]+|#[0-9]+);")
_LINE_ENDS = "\r\n\t"


def is_language(name: str) -> bool:
    """Whether a file of texts may have that name: `ko`, `zh-TW`."""
    return bool(_LANGUAGE.fullmatch(name))


def checked(
    document: dict[str, Any], built_in: Mapping[Key, Template]
) -> tuple[dict[Key, Template], list[tuple[str, str]]]:
    """The entries of a document that can be used, and of the others which, each with what is wrong.

    `built_in` are the English texts.
    """
    sound: dict[Key, Template] = {}
    wrong: list[tuple[str, str]] = []
    for key, text in entries(document):
        name = shown(".".join(key))
        template, sentences = _checked(key, text, built_in)
        wrong += [(name, sentence) for sentence in sentences]
        if template is not None and not sentences:
            sound[key] = template
    return sound, wrong


def _checked(key: Key, text: Any, built_in: Mapping[Key, Template]) -> tuple[Template | None, list[str]]:
    if key not in built_in:
        return None, [_unknown(key, built_in)]
    if not isinstance(text, str):
        return None, ["this is no text: write it in quotation marks"]
    wrong = _wrong_characters(key, text)
    try:
        template = parse(text)
    except TemplateError as error:
        return None, [*wrong, str(error)]
    wrong += wrong_fields(key, template)
    return template, wrong + missing_fields(key, template, built_in[key])


def _wrong_characters(key: Key, text: str) -> list[str]:
    is_title = key[-1] == TITLE and key[0] in LETTERS
    most = TITLE_MAX if is_title else TEXT_MAX if key[0] in LETTERS else PHRASE_MAX
    odd = sorted({one for one in text if not one.isprintable() and one not in _LINE_ENDS + JOINERS})
    wrong = [f"U+{ord(one):04X} is a character that nobody sees: take it out" for one in odd]
    if not text.strip():
        wrong.append("the text is empty: take the entry out, and the text that comes with Ansim is used")
    if is_title and ("\n" in text or "\r" in text):
        wrong.append("a title is one line")
    if len(text) > most:
        wrong.append(f"{len(text)} characters are too long: at most {most}")
    found = _MARKUP.search(text)
    if found:
        wrong.append(
            f"{shown(found[0][:TITLE_MAX])} is markup, which a message shows as it stands: take it out"
        )
    return wrong


def _unknown(key: Key, built_in: Mapping[Key, Template]) -> str:
    names = [".".join(one) for one in built_in]
    alike = difflib.get_close_matches(".".join(key), names, 1)
    hint = f": is it {alike[0]}?" if alike else ": `ansim wording list` shows what there is"
    return f"there is no such entry{hint}"
