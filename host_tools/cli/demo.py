"""`ansim demo`: a host and a virtual cabinet to play with, or one parcel's life unattended."""

import signal
import sys

import click

from host_tools.cli._output import json_line, say
from host_tools.errors import UserError

_PORT = 26780


@click.command()
@click.option("--once", is_flag=True, help="Play one parcel's life, print the timeline and exit.")
@click.option(
    "--board",
    default="wall_12",
    show_default=True,
    metavar="NAME",
    help="The virtual cabinet: a board of `ansim boards list`.",
)
@click.option("--serial", is_flag=True, help="Join cabinet and host by the serial link instead of TCP.")
@click.option(
    "--web",
    "port",
    is_flag=False,
    flag_value=_PORT,
    type=click.IntRange(0, 65_535),
    metavar="[PORT]",
    help=f"Show the cabinet in a browser of this machine, with her phone and the duty desk beside it, at "
    f"this port: {_PORT} unless one is named, 0 for any free one.",
)
@click.option(
    "--language",
    default="",
    type=click.Choice(("", "en", "ko")),
    metavar="CODE",
    help="With --web: of letters, screen and page, en or ko.",
)
@click.option(
    "--json", "as_json", is_flag=True, help="With --once or --web: one JSON object a line on stdout."
)
def command(once: bool, board: str, serial: bool, port: int | None, language: str, as_json: bool) -> None:
    """Play with a virtual cabinet: real firmware, real host, no hardware.

    Starts a host and a virtual board in a temporary folder,
    flashes and provisions it, and leaves nothing behind.

    \b
    Example: ansim demo
             ansim demo --once --json
             ansim demo --web --language ko
    """
    from host_tools.demo.stage import Stage
    from host_tools.extras import require

    is_web = port is not None
    if once and is_web:
        raise UserError("--once plays by itself: leave out --web, or --once.", 2)
    if language and not is_web:
        raise UserError("--language goes with --web.", 2)
    if as_json and not (once or is_web):
        raise UserError("--json goes with --once or --web: the interactive demonstration draws.", 2)
    if not (once or is_web) and not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UserError(
            "The interactive demonstration needs a terminal: add --once to watch one parcel's life.", 2
        )
    require("sqlalchemy", "cryptography", "micropython_run")
    for ending in (signal.SIGTERM, signal.SIGHUP):  # leave in order, as after Ctrl-C
        signal.signal(ending, lambda number, _frame: sys.exit(128 + number))
    if port is not None:
        require("starlette", "uvicorn", "httpx", "pyotp")
        _web(port, board, serial, language, as_json)
        return
    with Stage(board, _tell, serial=serial) as stage:
        if once:
            _once(stage, as_json)
        else:
            from host_tools.demo.play import play

            play(stage)
    if not once:
        say(f"Nothing of it is left. Its commands are yours too: {sys.argv[0]} --help")


def _tell(sentence: str) -> None:
    say(f"· {sentence}", err=True)


def _web(port: int, board: str, serial: bool, language: str, as_json: bool) -> None:
    from host_tools.boards.board_file import load_board
    from host_tools.cli._acting import os_user
    from host_tools.demo.stage import Stage
    from host_tools.demo.web.serving import bound, serve

    def ready(address: str) -> None:
        say(json_line({"address": address}) if as_json else f"Open {address} in a browser; Ctrl-C ends it.")

    serial = serial or load_board(board).definition.link is not None  # a link that can be cut
    with (
        bound(port) as listening,
        Stage(board, _tell, serial=serial, pages=True, language=language) as stage,
    ):
        serve(stage, listening, board, os_user(), language, ready, _tell, serial=serial)
    say("Nothing of it is left.", err=True)


def _once(stage, as_json: bool) -> None:
    from host_tools.demo.story import Moment, Story

    def tell(moment: Moment) -> None:
        if as_json:
            say(json_line(moment._asdict()))
        else:
            say(f"{moment.seconds:5.1f} s  {moment.who:<8}  {moment.what}")

    Story(tell).play(stage)
