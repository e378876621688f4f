"""`ansim resident`: whom parcels are for."""

import sys
from pathlib import Path

import click

from host_tools.cli import _resident_changes, _resident_files
from host_tools.cli._acting import open_ledger, reason_option
from host_tools.cli._output import dry_run_option, json_option, print_json, say
from host_tools.cli._resident_changes import unit_option
from host_tools.cli._tables import show, table
from host_tools.host.ledger.data_folder import data_option
from host_tools.host.notify.log import moment
from host_tools.host.notify.site_settings import checked_language
from host_tools.host.people import changes, residents
from host_tools.host.people.changes import Wishes
from host_tools.host.people.residents import Resident

_alike = click.option(
    "--alike", is_flag=True, help="She is somebody else than a resident who is written nearly the same."
)


@click.group()
def command() -> None:
    """Enter residents, list them, change their names and contacts.

    \b
    Example: ansim resident add "Kim Seo-yeon"
    """


@command.command()
@click.argument("name")
@click.option(
    "--contact",
    default="",
    metavar="CONTACT",
    help="An e-mail address or a telephone number; may be left out.",
)
@click.option(
    "--unit", default="", metavar="UNIT", help="Tells her from others of her name, such as the flat's number."
)
@click.option("--language", default="", metavar="CODE", help="Of her letters.  [default: that of her site]")
@click.option("--code-left-out", is_flag=True, help="Her letters leave the code out.")
@click.option("--low-doors", is_flag=True, help="She needs doors within reach.")
@_alike
@dry_run_option
@data_option
@json_option
def add(
    name: str,
    contact: str,
    unit: str,
    language: str,
    code_left_out: bool,
    low_doors: bool,
    alike: bool,
    dry_run: bool,
    data: Path | None,
    as_json: bool,
) -> None:
    """Enter a resident. Names that differ only in how they were typed (composed
    or decomposed letters) are one.

    One whose name or unit differs from another's only in capitals, in blanks and dashes,
    or in letters that look the same is refused without --alike.
    What she wishes holds at once; `ansim resident wishes` changes it later.

    \b
    Example: ansim resident add "Kim Seo-yeon" --unit 101 --contact seo-yeon@example.org
    """
    with open_ledger(data, create=not dry_run) as ledger:
        wishes = Wishes(checked_language(ledger, language), code_left_out, low_doors)
        made = residents.add(ledger, name, contact, unit, wishes=wishes, alike=alike, dry_run=dry_run)
    if as_json:
        print_json(made._asdict() | ({"dry_run": True} if dry_run else {}))
    elif dry_run:
        say(f"Would enter {_called(made)}.")
    else:
        say(
            f"Entered {_called(made)}. `ansim resident tail` sets her safe tail, "
            "`ansim ticket new` issues a ticket for her."
        )


@command.command("list")
@reason_option("resident list")
@data_option
@json_option
def list_(data: Path | None, as_json: bool) -> None:
    """List the residents as they are now, and from when on something changes for them.

    \b
    Example: ansim resident list --json
    """
    with open_ledger(data, create=False) as ledger:
        found = residents.everyone(ledger)
        due = {one.resident: f"from {moment(one.due_ms)}" for one in changes.waiting(ledger) if one.due_ms}
    if as_json:
        print_json([resident._asdict() for resident in found])
        return
    rows = [
        (one.name, one.unit, one.contact, "set" if one.has_tail else "none", due.get(one.id, ""))
        for one in found
    ]
    show(table(("resident", "unit", "contact", "safe tail", "changes"), rows))


@command.command()
@reason_option("resident rename")
@click.argument("name")
@click.argument("new_name", required=False)
@unit_option
@click.option("--new-unit", metavar="UNIT", help='Her unit from now on; "" for none.')
@_alike
@dry_run_option
@data_option
@json_option
def rename(
    name: str,
    new_name: str | None,
    unit: str | None,
    new_unit: str | None,
    alike: bool,
    dry_run: bool,
    data: Path | None,
    as_json: bool,
) -> None:
    """Change a resident's name, her unit, or both. Her tickets and parcels stay hers.

    \b
    Example: ansim resident rename "Kim Seoyeon" "Kim Seo-yeon" --new-unit 101
    """
    if new_name is None and new_unit is None:
        raise click.UsageError("Give a new name, --new-unit, or both.")
    with open_ledger(data, create=False) as ledger:
        before, after = residents.rename(ledger, name, unit, new_name, new_unit, alike=alike, dry_run=dry_run)
    _tell(
        after,
        f"{'Would rename' if dry_run else 'Renamed'} {_called(before)}: {_called(after)}.",
        dry_run,
        as_json,
    )


@command.command()
@click.argument("name")
@unit_option
@click.option("--none", "is_none", is_flag=True, help="Take her safe tail away instead.")
@dry_run_option
@data_option
@json_option
def tail(name: str, unit: str | None, is_none: bool, dry_run: bool, data: Path | None, as_json: bool) -> None:
    """Set a resident's safe tail: the two digits that she types in place of the last
    two when she is forced to open her door.

    Asks for them on a terminal, where they do not show; without one, reads a line from standard input.
    They are never shown again.

    \b
    Example: ansim resident tail "Kim Seo-yeon"
    """
    if is_none:
        digits = None
    elif sys.stdin.isatty():
        digits = click.prompt("Safe tail (two digits)", hide_input=True, confirmation_prompt=True, err=True)
    else:
        digits = sys.stdin.readline().strip()
    with open_ledger(data, create=False) as ledger:
        changed = residents.set_tail(ledger, name, digits, unit, dry_run=dry_run)
    done = f"{'would be ' if dry_run else ''}{'taken away' if is_none else 'set'}"
    _tell(changed, f"{done.capitalize()}. It takes effect with the next ticket.", dry_run, as_json)


for _more in (*_resident_changes.COMMANDS, *_resident_files.COMMANDS):
    command.add_command(_more)


def _called(resident: Resident) -> str:
    return residents.label(resident.name, resident.unit)


def _tell(resident: Resident, words: str, dry_run: bool, as_json: bool) -> None:
    if as_json:
        print_json(resident._asdict() | ({"dry_run": True} if dry_run else {}))
    else:
        say(words)
