"""`ansim ticket`: what entitles a courier to one deposit."""

from pathlib import Path
from typing import Any

import click

from host_tools.cli._acting import open_ledger, reason_option
from host_tools.cli._output import dry_run_option, json_option, print_json, say
from host_tools.cli._tables import show, table
from host_tools.host.ledger.data_folder import data_option
from host_tools.host.notify.log import moment
from host_tools.host.parcels import tickets

site_option = click.option("--site", help="May be left out where there is only one.")


@click.group()
def command() -> None:
    """Issue, list and revoke tickets.

    \b
    Example: ansim ticket new --resident "Kim Seo-yeon"
    """


@command.command()
@click.option("--resident", required=True, help="For whom the parcel will be.")
@click.option("--unit", metavar="UNIT", help="Her unit, where there is more than one resident of that name.")
@site_option
@dry_run_option
@data_option
@json_option
def new(
    resident: str, unit: str | None, site: str | None, dry_run: bool, data: Path | None, as_json: bool
) -> None:
    """Issue a ticket: 9 digits for the address label, good for one deposit at any cabinet of the site.

    \b
    Example: ansim ticket new --resident "Kim Seo-yeon" --site mapo-3
    """
    with open_ledger(data, create=False) as ledger:
        issued = tickets.issue(ledger, resident, site, unit, dry_run=dry_run)
    values = {
        "ticket": issued.number,
        **{name: getattr(issued, name) for name in ("serial", "generation", "site", "resident")},
    }
    if as_json:
        print_json(values | ({"ticket": None, "serial": None, "dry_run": True} if dry_run else {}))
    elif dry_run:
        say(f"Would issue a ticket for {issued.resident} at {issued.site}.")
    else:
        say(issued.number)


def _described(ticket: tickets.Ticket) -> dict[str, Any]:
    values = ticket._asdict()
    return {"issued": moment(values.pop("issued_ms")), **values}


@command.command("list")
@reason_option("ticket list")
@site_option
@click.option(
    "--state", type=click.Choice(("open", "used", "revoked", "expired")), help="Only those in this state."
)
@data_option
@json_option
def list_(site: str | None, state: str | None, data: Path | None, as_json: bool) -> None:
    """List the tickets by serial, the newest first;
    the 9 digits are shown only once, when a ticket is issued.

    `key` is the generation of the site's ticket key.
    Labels of two generations ago are expired: cabinets refuse them.

    \b
    Example: ansim ticket list --site mapo-3 --state expired
    """
    with open_ledger(data, create=False) as ledger:
        found = tickets.listing(ledger, site, state)
    if as_json:
        print_json([_described(ticket) for ticket in found])
        return
    rows = [
        (one.site, str(one.generation), f"{one.serial:05d}", one.resident, one.state, moment(one.issued_ms))
        for one in found
    ]
    show(table(("site", "key", "serial", "resident", "state", "issued"), rows))


@command.command()
@click.argument("ticket")
@site_option
@dry_run_option
@data_option
@json_option
def revoke(ticket: str, site: str | None, dry_run: bool, data: Path | None, as_json: bool) -> None:
    """Take an open ticket back, by its 9 digits or its 5-digit serial.

    Cabinets check tickets without the host:
    one that takes the ticket all the same is reported at once, and the parcel is flagged.

    \b
    Example: ansim ticket revoke 04711
    """
    with open_ledger(data, create=False) as ledger:
        revoked = tickets.revoke(ledger, ticket, site, dry_run=dry_run)
    if as_json:
        values = {name: getattr(revoked, name) for name in ("site", "generation", "serial", "state")}
        print_json(values | ({"dry_run": True} if dry_run else {}))
    else:
        say(f"{'Would revoke' if dry_run else 'Revoked'} {revoked.serial:05d} of {revoked.site}.")
