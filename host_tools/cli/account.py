"""`ansim account`: the people who work at the host."""

from pathlib import Path
from typing import Any

import click

from host_tools.cli._acting import open_ledger
from host_tools.cli._output import dry_run_option, json_option, print_json, say
from host_tools.cli._tables import show, table
from host_tools.host.accounts import audit, people, sight
from host_tools.host.accounts.people import Account, Change
from host_tools.host.accounts.rights import ROLES
from host_tools.host.care import cases, paging, watch
from host_tools.host.ledger.data_folder import data_option
from host_tools.host.ledger.database import now_ms
from host_tools.host.notify import silent
from host_tools.host.notify.log import moment
from host_tools.host.people import residents
from host_tools.host.people.contacts import checked_contact

_role = click.option(
    "--role", "roles", multiple=True, type=click.Choice(ROLES), help="What for; may be repeated."
)
_site = click.option(
    "--site",
    "sites",
    multiple=True,
    metavar="NAME",
    help="Only for this site; may be repeated. None: for all.",
)
_os_user = click.option(
    "--os-user", metavar="USER", help='The user of the operating system who gives its commands; "" for none.'
)
_contact = click.option("--contact", metavar="CONTACT", help="Where this person is paged.")


@click.group()
def command() -> None:
    """Say who works here and what for: operators, dispatchers, staff, auditors.

    \b
    Example: ansim account add "Han Ji-min" --role operator --os-user jimin
    """


@command.command()
@click.argument("name")
@_role
@_site
@_os_user
@_contact
@dry_run_option
@data_option
@json_option
def add(
    name: str,
    roles: tuple[str, ...],
    sites: tuple[str, ...],
    os_user: str | None,
    contact: str | None,
    dry_run: bool,
    data: Path | None,
    as_json: bool,
) -> None:
    """Make an account. Prints a token once: with it its owner sets a password and a second factor on the
    pages of the host, within 24 h.

    From the first account on, each command asks whether it is for the one who gives it. The first one has
    to be an operator's, with --os-user.

    \b
    Example: ansim account add "Han Ji-min" --role operator --os-user jimin
    """
    change = Change(roles, sites, os_user, checked_contact(contact or ""))
    with open_ledger(data, create=not dry_run) as ledger:
        account, token = people.add(ledger, name, change, now_ms(), dry_run=dry_run)
    _tell(
        account, f"{'Would make' if dry_run else 'Made'} the account {account.name}.", token, dry_run, as_json
    )


@command.command("list")
@data_option
@json_option
def list_(data: Path | None, as_json: bool) -> None:
    """List the accounts, also those that have ended.

    \b
    Example: ansim account list --json
    """
    with open_ledger(data, create=False) as ledger:
        found = people.listing(ledger)
    if as_json:
        print_json([_described(one) for one in found])
        return
    rows = [
        (
            one.name,
            ", ".join(one.roles),
            ", ".join(one.sites) or "all",
            one.os_user,
            one.contact,
            "set" if one.has_password else "none",
            None if one.ended_ms is None else moment(one.ended_ms),
        )
        for one in found
    ]
    show(table(("account", "for", "sites", "user", "contact", "password", "ended"), rows))


@command.command("set")
@click.argument("name")
@_role
@_site
@click.option("--all-sites", is_flag=True, help="For all sites again.")
@_os_user
@_contact
@click.option(
    "--link", is_flag=True, help="Print a new token for password and second factor; the old one dies."
)
@dry_run_option
@data_option
@json_option
def set_(
    name: str,
    roles: tuple[str, ...],
    sites: tuple[str, ...],
    all_sites: bool,
    os_user: str | None,
    contact: str | None,
    link: bool,
    dry_run: bool,
    data: Path | None,
    as_json: bool,
) -> None:
    """Change an account: the roles and sites that are given replace those it has.

    \b
    Example: ansim account set "Han Ji-min" --role operator --role dispatcher
    """
    if sites and all_sites:
        raise click.UsageError("Give --site or --all-sites, not both.")
    of_sites = () if all_sites else sites or None
    reached = None if contact is None else checked_contact(contact)
    change = Change(roles or None, of_sites, os_user, reached)
    with open_ledger(data, create=False) as ledger:
        account, token = people.change(ledger, name, change, now_ms(), link=link, dry_run=dry_run)
        if not dry_run:
            with ledger.writing() as connection:
                cases.give_back_of_gone(connection, now_ms())
                silent.give_back_of_gone(connection, ledger)
    _tell(account, f"{'Would change' if dry_run else 'Changed'} {account.name}.", token, dry_run, as_json)


