"""`ansim bell`: answering whoever rings."""

from pathlib import Path

import click

from host_tools.cli._place import cabinet_options, tell
from host_tools.host import care
from host_tools.host.care import Place
from host_tools.host.ledger import open_ledger


@click.group()
def command() -> None:
    """Answer the bells.

    \b
    Example: ansim bell ack --site mapo-3 --cabinet 2
    """


@command.command()
@cabinet_options
@click.option("--call", type=click.IntRange(1), metavar="NUMBER", help="Which call, by the number in its alarm.  [default: the latest]")
def ack(site: str, cabinet: int, dry_run: bool, data: Path | None, as_json: bool, call: int | None) -> None:
    """Tell whoever rang that a person has seen it: the cabinet's screen says so. Of a call that is over already this says so.

    \b
    Example: ansim bell ack --site mapo-3 --cabinet 2
    """
    with open_ledger(data, create=False) as ledger:
        care.answer_bell(ledger, Place(site, cabinet), call, dry_run=dry_run)
    words = "The screen then says that the call was seen."
    tell(Place(site, cabinet), "answer bell", words, dry_run=dry_run, as_json=as_json)
