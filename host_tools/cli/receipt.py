"""`ansim receipt`: deposits that the host has not heard of."""

from pathlib import Path

import click

from host_tools.cli._acting import open_ledger
from host_tools.cli._output import dry_run_option, json_option, print_json, say
from host_tools.host.connections import reach
from host_tools.host.ledger.data_folder import data_option
from host_tools.host.parcels import receipts


@click.group()
def command() -> None:
    """Enter what a cabinet without a link has shown its courier.

    \b
    Example: ansim receipt enter 662376966 "07 0012 12345678"
    """


@command.command()
@click.argument("ticket")
@click.argument("receipt")
@click.option(
    "--site", metavar="NAME", help="Where the cabinet stands; may be left out where there is only one site."
)
@dry_run_option
@data_option
@json_option
def enter(
    ticket: str, receipt: str, site: str | None, dry_run: bool, data: Path | None, as_json: bool
) -> None:
    """Bring in a deposit by its TICKET (9 digits) and the RECEIPT that the screen showed:
    door, 4 digits, 8 digits.

    Its resident gets her letter as soon as a server runs; when the cabinet has its link again nobody is told
    twice. A receipt that is not right takes 15 s to say so, and so does every one behind it.

    \b
    Example: ansim receipt enter 662376966 "07 0012 12345678" --site mapo-3
    """
    with open_ledger(data, create=False) as ledger:
        found = receipts.enter(ledger, ticket, receipt, site, dry_run=dry_run)
        goes_out = reach.letter_words(ledger, "its resident's letter")
    if as_json:
        print_json(found._asdict() | ({"dry_run": True} if dry_run else {}))
    elif found.known:
        say(
            "The host knows of this parcel already: "
            f"door {found.door:02d} of cabinet {found.cabinet}, {found.site}."
        )
    else:
        done = "would be entered" if dry_run else f"is entered; {goes_out}"
        say(f"The parcel behind door {found.door:02d} of cabinet {found.cabinet}, {found.site} {done}.")
