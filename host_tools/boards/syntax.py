"""A board file that is not TOML: where it breaks, why in its author's terms, and what to write instead."""

import re

from host_tools.boards.draft import Problem

#: The key of such a problem: it is in no table.
SYNTAX = ("TOML",)
_AT = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")
_TWICE = re.compile(r"Cannot declare \('([\w.-]+)'.*\) twice")
_PAIR = r"^\s*(?P<key>[\w.-]+)\s*=\s*"
_COMPARE = "compare with a board that is good: `ansim boards list`, files in boards/"
_COMMENT = r"\s*(#.*)?$"

_LINES = (
    (
        _PAIR + r"(?P<word>True|False|TRUE|FALSE)" + _COMMENT,
        "{word} begins with a capital",
        "write {key} = {small}",
    ),
    (
        _PAIR + r"(?P<word>\d+),(?P<rest>\d+)" + _COMMENT,
        "{word},{rest} has a comma",
        "write a point: {key} = {word}.{rest}",
    ),
    (
        _PAIR + r"(?P<word>[\d.]+)\s*(?P<rest>[A-Za-z%]+)" + _COMMENT,
        "{word} has a unit behind it",
        "write {key} = {word}: the unit belongs to the key, see boards/README.md",
    ),
    (
        _PAIR + r"(?P<word>(0x[0-9a-fA-F]{2}\.)?[A-Za-z][\w.-]*)" + _COMMENT,
        "{word} is a text without quotes",
        'write {key} = "{word}"',
    ),
    (
        _PAIR + r"(?P<word>)" + _COMMENT,
        "nothing stands behind {key} =",
        "write its value, or take the line out",
    ),
    (
        r"^\s*(?P<key>[\w.-]+)\s*:",
        "{key} is followed by a colon",
        "write {key} = and the value: a board file is TOML, not YAML or JSON",
    ),
    (
        _PAIR + "[\"'\u201c\u201d\u2018\u2019]",
        "a text has no end, or typographic quotes",
        'write it between two plain quotes: {key} = "..."',
    ),
    (
        r"^\s*\[\[?[^\]]*$",
        "the name of a table has no closing bracket",
        "write it like [lock], or [[door]] for each door",
    ),
)


def syntax_problem(text: str, error: ValueError) -> tuple[Problem, int]:
    """What is wrong with a text that is not TOML, and its line (from 1),
    from what the reader of TOML raised.
    """
    message = str(error)
    found = _AT.search(message)
    lines = text.split("\n")
    number = int(found[1]) if found and found[1] else len(text.rstrip().split("\n"))
    line = lines[number - 1] if number <= len(lines) else ""
    reason = message[: found.start()] if found else message
    if (
        (twice := _TWICE.match(message))
        or "Cannot mutate immutable namespace" in message
        or "Cannot overwrite a value" in message
    ):
        return _twice(twice[1] if twice else "", line), number
    for pattern, why, cure in _LINES:
        if part := re.match(pattern, line):
            words = part.groupdict() | {"small": (part.groupdict().get("word") or "").lower()}
            return Problem(SYNTAX, why.format(**words), cure.format(**words)), number
    return Problem(SYNTAX, f"it is not TOML from here on: {reason[:1].lower()}{reason[1:]}", _COMPARE), number


def _twice(name: str, line: str) -> Problem:
    if name == "door" or re.match(r"\s*\[\[?\s*door\s*\]", line):
        return Problem(
            SYNTAX,
            "[door] in one pair of brackets is a table that can stand there once only",
            "write [[door]] above each door",
        )
    if name:
        return Problem(SYNTAX, f"[{name}] is there twice", f"put all its keys under one [{name}]")
    key = line.partition("=")[0].strip() or line.strip()
    return Problem(SYNTAX, f"{key} is there twice", "keep one of them")


def long_number_problem(text: str) -> tuple[Problem, int]:
    """The number of thousands of digits that Python does not read, and its line."""
    found = re.search(r"\d[\d_]{4299,}", text)
    number = text.count("\n", 0, found.start()) + 1 if found else 1
    return Problem(SYNTAX, "a number here has thousands of digits", "write the number that was meant"), number


def encoding_problem(content: bytes, error: UnicodeDecodeError) -> tuple[Problem, int]:
    """Why a file is not text in UTF-8, and the line of its first wrong byte."""
    cure = "save it as UTF-8 (in most editors: Save as, Encoding)"
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return Problem(SYNTAX, "the file is in UTF-16", cure), 1
    number = content.count(b"\n", 0, error.start) + 1
    return Problem(SYNTAX, f"the byte 0x{content[error.start]:02x} is not UTF-8", cure), number
