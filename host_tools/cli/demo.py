"""`ansim demo`: a host and a virtual cabinet to play with, or one parcel's life unattended."""

import signal
import sys

import click

from host_tools.cli._output import json_line, say
from host_tools.errors import UserError


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
@click.option("--json", "as_json", is_flag=True, help="With --once: one JSON object a line.")
def command(once: bool, board: str, serial: bool, as_json: bool) -> None:
    """Play with a virtual cabinet: real firmware, real host, no hardware.

    Starts a host and a virtual board in a temporary folder,
    flashes and provisions it, and leaves nothing behind.

    \b
    Example: ansim demo
             ansim demo --once --json
    """
    from host_tools.demo.stage import Stage
    from host_tools.extras import require

    if as_json and not once:
        raise UserError("--json goes with --once: the interactive demonstration draws.", 2)
    if not once and not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UserError(
            "The interactive demonstration needs a terminal: add --once to watch one parcel's life.", 2
        )
    require("sqlalchemy", "cryptography", "micropython_run")
    for ending in (signal.SIGTERM, signal.SIGHUP):  # leave in order, as after Ctrl-C
        signal.signal(ending, lambda number, _frame: sys.exit(128 + number))
    with Stage(board, lambda sentence: say(f"· {sentence}", err=True), serial=serial) as stage:
        if once:
            _once(stage, as_json)
        else:
            from host_tools.demo.play import play

            play(stage)
    if not once:
        say(f"Nothing of it is left. Its commands are yours too: {sys.argv[0]} --help")


def _once(stage, as_json: bool) -> None:
    from host_tools.demo.story import Moment, Story

    def tell(moment: Moment) -> None:
        if as_json:
            say(json_line(moment._asdict()))
        else:
            say(f"{moment.seconds:5.1f} s  {moment.who:<8}  {moment.what}")

    Story(tell).play(stage)
