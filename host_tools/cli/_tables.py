"""Tables on stdout: drawn to the width of a terminal, whole where there is none (a file or a pipe cuts nothing off)."""

from rich.console import Console
from rich.table import Table

_UNCUT = 10_000  # characters


def show(table: Table) -> None:
    """Prints a table; colour only on a terminal."""
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=_UNCUT)
    console.print(table)
