"""`ansim bell`: answering whoever rings."""

from pathlib import Path

import click

from host_tools.cli._acting import open_ledger
from host_tools.cli._place import cabinet_options, tell
from host_tools.host.ledger.places import Place
from host_tools.host.notify.log import moment
from host_tools.host.parcels import support


@click.group()
def command() -> None:
    """Answer the bells.

    \b
    Example: ansim bell ack --site mapo-3 --cabinet 2
    """


@command.command()
@cabinet_options
@click.option(
    "--call",
    type=click.IntRange(1),
    metavar="NUMBER",
    help="Which call, by the number in its alarm and in the message about it.  [default: the latest]",
)
def ack(site: str, cabinet: int, dry_run: bool, data: Path | None, as_json: bool, call: int | None) -> None:
    """Tell whoever rang that a person has seen it: the cabinet's screen says so.
    Says which call that was, and whether it is over already.

    \b
    Example: ansim bell ack --site mapo-3 --cabinet 2
    """
    with open_ledger(data, create=False) as ledger:
        answered = support.answer_bell(ledger, Place(site, cabinet), call, dry_run=dry_run)
    heard = moment(answered.heard_ms)
    which = f"call {answered.number}, heard {heard}"
    words = f"The screen says that {which}, was seen when the cabinet has the answer, and not before."
    more = {"call": answered.number, "heard": heard}
    tell(
        Place(site, cabinet),
        "answer bell",
        words,
        dry_run=dry_run,
        as_json=as_json,
        which=f" ({which})",
        more=more,
    )
