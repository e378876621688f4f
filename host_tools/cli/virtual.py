"""`ansim virtual`: a board behind a serial port, with no hardware at all."""

import os
import sys
from pathlib import Path

import click

from host_tools.boards.board_file import load_board, to_board_json
from host_tools.cli._output import json_line, say
from host_tools.errors import UserError
from locker.board import from_json

_HEAP_KIB_MIN = 48


@click.command()
@click.option(
    "--board", required=True, metavar="NAME", help="A board of `ansim boards list`, or a board file."
)
@click.option("--port", required=True, type=click.Path(path_type=Path), help="Where the serial port appears.")
@click.option(
    "--link",
    type=click.Path(path_type=Path),
    help="Where the board's second UART appears: the serial link to the host.",
)
@click.option(
    "--flash",
    type=click.Path(path_type=Path),
    help="The flash image; made when missing. Default: PORT.flash. "
    "Where doors and parcels are is kept beside it, in FLASH.things.",
)
@click.option(
    "--heap-kib",
    type=click.IntRange(min=_HEAP_KIB_MIN),
    default=192,
    show_default=True,
    help="Heap of MicroPython.",
)
@click.option(
    "--uid",
    metavar="HEX",
    help="The chip's own identity, 12 hexadecimal digits. Default: from the seed; two boards need two.",
)
@click.option(
    "--seed",
    type=int,
    default=0,
    show_default=True,
    help="Of everything in the cabinet that is left to chance.",
)
@click.option("--json", "as_json", is_flag=True, help="Say that the board is ready as one line of JSON.")
def command(
    board: str,
    port: Path,
    link: Path | None,
    flash: Path | None,
    heap_kib: int,
    uid: str | None,
    seed: int,
    as_json: bool,
) -> None:
    """Run a virtual board: the real MicroPython behind a serial port, in a simulated cabinet.

    mpremote and every other tool of a real board work with it.
    It runs until Ctrl-C; `ansim hands` acts on its cabinet.

    \b
    Example: ansim virtual --board wall_12 --port /tmp/wall
             mpremote connect /tmp/wall exec "print('hello')"
    """
    from host_tools.simulator.virtual_board.board import OpenBoard
    from host_tools.simulator.virtual_board.ending import Ending
    from host_tools.simulator.virtual_board.interpreter import require_interpreter

    file = load_board(board)
    if link and file.definition.link is None:
        raise UserError(f"The board {file.name} has no serial link to the host: leave out --link.", 2)
    if link and os.path.abspath(link) == os.path.abspath(port):
        raise UserError("The serial link needs a path of its own: --port is the REPL's.", 2)
    require_interpreter()
    flash = flash or port.with_name(port.name + ".flash")
    definition, identity = from_json(to_board_json(file)), _uid(uid)
    with (
        Ending() as ending,
        OpenBoard(
            definition, file.definition.flash_mb, port, link, flash, heap_kib, seed, identity
        ) as opened,
    ):

        def tell() -> None:
            if as_json:
                told = {
                    "ready": True,
                    "port": str(port),
                    "device": opened.port.device,
                    "link": link and str(link),
                    "flash": str(flash),
                }
                say(json_line(told))
            else:
                say(f"ready: {file.name} at {port} ({opened.port.device}), flash {flash}")
            if sys.stderr.isatty():
                say("Ctrl-C ends it.", err=True)

        opened.board.run(ending, tell)


def _uid(text: str | None) -> bytes | None:
    if text is None:
        return None
    try:
        uid = bytes.fromhex(text)
    except ValueError:
        uid = b""
    if len(uid) != 6:
        raise UserError("--uid takes 12 hexadecimal digits, such as 246f28000001.", 2)
    return uid
