"""The words of a text, from the catalogue on the file system: no language takes room in RAM.

A catalogue is `locker/texts/*.txt` with each line filled up with spaces to the same length, so that a line is
found by its number. Behind its four rows the welcome has a fifth, which no screen shows: the language that
the key leads to, the next by the alphabet (host_tools/bundle/texts.py writes it there).
"""

from locker.compat import TYPE_CHECKING, const

if TYPE_CHECKING:
    from typing import Any

    from locker.hal.seam import Hal

LINE_BYTES = const(96)


def rows(hal: "Hal", language: str, text: int, arguments: "tuple[Any, ...]", help_number: str) -> "list[str]":
    """The rows of a text of core.texts with its arguments filled in;
    its number when the catalogue cannot give it.

    `hal` is the seam's Hal. The row that names the help number is left out when that is empty.
    """
    try:
        with hal.catalogue(language) as file:
            file.seek(LINE_BYTES * text)
            found = (file.read(LINE_BYTES).decode().rstrip() % arguments).split("|")
            if "@" in found[-1]:
                last = found.pop()
                if help_number:
                    found.append(last.replace("@", help_number))
            return found
    except (OSError, TypeError, ValueError):
        # Missing, cut short or damaged: a screen that says little stops nobody.
        return ["%d %s" % (text, arguments)]
