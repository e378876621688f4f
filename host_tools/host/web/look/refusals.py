"""Why something was not done, in the words of a reader."""

from typing import NamedTuple

from host_tools.errors import UserError
from host_tools.host.web.look.words import ENGLISH, Words

_TABLE = "refusals."


class Refusal(NamedTuple):
    """A sentence, and the language that it is in."""

    words: str
    language: str


def refusal(words: Words, error: UserError) -> Refusal:
    """In the reader's language where it has words for that; else as the command line says it."""
    if is_told(words, error.page):
        return Refusal(words(_TABLE + error.page), words.language)
    return Refusal(error.message, ENGLISH)


def is_told(words: Words, key: str) -> bool:
    """Whether there are words for it."""
    return _TABLE + key in words.keys
