"""docs/faults.md, made from the mends."""

from tests.mends import PAGE
from tests.mends.mend import Mend, mends

_HEAD = """# Faults that were met, and what holds their mends

A row is one kind of fault: what was wrong when the system was tried as people use it, what is
right, which faults of the kind were found beside it, and the tests that fail when it comes back.
`python -m tests.mends` puts each fault back into a copy of the tree and sees its tests fail. This
page is made by `python -m tests.mends --write`.

| | what was wrong | what is right | found beside it | held by |
|---|---|---|---|---|
"""


def _row(mend: Mend) -> str:
    cells = (
        mend.name,
        mend.fault,
        mend.right,
        "<br>".join(mend.siblings),
        "<br>".join(f"`{test}`" for test in mend.tests),
    )
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ").strip() for cell in cells) + " |\n"


def page() -> str:
    """The page as it should be."""
    return _HEAD + "".join(map(_row, mends()))


def is_current() -> bool:
    """Whether the page says what the mends say."""
    return PAGE.exists() and PAGE.read_text() == page()
