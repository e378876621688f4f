"""What comes from outside, shown: a name, a board's own words, a file's.

The one place that decides what may reach a terminal or a line.

A text that is shown moves no cursor, changes no colour, turns no direction and begins no line of its own.
"""

import re

#: They stand within words of several scripts, and people's names; U+200C and U+200D move nothing.
JOINERS = "\u200c\u200d"
_MARKS = frozenset(JOINERS)
_BLANKS = frozenset("\u00a0\u2007\u2009\u202f\u3000")


def shown(text: object) -> str:
    """A text of unknown origin with a question mark for each character that a terminal would act on,
    line ends included.
    """
    text = str(text)
    return text if text.isprintable() else "".join(map(_shown, text))


def _shown(character: str) -> str:
    if character.isprintable() or character in _MARKS:
        return character
    return " " if character in _BLANKS else "?"


def shown_lines(text: object) -> str:
    """The same for a text of ours that may have several lines, with words from outside in it:
    its line ends stay.
    """
    return "\n".join(shown(line) for line in str(text).split("\n"))


def shown_json(document: str) -> str:
    """A JSON document whose texts hold no character that a terminal would act on:
    those are escaped, as JSON allows for any.
    """
    return document if document.isprintable() else _ODD.sub(_escaped, document)


_ODD = re.compile("[^\n -~]")


def _escaped(found: re.Match[str]) -> str:
    character = found[0]
    if character.isprintable() or character in _MARKS:
        return character
    code = ord(character)
    if code < 0x10000:
        return f"\\u{code:04x}"
    return f"\\u{0xD800 + (code - 0x10000 >> 10):04x}\\u{0xDC00 + (code - 0x10000 & 0x3FF):04x}"
