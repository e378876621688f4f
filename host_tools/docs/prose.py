"""Sentences of the code as paragraphs of a page."""

import textwrap

COLUMNS = 100


def paragraphs(text: str) -> str:
    """The same text in lines of at most 100 columns; an empty line stands between two paragraphs."""
    whole = (" ".join(part.split()) for part in text.split("\n\n"))
    return "\n\n".join(textwrap.fill(part, COLUMNS, break_long_words=False, break_on_hyphens=False) for part in whole)
