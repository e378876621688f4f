"""`ansim explain`: a traceback from a board's console, with the names of the sources."""

from typing import TextIO

import click

from host_tools.bundle.explain import builds, explained, has_traceback
from host_tools.bundle.ready import build, symbols
from host_tools.cli._output import say
from host_tools.errors import UserError


@click.command()
@click.argument("file", type=click.File("r", errors="replace"), default="-", metavar="[FILE]")
def command(file: TextIO) -> None:
    """Give the functions in a board's traceback the names they have in the sources, with file and line; it reads a file or standard input.

    A traceback of another build than the one that this command flashes is refused: its names mean something else.

    \b
    Example: ansim explain console.log
    """
    text = file.read()
    if not has_traceback(text):
        raise UserError("That holds no traceback of a board: give it what the console printed, with the lines that begin with `File`.", 2)
    said = builds(text)
    if others := [number for number in said if number != build()]:
        raise UserError(
            f"This traceback is of build {others[0]:x}, and this command knows the names of build {build():x}: use the ansim that flashed "
            "that board.",
            code="board",
        )
    if not said:
        say(f"The text does not say of which build it is: the names are right for build {build():x} alone.", err=True)
    say(explained(text, symbols()).removesuffix("\n"))
