"""`ansim audit`: who did what, and who looked at whom."""

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from host_tools.cli._acting import open_ledger, reason_option
from host_tools.cli._output import dry_run_option, json_line, json_option, print_json, say
from host_tools.cli._tables import show, table
from host_tools.errors import UserError
from host_tools.host.accounts import audit
from host_tools.host.accounts.audit import EVERYBODY, Entry, Exported
from host_tools.host.ledger.data_folder import create_private, data_option, sync_folder
from host_tools.host.ledger.database import now_ms
from host_tools.host.notify.log import moment
from host_tools.host.people import residents

_HEADINGS = ("number", "at", "who", "user", "act", "reason", "where", "about", "words")
_SPANS_SHOWN = 20
_WRONG = "Keep this ledger as it is, and compare it with backups and exports."


@click.group()
def command() -> None:
    """Show who did what, prove that no row was changed, write them to a file.

    \b
    Example: ansim audit list --last 20
    """


@command.command("list")
@click.option(
    "--last", type=click.IntRange(1, 100_000), default=audit.LAST, show_default=True, help="How many rows."
)
@reason_option("audit list")
@data_option
@json_option
def list_(last: int, data: Path | None, as_json: bool) -> None:
    """Show the last acts, the oldest first: who, what, why, where, about whom. Times are UTC.

    What was done for silent alarms is shown to dispatchers and auditors alone.

    \b
    Example: ansim audit list --last 20
    """
    with open_ledger(data, create=False) as ledger:
        found = audit.listing(ledger, last)
        names = residents.labels(ledger, {one.resident for one in found if one.resident})
    _show(found, names, as_json)


@command.command()
@click.option("--resident", required=True, metavar="NAME", help="About whom.")
@click.option("--unit", metavar="UNIT", help="Her unit, where there is more than one resident of that name.")
@reason_option("audit about")
@data_option
@json_option
def about(resident: str, unit: str | None, data: Path | None, as_json: bool) -> None:
    """Show what a resident is shown: who acted on her or looked at her data, a day after it happened.

    \b
    Example: ansim audit about --resident "Kim Seo-yeon"
    """
    with open_ledger(data, create=False) as ledger:
        with ledger.writing() as connection:
            row = residents.find(connection, resident, unit)
            audit.note(connection, ledger, "audit about", resident=row.id)
        found = audit.about(ledger, row.id, now_ms())
    _show(found, {row.id: residents.label(row.name, row.unit)}, as_json)


@command.command()
@click.option(
    "--against",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="An earlier export, which must still be true.",
)
@data_option
@json_option
def verify(against: Path | None, data: Path | None, as_json: bool) -> None:
    """Prove that no row of the audit was changed, taken out, or emptied but by an erasure: compute its chain
    anew. Ends with 1 and the numbers of the rows where one was.

    Also rows that were cut off at its end are missed: its head is sealed by the host key. Whoever has that
    key and can write the database could compute a whole new chain: keep exports elsewhere, and look at them
    with --against, which also knows whom rows were about that are emptied now.

    \b
    Example: ansim audit verify --against /media/elsewhere/audit-november.jsonl
    """
    exported = _exported(against) if against else {}
    with open_ledger(data, create=False) as ledger:
        verdicts = audit.verify(ledger, exported)
    found = [_found(one) for one in verdicts if one.wrong is not None]
    if as_json:
        print_json([one._asdict() for one in verdicts])
        if found:
            raise SystemExit(1)
    elif found:
        raise UserError(f"{' '.join(found)} {_WRONG}", hint=_WRONG)
    else:
        for one in verdicts:
            say(
                f"{one.chain}: {one.rows} rows as they were written ({one.erased} of them erased). "
                f"The last link is {one.link}."
            )


def _found(one: audit.Verdict) -> str:
    """What is wrong with a chain, in a sentence."""
    kinds = (
        (one.changed, "not as written"),
        (one.missing, "missing"),
        (one.emptied, "emptied without an erasure"),
    )
    said = "; ".join(f"{words}: {_numbers(spans)}" for spans, words in kinds if spans)
    return f"Rows of the audit ({one.chain}) are wrong ({said})."


def _numbers(spans: Sequence[audit.Span]) -> str:
    named = [str(first) if first == last else f"{first}-{last}" for first, last in spans[:_SPANS_SHOWN]]
    more = len(spans) - _SPANS_SHOWN
    return ", ".join(named) + (f", and {more} more" if more > 0 else "")


@command.command()
@click.argument("file", type=click.Path(path_type=Path))
@reason_option("audit export")
@dry_run_option
@data_option
@json_option
def export(file: Path, dry_run: bool, data: Path | None, as_json: bool) -> None:
    """Write all rows to a new FILE that only you can read, a JSON object a line, with their links.

    It holds the names of accounts and the numbers of residents, and what was written of them: keep it as
    long as it is needed, and no longer. An erasure does not reach it.

    \b
    Example: ansim audit export /media/elsewhere/audit-november.jsonl
    """
    if file.exists():
        raise UserError(f"{file} is there already: name a new file.", 2)
    with open_ledger(data, create=False) as ledger:
        lines = [json_line(_described(one, {})) for one in audit.everything(ledger)]
    if not dry_run:
        create_private(file, "".join(f"{line}\n" for line in lines).encode())
        sync_folder(file.absolute().parent)
    if as_json:
        print_json({"file": str(file), "rows": len(lines)} | ({"dry_run": True} if dry_run else {}))
    else:
        say(f"{'Would write' if dry_run else 'Wrote'} {len(lines)} rows to {file}.")


def _exported(file: Path) -> dict[tuple[str, int], Exported]:
    """What an export says of each row. Raises UserError for another file."""
    try:
        rows = [json.loads(line) for line in file.read_text().splitlines()]
        return {
            (row["chain"], int(row["number"])): Exported(
                bytes.fromhex(row["link"]).hex(), row["resident"], row["erased"]
            )
            for row in rows
        }
    except (ValueError, TypeError, KeyError) as error:
        raise UserError(f"{file} is no export of the audit: `ansim audit export` makes one.", 2) from error
    except OSError as error:
        raise UserError(
            f"{file} cannot be read ({os.strerror(error.errno or 0)}): check that it is yours."
        ) from error


def _described(one: Entry, names: Mapping[int, str]) -> dict[str, Any]:
    values = one._asdict()
    values["at"] = moment(values.pop("at_ms"))
    values["about"] = _about(one, names)
    return values


def _about(one: Entry, names: Mapping[int, str]) -> str | None:
    if one.resident is None:
        return "erased" if one.erased else None
    return "everybody" if one.resident == EVERYBODY else names.get(one.resident, f"resident {one.resident}")


def _show(found: list[Entry], names: Mapping[int, str], as_json: bool) -> None:
    if as_json:
        print_json([_described(one, names) for one in found])
        return
    rows = [
        (
            one.number if one.chain == audit.ACTS else f"{one.chain} {one.number}",
            moment(one.at_ms),
            one.account or one.os_user or "the host",
            one.os_user,
            one.act,
            one.reason,
            " ".join(
                [
                    one.site,
                    *([str(one.cabinet)] if one.cabinet else []),
                    *([f"{one.door:02d}"] if one.door else []),
                ]
            ),
            _about(one, names),
            one.text,
        )
        for one in found
    ]
    show(table(_HEADINGS, rows))
