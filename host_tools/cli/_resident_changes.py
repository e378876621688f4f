"""`ansim resident contact`, `wishes` and `change`: what takes effect a day after her contacts were told."""

from datetime import datetime
from pathlib import Path
from typing import Any

import click

from host_tools.cli._acting import open_ledger, reason_option
from host_tools.cli._output import dry_run_option, json_option, print_json, say
from host_tools.cli._tables import show, table
from host_tools.errors import UserError
from host_tools.host.accounts import audit
from host_tools.host.ledger.data_folder import data_option
from host_tools.host.ledger.database import now_ms
from host_tools.host.notify import untold
from host_tools.host.notify.log import moment
from host_tools.host.notify.site_settings import checked_language
from host_tools.host.parcels import asking
from host_tools.host.people import changes, contacts, residents
from host_tools.host.people.changes import Asked, Wishes
from host_tools.host.people.contacts import Contact, checked_contact

unit_option = click.option(
    "--unit", metavar="UNIT", help='Tells residents of one name apart, such as a flat\'s number; "" for none.'
)
_address = click.argument("address", metavar="CONTACT")
_DAY = (
    "Her contacts are told; it takes effect in 24 h, unless one of them stops it: "
    "`ansim resident change stop`."
)


@click.group()
def contact() -> None:
    """Say where a resident is reached, in the order in which it is tried.

    Each change is told to all her contacts and takes effect 24 h later, unless one of them stops it; that of
    a resident without a contact takes effect at once.

    \b
    Example: ansim resident contact add "Kim Seo-yeon" "+82 10 1234 5678"
    """


@contact.command("add")
@click.argument("name")
@_address
@unit_option
@click.option("--first", is_flag=True, help="Ahead of the others.")
@reason_option("resident contact add")
@dry_run_option
@data_option
@json_option
def _add(
    name: str, address: str, unit: str | None, first: bool, dry_run: bool, data: Path | None, as_json: bool
) -> None:
    """Add a contact behind the others: an e-mail address or a telephone number.

    A contact that is not her first hears only that a message waits, until it is confirmed.

    \b
    Example: ansim resident contact add "Kim Seo-yeon" "+82 10 1234 5678"
    """
    new = _checked(address)

    def changed(now: list[Contact]) -> list[Contact]:
        if any(one.address == new for one in now):
            raise UserError("That is a contact of hers already.")
        return [Contact(new, True), *now] if first else [*now, Contact(new, False)]

    _change("resident contact add", name, unit, changed, data, dry_run=dry_run, as_json=as_json)


@contact.command("remove")
@click.argument("name")
@_address
@unit_option
@reason_option("resident contact remove")
@dry_run_option
@data_option
@json_option
def _remove(
    name: str, address: str, unit: str | None, dry_run: bool, data: Path | None, as_json: bool
) -> None:
    """Take a contact away.

    \b
    Example: ansim resident contact remove "Kim Seo-yeon" seo-yeon@example.org
    """
    gone = _checked(address)

    def changed(now: list[Contact]) -> list[Contact]:
        _known(now, gone)
        return [one for one in now if one.address != gone]

    _change("resident contact remove", name, unit, changed, data, dry_run=dry_run, as_json=as_json)


@contact.command("move")
@click.argument("name")
@_address
@click.argument("rank", type=click.IntRange(1, changes.CONTACTS_MAX))
@unit_option
@reason_option("resident contact move")
@dry_run_option
@data_option
@json_option
def _move(
    name: str, address: str, rank: int, unit: str | None, dry_run: bool, data: Path | None, as_json: bool
) -> None:
    """Give a contact another place in the order: RANK 1 is tried first.

    \b
    Example: ansim resident contact move "Kim Seo-yeon" "+82 10 1234 5678" 1
    """
    moved = _checked(address)

    def changed(now: list[Contact]) -> list[Contact]:
        it = _known(now, moved)
        others = [one for one in now if one is not it]
        return [*others[: rank - 1], it, *others[rank - 1 :]]

    _change("resident contact move", name, unit, changed, data, dry_run=dry_run, as_json=as_json)


@contact.command("confirm")
@click.argument("name")
@_address
@unit_option
@reason_option("resident contact confirm")
@dry_run_option
@data_option
@json_option
def _confirm(
    name: str, address: str, unit: str | None, dry_run: bool, data: Path | None, as_json: bool
) -> None:
    """Say that a further contact may have whole letters, with codes: she said so at her first contact.

    \b
    Example: ansim resident contact confirm "Kim Seo-yeon" "+82 10 1234 5678"
    """
    confirmed = _checked(address)

    def changed(now: list[Contact]) -> list[Contact]:
        it = _known(now, confirmed)
        return [Contact(one.address, True) if one is it else one for one in now]

    _change("resident contact confirm", name, unit, changed, data, dry_run=dry_run, as_json=as_json)


