"""`ansim site`: what is set for a site, and what is printed for it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from host_tools.cli._acting import note, open_ledger
from host_tools.cli._output import dry_run_option, json_option, print_json, say
from host_tools.cli._tables import show, table
from host_tools.errors import UserError
from host_tools.extras import require
from host_tools.host.ledger.data_folder import data_option
from host_tools.host.ledger.names import normal
from host_tools.host.notify import site_settings


def _out(*suffixes: str) -> Callable[..., Any]:
    """`--out FILE` of what is printed, by one of these endings."""

    def checked(_context: click.Context, _parameter: click.Parameter, path: Path) -> Path:
        if path.suffix not in suffixes:
            raise click.BadParameter(f"give a name that ends in {' or '.join(suffixes)}")
        return path

    written = f"The file to write: {' or '.join(suffixes)}."
    kind = click.Path(path_type=Path, dir_okay=False)
    return click.option("--out", required=True, type=kind, metavar="FILE", callback=checked, help=written)


@click.group()
def command() -> None:
    """List the sites; set the language of a site's letters, its quiet hours, its time zone; print its sign.

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


@command.command()
@click.option("--site", required=True, metavar="NAME", help="Which one.")
@click.option(
    "--web-name", required=True, metavar="NAME", help="The name by which browsers reach this host, over TLS."
)
@_out(".pdf", ".svg")
@dry_run_option
@data_option
@json_option
def qr(site: str, web_name: str, out: Path, dry_run: bool, data: Path | None, as_json: bool) -> None:
    """Print the sign that hangs at the cabinets of a site: its QR code leads couriers to their page.

    \b
    Example: ansim site qr --site mapo-3 --web-name lockers.example.org --out mapo-3.pdf
    """
    from host_tools.host.web.paper import sheet, sign  # takes long to import

    with open_ledger(data, create=False) as ledger:
        address = sign.address_of(ledger, site, web_name)
    made = sign.sign(site, address)
    if out.suffix == ".pdf":
        require("fpdf")
    content = sheet.svg(made).encode() if out.suffix == ".svg" else sheet.pdf(site, [made])
    _write(out, content, dry_run=dry_run)
    if as_json:
        dry = {"dry_run": True} if dry_run else {}
        print_json({"site": site, "file": str(out), "address": address} | dry)
        return
    say(f"{out}{' would be' if dry_run else ''}: a sign for {site} that leads to {address}")


@command.command()
@click.option("--site", required=True, metavar="NAME", help="Whose help number is on it.")
@click.option(
    "--for", "whose", required=True, type=click.Choice(["courier", "resident"]), help="Whom it is for."
)
@_out(".pdf")
@dry_run_option
@data_option
@json_option
def card(site: str, whose: str, out: Path, dry_run: bool, data: Path | None, as_json: bool) -> None:
    """Print a card in large print, a page in Korean and one in English: how a visit at the cabinet goes.

    \b
    Example: ansim site card --site mapo-3 --for resident --out card.pdf
    """
    from host_tools.host.web.paper import cards, sheet  # takes long to import

    with open_ledger(data, create=False) as ledger:
        numbers = {one.site: one.help_number for one in site_settings.everywhere(ledger)}
    name = normal(site)
    if name not in numbers:
        raise UserError(f"There is no site {site}: `ansim site list` shows them.", 2)
    require("fpdf")
    _write(out, sheet.pdf(whose, cards.card(whose, numbers[name])), dry_run=dry_run)
    if as_json:
        print_json({"site": name, "file": str(out), "for": whose} | ({"dry_run": True} if dry_run else {}))
        return
    say(f"{out}{' would be' if dry_run else ''}: a card for each {whose} of {name}.")


def _write(path: Path, content: bytes, *, dry_run: bool) -> None:
    """Raises UserError where it cannot be written."""
    if dry_run:
        return
    try:
        path.write_bytes(content)
    except OSError as error:
        raise UserError(f"{path} cannot be written ({error.strerror}).") from error
