"""The catalogues of texts as a board keeps them: `locker/texts/*.txt` in lines of one length.

The last row of a welcome in the sources is what its language is called. On a board that row is what the
next language is called, and behind it stands which one that is: the key for the language leads from each to
the next by the alphabet, and from the last to the first.
"""

from pathlib import Path

from host_tools.errors import UserError
from host_tools.sources import locker_folder

_CHOICE_ROW = 3  # of the welcome, which is the first text
LINE_BYTES = 96  # of locker.shell.catalogue


def languages() -> list[str]:
    """The languages there are catalogues for, by the alphabet."""
    return sorted(path.stem for path in (locker_folder() / "texts").glob("*.txt"))


def catalogue(language: str) -> bytes:
    """The catalogue of a language for a board; a UserError when a line is too long for one."""
    lines = _lines(language)
    others = languages()
    following = others[(others.index(language) + 1) % len(others)]
    offered = _welcome(following)[_CHOICE_ROW] if following != language else ""
    lines[0] = "|".join((*_welcome(language)[:_CHOICE_ROW], offered, following))
    for number, line in enumerate(lines, 1):
        if len(line.encode()) >= LINE_BYTES:
            raise UserError(
                f"Line {number} of {language}.txt is longer than {LINE_BYTES - 1} bytes: make it shorter."
            )
    return b"".join(line.encode().ljust(LINE_BYTES - 1) + b"\n" for line in lines)


def _lines(language: str) -> list[str]:
    """The lines of a catalogue's source. Raises UserError for one that is none."""
    try:
        lines = Path(locker_folder(), "texts", f"{language}.txt").read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError:
        lines = []
    if not lines:
        raise UserError(
            f"{language}.txt is no catalogue of texts: write it in UTF-8, a line a text as en.txt."
        )
    return lines


def _welcome(language: str) -> list[str]:
    """The rows of its first text, blank ones where there are fewer than a screen has."""
    return [*_lines(language)[0].split("|"), *[""] * _CHOICE_ROW][: _CHOICE_ROW + 1]