@contact.command("list")
@click.argument("name")
@unit_option
@reason_option("resident contact list")
@data_option
@json_option
def _list(name: str, unit: str | None, data: Path | None, as_json: bool) -> None:
    """Show the contacts of a resident: those that hold now, then those that hold from a later time on.

    \b
    Example: ansim resident contact list "Kim Seo-yeon"
    """
    with open_ledger(data, create=False) as ledger, ledger.writing() as connection:
        row = residents.looked_at(connection, ledger, "resident contact list", name, unit)
        due = _moment(changes.due_of(connection, row.id, changes.CONTACTS))
        lists: list[tuple[str | None, list[Contact]]] = [(None, contacts.of(connection, [row.id])[row.id])]
        if due is not None:
            lists.append((due, changes.contacts_to_be(connection, row.id)))
    if as_json:
        print_json([one._asdict() | {"from": since} for since, found in lists for one in found])
        return
    rows = [
        (rank, one.address, "yes" if one.is_confirmed else "", f"from {since}" if since else "now")
        for since, found in lists
        for rank, one in enumerate(found, 1)
    ]
    show(table(("rank", "contact", "whole letters", "holds"), rows))
    if due is not None and not lists[-1][1]:
        say(f"No contact is left from {due}.")


@click.command()
@click.argument("name")
@unit_option
@click.option("--language", metavar="CODE", help='Of her letters, such as ko or en; "" for that of her site.')
@click.option(
    "--code-left-out/--code-in-letters", default=None, help="Whether her letters leave the code out."
)
@click.option("--low-doors/--any-door", default=None, help="Whether she needs doors within reach.")
@click.option(
    "--hold-until",
    type=click.DateTime(["%Y-%m-%d"]),
    help="Issue no tickets for her until the beginning of that day.",
)
@click.option("--no-hold", is_flag=True, help="Issue tickets for her again.")
@reason_option("resident wishes")
@dry_run_option
@data_option
@json_option
def wishes(
    name: str,
    unit: str | None,
    language: str | None,
    code_left_out: bool | None,
    low_doors: bool | None,
    hold_until: datetime | None,
    no_hold: bool,
    dry_run: bool,
    data: Path | None,
    as_json: bool,
) -> None:
    """Change what a resident wishes; without an option, show it.

    A change is told to all her contacts and takes effect 24 h later, unless one of them stops it; that of a
    resident without a contact takes effect at once.

    \b
    Example: ansim resident wishes "Kim Seo-yeon" --language ko --low-doors
    """
    given = {"language": language, "code_left_out": code_left_out, "low_doors": low_doors}
    given = {key: value for key, value in given.items() if value is not None}
    at_ms = now_ms()
    if hold_until is not None or no_hold:
        given["hold_until_ms"] = None if hold_until is None else _ahead(hold_until, at_ms)
    with open_ledger(data, create=False) as ledger, ledger.writing() as connection:
        if language is not None:
            given["language"] = checked_language(ledger, language)
        row = residents.find(connection, name, unit)
        due = _moment(changes.due_of(connection, row.id, changes.WISHES))
        wanted = Wishes(**(changes.wishes_to_be(connection, row)._asdict() | given))
        asked = Asked(row.id, changes.WISHES, None)
        if given and not dry_run:
            asked = changes.ask_wishes(connection, ledger, row.id, wanted, at_ms, "resident wishes")
        else:
            audit.note(connection, ledger, "resident wishes", resident=row.id, dry_run=dry_run)
    if not given:
        _show_wishes(row.id, _shown(changes.wishes_of(row)), _shown(wanted), due, as_json=as_json)
    elif as_json:
        print_json({"id": row.id, **_shown(wanted), "takes_effect": _due(asked)} | _dry(dry_run))
    else:
        say("It would be changed." if dry_run else _said(asked))


def _show_wishes(
    resident: int, now: dict[str, Any], then: dict[str, Any], due: str | None, *, as_json: bool
) -> None:
    """What holds now, and what holds from `due` on."""
    if as_json:
        print_json({"id": resident, **now, "takes_effect": due, "then": None if due is None else then})
        return
    rows = [(key.replace("_", " "), value, then[key] if due else "") for key, value in now.items()]
    if due is None:
        show(table(("wish", "is"), [row[:2] for row in rows]))
    else:
        show(table(("wish", "is", f"from {due}"), rows))


