"""`ansim site`: what is set for a site, and what is printed for it."""

from pathlib import Path

import click

from host_tools.cli._acting import note, open_ledger
from host_tools.cli._output import dry_run_option, json_option, print_json, say
from host_tools.cli._tables import show, table
from host_tools.errors import UserError
from host_tools.host.ledger.data_folder import data_option
from host_tools.host.notify import site_settings


@click.group()
def command() -> None:
    """List the sites; set the language of a site's letters, its quiet hours, its time zone.

    \b
    Example: ansim site set --site mapo-3 --language ko --quiet 22:00-07:00
    """


@command.command("list")
@data_option
@json_option
def list_(data: Path | None, as_json: bool) -> None:
    """List the sites and what is set for each.

    \b
    Example: ansim site list
    """
    with open_ledger(data, create=False) as ledger:
        found = site_settings.everywhere(ledger)
    if as_json:
        print_json([one._asdict() for one in found])
        return
    headings = ("site", "language", "quiet", "time zone", "help number", "near")
    rows = [one._replace(near=", ".join(one.near)) for one in found]  # type: ignore[arg-type]
    show(table(headings, [[value or "-" for value in one] for one in rows]))


@command.command("set")
@click.option("--site", required=True, metavar="NAME", help="Which one.")
@click.option("--language", metavar="LANG", help='Of its letters, such as ko; "" for English.')
@click.option(
    "--quiet",
    metavar="HH:MM-HH:MM",
    help='When residents are sent nothing that can wait until morning, such as 22:00-07:00; "" for never.',
)
@click.option("--zone", metavar="ZONE", help='Its time zone, such as Asia/Seoul; "" for that of the host.')
@click.option(
    "--near",
    metavar="NAME,NAME",
    help='Where a courier goes who finds no room there: other sites, the nearest first; "" for nowhere.',
)
@dry_run_option
@data_option
@json_option
def set_(
    site: str,
    language: str | None,
    quiet: str | None,
    zone: str | None,
    near: str | None,
    dry_run: bool,
    data: Path | None,
    as_json: bool,
) -> None:
    """Set what is given and leave the rest. A resident who has chosen a language of her own keeps it.

    Quiet hours hold up reminders and the like; what she needs to fetch a parcel, what happens at her door and
    whatever is about safety goes out at any hour.

    \b
    Example: ansim site set --site mapo-3 --language ko --quiet 22:00-07:00
    """
    if language is None and quiet is None and zone is None and near is None:
        raise UserError("Say what to set: --language, --quiet, --zone or --near.", 2)
    others = None if near is None else near.split(",")
    with open_ledger(data, create=False) as ledger:
        now = site_settings.change(ledger, site, language, quiet, zone, others, dry_run=True)
        if not dry_run:
            note(ledger)
            now = site_settings.change(ledger, site, language, quiet, zone, others)
    if as_json:
        print_json(now._asdict() | ({"dry_run": True} if dry_run else {}))
        return
    say(
        f"{now.site}{' would have' if dry_run else ''}: letters in {now.language or 'en'}, quiet hours "
        f"{now.quiet or 'none'}, time zone {now.zone or 'of the host'}"
        f"{', near it ' + ', '.join(now.near) if now.near else ''}."
    )
