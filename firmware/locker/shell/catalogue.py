"""The words of a text, from the catalogue on the file system: no language takes room in RAM.

A catalogue is `locker/texts/*.txt` with each line filled up with spaces to the same length, so that a line is found by its number.
"""

from locker.compat import const

LINE_BYTES = const(96)


def rows(hal, language: str, text: int, arguments: tuple) -> list:
    """The rows of a text of core.texts with its arguments filled in; its number when the catalogue cannot give it.

    `hal` is the seam's Hal.
    """
    try:
        with hal.catalogue(language) as file:
            file.seek(LINE_BYTES * text)
            return (file.read(LINE_BYTES).decode().rstrip() % arguments).split("|")
    except (OSError, TypeError, ValueError):  # missing, cut short or damaged: a screen that says little stops nobody
        return ["%d %s" % (text, arguments)]