@command.command()
@click.argument("name")
@dry_run_option
@data_option
@json_option
def end(name: str, dry_run: bool, data: Path | None, as_json: bool) -> None:
    """End an account: it may do nothing any more. What it did keeps its name; cases that it has taken are
    nobody's again, and people are told anew.

    \b
    Example: ansim account end "Han Ji-min"
    """
    with open_ledger(data, create=False) as ledger:
        at_ms = now_ms()
        with ledger.reading() as connection:
            alone = paging.alone_on_call(connection, people.find(connection, name), at_ms)
        account = people.end(ledger, name, at_ms, dry_run=dry_run)
        with ledger.writing() as connection:
            held = cases.held_by(connection, account.name)
            if not dry_run:  # a server does so too, should this end here
                cases.give_back_of_gone(connection, at_ms)
                silent.give_back_of_gone(connection, ledger)
                watch.look_for_gaps(connection, at_ms)
    if as_json:
        more = {"given_back": held, "nobody_on_call": alone} | ({"dry_run": True} if dry_run else {})
        print_json(_described(account) | {"token": None} | more)
        return
    say(f"{'Would end' if dry_run else 'Ended'} {account.name}.")
    for case in held:
        say(f"Case {case} {'would be' if dry_run else 'is'} nobody's again; people are told anew.")
    for site in alone:
        say(f"NOBODY {'WOULD BE' if dry_run else 'IS'} ON CALL NOW for {site}: `ansim oncall take`.")


@command.command()
@click.argument("name")
@click.option("--resident", required=True, metavar="NAME", help="To whom.")
@click.option("--unit", metavar="UNIT", help="Her unit, where there is more than one resident of that name.")
@click.option("--why", type=click.Choice((*sight.WHY, "none")), required=True, help="What it is to her.")
@dry_run_option
@data_option
@json_option
def relate(
    name: str, resident: str, unit: str | None, why: str, dry_run: bool, data: Path | None, as_json: bool
) -> None:
    """Say that an account is related to a resident: her contact, her delegate, or barred by her.

    From then on it neither sees her nor gets her alarms.

    \b
    Example: ansim account relate "Han Ji-min" --resident "Kim Seo-yeon" --why barred
    """
    with open_ledger(data, create=False) as ledger, ledger.writing() as connection:
        account = people.find(connection, name)
        row = residents.find(connection, resident, unit)
        if not dry_run:
            at_ms = now_ms()
            sight.relate(connection, account, row.id, None if why == "none" else why, at_ms)
            cases.give_back_of_related(connection, account, at_ms)
            silent.give_back_of_related(connection, ledger, account, at_ms)
        audit.note(connection, ledger, "account relate", resident=row.id, text=why, dry_run=dry_run)
    if as_json:
        print_json({"account": name, "resident": row.id, "why": why} | ({"dry_run": True} if dry_run else {}))
    else:
        verb = "would see" if dry_run else "sees"
        say(f"{name} {verb} her again." if why == "none" else f"{name} {verb} nothing of her from now on.")


def _described(account: Account) -> dict[str, Any]:
    values = account._asdict()
    ended_ms = values.pop("ended_ms")
    return values | {"ended": None if ended_ms is None else moment(ended_ms)}


def _tell(account: Account, words: str, token: str, dry_run: bool, as_json: bool) -> None:
    if as_json:
        print_json(_described(account) | {"token": token or None} | ({"dry_run": True} if dry_run else {}))
        return
    say(words)
    if token:
        say(
            "Hand this path of the host's pages over in person; it is good once, for 24 h, and is not shown "
            f"again: /start/{token}"
        )
