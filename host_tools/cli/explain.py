"""`ansim explain`: a traceback from a board's console, with the names of the sources."""

from pathlib import Path
from typing import TextIO

import click

from host_tools.bundle.explain import begins_amidst, builds, explained, has_lines, has_traceback
from host_tools.bundle.ready import build, ready_to_debug, symbols
from host_tools.cli._output import json_option, print_json, say
from host_tools.errors import UserError


@click.command()
@click.argument("file", type=click.File("r", errors="replace"), default="-", metavar="[FILE]")
@click.option(
    "--source",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Instead write the linked source that boards run into a new folder, and map.tsv: "
    "where each line is from.",
)
@json_option
def command(file: TextIO, source: Path | None, as_json: bool) -> None:
    """Give the functions in a board's traceback the names they have in the sources, with file and line;
    it reads a file or standard input.

    The line is that at which the function begins; for a board that `ansim flash --debug` has flashed, that at
    which it was. A traceback of another build than those that this command flashes is refused: its names mean
    something else.

    \b
    Example: ansim explain console.log
    """
    if source:
        given = click.get_current_context().get_parameter_source("file")
        if given is not click.core.ParameterSource.DEFAULT:
            raise click.UsageError(
                "--source writes what boards run and reads no file: leave one of them out."
            )
        _write(source, as_json)
        return
    text = file.read()
    if not has_traceback(text):
        raise UserError(
            "That holds no traceback of a board: give it what the console printed, "
            "with the lines that begin with `File`.",
            2,
        )
    said = builds(text)
    others = [number for number in said if number != build()]
    debug = ready_to_debug() if others or (not said and has_lines(text)) else None
    if debug and (strangers := [number for number in others if number != debug.build]):
        raise UserError(
            f"This traceback is of build {strangers[0]:x}, and this command knows the names of build "
            f"{build():x} and, with lines, of {debug.build:x}: use the ansim that flashed that board.",
            code="board",
        )
    right = debug.build if debug else build()
    told = explained(text, symbols(), debug.lines, debug.build) if debug else explained(text, symbols())
    if as_json:
        is_whole = not begins_amidst(text)
        names = {"builds": [f"{one:x}" for one in said], "names_of": f"{right:x}"}
        print_json(names | {"whole": is_whole, "text": told})
        return
    if not said:
        say(
            f"The text does not say of which build it is: the names are right for build {right:x} alone.",
            err=True,
        )
    if begins_amidst(text):
        say("The text begins amidst a traceback: frames above the first `Build` stay as they are.", err=True)
    say(told.removesuffix("\n"))


def _write(folder: Path, as_json: bool) -> None:
    from host_tools.bundle.linked_source import write_linked

    debug = ready_to_debug()
    count = write_linked(folder, build(), debug)
    if as_json:
        print_json({"folder": str(folder), "sources": count, "builds": [f"{build():x}", f"{debug.build:x}"]})
        return
    said = f"of build {build():x} and, with lines, {debug.build:x}"
    say(f"{folder}: {count} linked sources and their map, {said}.")
