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
def ack(site: str, cabinet: int, dry_run: bool, data: Path | None, as_json: bool) -> None:
    """Tell whoever rang last that a person has seen it: the cabinet's screen says so. A call that is over already changes nothing.

    \b
    Example: ansim bell ack --site mapo-3 --cabinet 2
    """
    with open_ledger(data, create=False) as ledger:
        care.answer_bell(ledger, Place(site, cabinet), dry_run=dry_run)
    words = "The screen says that the call was seen, unless it is over already."
    tell(Place(site, cabinet), "answer bell", words, dry_run=dry_run, as_json=as_json)
