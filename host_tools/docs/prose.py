"""Sentences of the code as paragraphs of a page, and the comments of its lines."""

import io
import textwrap
import tokenize

COLUMNS = 100


def comments_of(source: str) -> dict[int, str]:
    """The comment of each line, by its number from 1.

    A comment on lines of its own that begins with a capital is of those lines. Any other belongs to the line
    below, as if it stood behind the code there.
    """
    lines = source.splitlines()
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    found = {one.start[0]: one.string.lstrip("# ") for one in tokens if one.type == tokenize.COMMENT}
    whole = [row for row in found if lines[row - 1].lstrip().startswith("#")]
    first = 0
    for row in whole:
        if row - 1 not in whole:
            first = row
        if row + 1 not in whole and not found[first][:1].isupper():
            found.setdefault(row + 1, " ".join(found[one] for one in range(first, row + 1)))
    return found


def paragraphs(text: str) -> str:
    """The same text in lines of at most 100 columns; an empty line stands between two paragraphs."""
    whole = (" ".join(part.split()) for part in text.split("\n\n"))
    return "\n\n".join(
        textwrap.fill(part, COLUMNS, break_long_words=False, break_on_hyphens=False) for part in whole
    )