def _ahead(day: datetime, at_ms: int) -> int:
    begins_ms = round(day.timestamp() * 1000)
    if begins_ms <= at_ms:
        raise UserError("That day has begun: choose one that comes, or --no-hold.", 2)
    return begins_ms


def _shown(wanted: Wishes) -> dict[str, Any]:
    values = wanted._asdict()
    until_ms = values.pop("hold_until_ms")
    return values | {"hold_until": None if until_ms is None else moment(until_ms)}


@click.group()
def change() -> None:
    """See what changes for residents, and stop it.

    \b
    Example: ansim resident change stop "Kim Seo-yeon"
    """


@change.command("list")
@data_option
@json_option
def _waiting(data: Path | None, as_json: bool) -> None:
    """List what takes effect within the next 24 h: which kind, and when.

    \b
    Example: ansim resident change list
    """
    with open_ledger(data, create=False) as ledger:
        found = changes.waiting(ledger)
        names = residents.labels(ledger, {one.resident for one in found})
    rows = [(names[one.resident], one.kind, _due(one)) for one in found if one.resident in names]
    if as_json:
        print_json([{"resident": who, "kind": kind, "takes_effect": due} for who, kind, due in rows])
    else:
        show(table(("resident", "changes", "takes effect"), rows))


@change.command("stop")
@click.argument("name")
@unit_option
@dry_run_option
@data_option
@json_option
def _stop(name: str, unit: str | None, dry_run: bool, data: Path | None, as_json: bool) -> None:
    """Stop what waits for a resident, a door that somebody asks for too: she, or a contact of hers, says so.

    \b
    Example: ansim resident change stop "Kim Seo-yeon"
    """
    with open_ledger(data, create=False) as ledger:
        stopped = 0
        with ledger.writing() as connection:
            row = residents.find(connection, name, unit)
            if dry_run:
                audit.note(connection, ledger, "resident change stop", resident=row.id, dry_run=True)
            else:
                stopped = asking.stop(connection, row.id, now_ms())
                stopped += changes.stop(connection, ledger, row.id, now_ms())
        if dry_run:
            stopped = sum(one.resident == row.id for one in changes.waiting(ledger))
    if as_json:
        print_json({"id": row.id, "stopped": stopped} | _dry(dry_run))
    elif not stopped:
        say("Nothing waits for her.")
    else:
        say(
            f"{stopped} change{'s' if stopped > 1 else ''} {'would be' if dry_run else 'will not be'} "
            f"{'stopped' if dry_run else 'made'}."
        )


COMMANDS = (contact, wishes, change)


def _checked(address: str) -> str:
    checked = checked_contact(address)
    if not checked:
        raise UserError("Say which contact.", 2)
    return checked


def _known(now: list[Contact], address: str) -> Contact:
    found = [one for one in now if one.address == address]
    if not found:
        raise UserError("That is no contact of hers: `ansim resident contact list` shows them.", 2)
    return found[0]


def _change(
    act: str, name: str, unit: str | None, changed: Any, data: Path | None, *, dry_run: bool, as_json: bool
) -> None:
    with open_ledger(data, create=False) as ledger, ledger.writing() as connection:
        row = residents.find(connection, name, unit)
        with audit.noting_refusal(connection, ledger, act, row.id):
            wanted = changed(changes.contacts_to_be(connection, row.id))
        asked, letters = Asked(row.id, changes.CONTACTS, None), 0
        if dry_run:
            audit.note(connection, ledger, act, resident=row.id, dry_run=True)
        else:
            asked = changes.ask_contacts(connection, ledger, row.id, wanted, now_ms(), act)
            letters = untold.tell_again(connection, row.id) if asked.due_ms is None else 0
    if as_json:
        listed = [one._asdict() for one in wanted]
        print_json({"id": row.id, "contacts": listed, "takes_effect": _due(asked)} | _dry(dry_run))
    else:
        say("It would be changed." if dry_run else _said(asked))
        if letters:
            say(f"Parcels wait for her: {letters} letter{'s' if letters > 1 else ''} to her will go out now.")


def _said(asked: Asked) -> str:
    return "Changed: she had no contact to tell." if asked.due_ms is None else _DAY


def _due(asked: Asked) -> str | None:
    return _moment(asked.due_ms)


def _moment(ms: int | None) -> str | None:
    return None if ms is None else moment(ms)


def _dry(dry_run: bool) -> dict[str, bool]:
    return {"dry_run": True} if dry_run else {}
