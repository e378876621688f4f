"""`ansim bell`: answering whoever rings."""

from pathlib import Path

import click

from host_tools.cli._output import json_option, print_json, say
from host_tools.host import care
from host_tools.host.care import Place
from host_tools.host.data import data_option
from host_tools.host.ledger import open_ledger


@click.group()
def command() -> None:
    """Answer the bells.

    \b
    Example: ansim bell ack --site mapo-3 --cabinet 2
    """


@command.command()
@click.option("--site", required=True, metavar="NAME", help="Where the cabinet stands.")
@click.option("--cabinet", required=True, type=click.IntRange(1, 9999), help="The cabinet's number at its site.")
@data_option
@json_option
def ack(site: str, cabinet: int, data: Path | None, as_json: bool) -> None:
    """Tell whoever rang last that a person has seen it: the cabinet's screen says so. A call that is over already changes nothing.

    \b
    Example: ansim bell ack --site mapo-3 --cabinet 2
    """
    with open_ledger(data, create=False) as ledger:
        care.answer_bell(ledger, Place(site, cabinet))
    if as_json:
        print_json({"site": site, "cabinet": cabinet, "ordered": "answer bell"})
    else:
        say("Ordered. The screen says that the call was seen, unless it is over already.")
