"""What is drawn: progress on stderr, tables on stdout.

A table has the width of the terminal, and is whole where there is none: a file or a pipe cuts nothing off.
"""

from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from host_tools.showing import shown

_UNCUT = 10_000  # characters

#: Progress goes to stderr; stdout is for what was asked for.
notices = Console(stderr=True, highlight=False, markup=False)


def table(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> Table:
    """A table of texts: what is in a cell is shown as it is, and is nobody's markup.

    None is an empty cell.
    """
    made = Table(*headings)
    for row in rows:
        made.add_row(*(Text("" if cell is None else shown(cell)) for cell in row))
    return made


def show(drawn: Table) -> None:
    """Prints a table; colour only on a terminal."""
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=_UNCUT)
    console.print(drawn)
