"""`ansim doctor`: what could keep this host from serving."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from host_tools.cli._listen import listen_option, web_options
from host_tools.cli._output import json_option, print_json, say
from host_tools.host.ledger.data_folder import data_folder, data_option

if TYPE_CHECKING:
    from host_tools.host.web.keeper import Web


@click.command()
@data_option
@listen_option
@click.option(
    "--serial",
    "--rs485",
    "ports",
    multiple=True,
    metavar="PORT",
    help="A serial port to look at; may be repeated.",
)
@web_options
@json_option
def command(
    data: Path | None,
    listen: tuple[str, int] | None,
    ports: tuple[str, ...],
    pages: "Web | None",
    as_json: bool,
) -> None:
    """Look at all that a server stands on, and say how to cure what is wrong.

    Data folder, disk, host key, ledger, clock, address, channels, who is on call, packages and ports are
    looked at. Each channel is tried without a letter: a mail server is logged in to, a receiver connected to.
    Changes nothing. Exit code 1 when something is wrong, 0 when all is well or can wait.

    \b
    Example: ansim doctor --serial /dev/ttyUSB0
    """
    from host_tools.cli._tables import show, table
    from host_tools.device.port_list import look_at
    from host_tools.host.doctor import WRONG, examine

    found = list(examine(data_folder(data), listen, ports, look_at, pages))
    if as_json:
        print_json([check._asdict() for check in found])
    else:
        show(table(("look at", "state", "found", "cure"), found))
    wrong = [check.of for check in found if check.state == WRONG]
    if wrong:
        named = ", ".join(dict.fromkeys(wrong))
        say(f"{len(wrong)} of {len(found)} looks found something wrong: {named}.", err=True)
        sys.exit(1)
