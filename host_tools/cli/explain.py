"""`ansim explain`: a traceback from a board's console, with the names of the sources."""

from typing import TextIO

import click

from host_tools.bundle.explain import explained
from host_tools.bundle.ready import symbols
from host_tools.cli._output import say


@click.command()
@click.argument("file", type=click.File("r", errors="replace"), default="-", metavar="[FILE]")
def command(file: TextIO) -> None:
    """Give the functions in a board's traceback the names they have in the sources; it reads a file or standard input.

    The firmware on the board has to be of the same version as this command.

    \b
    Example: ansim explain console.log
    """
    say(explained(file.read(), symbols()).removesuffix("\n"))
