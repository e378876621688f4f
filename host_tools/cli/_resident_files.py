"""`ansim resident import`, `export` and `erase`: residents from a file, into one, and out of all of them."""

from pathlib import Path

import click

from host_tools.cli._acting import open_ledger, reason_option
from host_tools.cli._output import dry_run_option, json_option, print_json, say
from host_tools.cli._progress import bar
from host_tools.cli._resident_changes import unit_option
from host_tools.errors import UserError
from host_tools.host.ledger.data_folder import create_private, data_option
from host_tools.host.ledger.database import now_ms
from host_tools.host.notify import spooled
from host_tools.host.notify.wording.changed import texts_of
from host_tools.host.people import residents, table_file
from host_tools.host.people.erasure import erase as erase_resident
from host_tools.host.people.imports import import_residents


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--alike", is_flag=True, help="Whoever is written nearly as somebody else is somebody else.")
@dry_run_option
@data_option
@json_option
def import_(file: Path, alike: bool, dry_run: bool, data: Path | None, as_json: bool) -> None:
    """Enter the residents of a table: all of them, or nobody when a row is wrong; each such row is told.

    CSV as a spreadsheet saves it, with a first row of name, unit, contact, contact 2, contact 3
    (or 이름, 호수, 연락처, 연락처 2, 연락처 3), in any order; a name is enough.
    What a new resident wishes may stand in language, low doors and code left out
    (언어, 낮은 칸, 번호 생략), the last two as yes or no.
    Who is there already stays as she is.

    \b
    Example: ansim resident import building-7.csv --dry-run
    """
    with open_ledger(data, create=not dry_run) as ledger, bar("entering", shows="percent") as progress:
        languages = texts_of(ledger.data).languages
        done = import_residents(
            ledger, file, now_ms(), languages=languages, alike=alike, dry_run=dry_run, progress=progress
        )
    if as_json:
        print_json(done._asdict() | ({"dry_run": True} if dry_run else {}))
        return
    verb = "Would enter" if dry_run else "Entered"
    say(f"{verb} {done.entered} residents; {done.known} were there already.")
    if done.differ:
        say(
            f"{done.differ} of these have other contacts in the file, and keep theirs: "
            "`ansim resident contact` changes them."
        )


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@reason_option("resident export")
@dry_run_option
@data_option
@json_option
def export(file: Path, dry_run: bool, data: Path | None, as_json: bool) -> None:
    """Write the residents to a new FILE that only you can read, as a spreadsheet opens it; `import` reads it.

    Delete it when it is of no use any more: an erasure does not reach it.

    \b
    Example: ansim resident export residents.csv
    """
    if file.exists():
        raise UserError(f"{file} is there already: name a new file.", 2)
    with open_ledger(data, create=False) as ledger:
        rows = residents.table(ledger)
    if not dry_run:
        create_private(file, table_file.written(rows))
    if as_json:
        print_json({"file": str(file), "residents": len(rows)} | ({"dry_run": True} if dry_run else {}))
    else:
        say(f"{'Would write' if dry_run else 'Wrote'} {len(rows)} residents to {file}.")


@click.command()
@click.argument("name")
@unit_option
@click.option(
    "--file",
    "files",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="A file of messages that no channel of this host names, to be looked through too; may be repeated.",
)
@reason_option("resident erase")
@dry_run_option
@data_option
@json_option
def erase(
    name: str, unit: str | None, files: tuple[Path, ...], dry_run: bool, data: Path | None, as_json: bool
) -> None:
    """Erase a resident for good: her name, contacts, tail, wishes, letters, what the audit says of her.

    Refused while a parcel waits for her or a ticket of hers is open. The ledger is written anew, so choose a
    quiet hour where it is large. A backup that is restored later is erased anew; what a mail server or
    a gateway keeps is theirs.

    \b
    Example: ansim resident erase "Kim Seo-yeon" --unit 101 --reason moved
    """
    with open_ledger(data, create=False) as ledger:
        spools = [*spooled.files(ledger.data), *files]
        done = erase_resident(ledger, name, unit, now_ms(), files=spools, dry_run=dry_run)
    if as_json:
        print_json(done._asdict() | ({"dry_run": True} if dry_run else {}))
        return
    counts = f"{done.letters} letters, {done.audit_rows} rows of the audit"
    if dry_run:
        say(f"Would erase her, with {counts}.")
    else:
        say(f"Erased, with {counts}, and {done.lines} lines of files of messages. Her number was {done.id}.")
    if done.copies:
        names = ", ".join(done.copies)
        say(f"Earlier ledgers lie in the data folder and still hold her, delete them: {names}.")


COMMANDS = (import_, export, erase)
