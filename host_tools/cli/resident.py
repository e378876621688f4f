"""`ansim resident`: whom parcels are for."""

import sys
from pathlib import Path

import click

from host_tools.cli._output import json_option, print_json, say
from host_tools.cli._tables import show, table
from host_tools.host import residents
from host_tools.host.data import data_option
from host_tools.host.ledger import open_ledger


@click.group()
def command() -> None:
    """Enter residents and list them.

    \b
    Example: ansim resident add "Kim Seo-yeon"
    """


@command.command()
@click.argument("name")
@click.option("--contact", default="", help="Where the notifier reaches her; may be left out with the file notifier.")
@data_option
@json_option
def add(name: str, contact: str, data: Path | None, as_json: bool) -> None:
    """Enter a resident.

    \b
    Example: ansim resident add "Kim Seo-yeon" --contact seo-yeon@example.org
    """
    with open_ledger(data) as ledger:
        made = residents.add(ledger, name, contact)
    if as_json:
        print_json(made._asdict())
    else:
        say(f"Entered {made.name}. `ansim resident tail` sets her safe tail, `ansim ticket new` issues a ticket for her.")


@command.command("list")
@data_option
@json_option
def list_(data: Path | None, as_json: bool) -> None:
    """List the residents.

    \b
    Example: ansim resident list --json
    """
    with open_ledger(data, create=False) as ledger:
        found = residents.everyone(ledger)
    if as_json:
        print_json([resident._asdict() for resident in found])
        return
    rows = [(resident.name, resident.contact, "set" if resident.has_tail else "none") for resident in found]
    show(table(("resident", "contact", "safe tail"), rows))


@command.command()
@click.argument("name")
@data_option
def tail(name: str, data: Path | None) -> None:
    """Set a resident's safe tail: the two digits that she types in place of the last two when she is forced to open her door.

    Asks for them on a terminal, where they do not show; without one, reads a line from standard input. They are never shown again.

    \b
    Example: ansim resident tail "Kim Seo-yeon"
    """
    if sys.stdin.isatty():
        digits = click.prompt("Safe tail (two digits)", hide_input=True, confirmation_prompt=True)
    else:
        digits = sys.stdin.readline()
    with open_ledger(data, create=False) as ledger:
        residents.set_tail(ledger, name, digits.strip())
    say("Set. It takes effect with the next ticket.")
