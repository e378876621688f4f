"""What the commands about cases and alarms share."""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from sqlalchemy import Connection, Row

from host_tools.cli._acting import open_ledger
from host_tools.cli._output import dry_run_option, json_option, print_json, say
from host_tools.cli._tables import show, table
from host_tools.errors import UserError
from host_tools.host.care import kinds
from host_tools.host.ledger.data_folder import data_option
from host_tools.host.ledger.database import now_ms
from host_tools.host.ledger.event_time import moment
from host_tools.host.ledger.ledger import Ledger
from host_tools.host.parcels.bells import Loss

_UNITS_MS = {"m": 60_000, "h": 3_600_000, "d": 86_400_000}
_SPAN = re.compile(r"([0-9]{1,4})([mhd])")

note_option = click.option("--note", default="", metavar="WORDS", help="What else there is to say.")

anyway_option = click.option(
    "--anyway", is_flag=True, help="Also where somebody else has taken it, who is told of that."
)


def act_options(act: Callable[..., None]) -> Callable[..., None]:
    """--dry-run, --data and --json of a command that does something about a case."""
    for option in (json_option, data_option, dry_run_option):
        act = option(act)
    return act


@contextmanager
def acting(data: Path | None, *, dry_run: bool = False) -> Iterator[tuple[Connection, Ledger, int]]:
    """One transaction for whoever gives the command, and the time in ms since 1970;
    on a dry run all of it is undone.
    """
    with open_ledger(data, create=False) as ledger, ledger.writing() as connection:
        yield connection, ledger, now_ms()
        if dry_run:
            connection.rollback()


def span_ms(text: str) -> int:
    """A length of time such as `45m`, `8h` or `3d` in ms. Raises UserError for another text."""
    found = _SPAN.fullmatch(text)
    if found is None or not int(found[1]):
        raise UserError("A length of time is minutes, hours or days: 45m, 8h, 3d.", 2)
    return int(found[1]) * _UNITS_MS[found[2]]


def as_json(case: Row) -> dict[str, Any]:
    """What programs read of a case (a row of cases.listing)."""
    return {
        "id": case.id,
        "kind": case.kind,
        "alarm": case.pages,
        "site": case.site_name,
        "cabinet": case.cabinet_number or 0,
        "door": case.door,
        "happened": moment(case.earliest_ms),
        "happened_until": moment(case.latest_ms),
        "heard": moment(case.heard_ms),
        "opened": moment(case.opened_ms),
        "times": case.times,
        "last": moment(case.last_ms),
        "state": case.state,
        "nobody_told": case.nobody_told,
        "taken_by": case.taken_by,
        "taken": _moment(case.taken_ms),
        "shelved_until": _moment(case.shelved_until_ms),
        "closed_by": case.closed_by,
        "closed": _moment(case.closed_ms),
        "outcome": case.outcome,
    }


def _moment(ms: int | None) -> str | None:
    return None if ms is None else moment(ms)


def place(site: str | None, cabinet: int, door: int) -> str:
    """`mapo-3/2 door 07`, as far as there is one."""
    return (site or "") + (f"/{cabinet}" if cabinet else "") + (f" door {door:02d}" if door else "")


def happened(row: dict[str, Any]) -> str:
    """When it happened, for a list."""
    begin, end = row["happened"], row["happened_until"]
    return begin if begin == end else f"{begin} to {end}"


def state_of(row: dict[str, Any]) -> str:
    """How far a case is, and who has it, for a list."""
    if row["nobody_told"]:
        return f"{row['state']}, NOBODY WAS TOLD: the page failed"
    return row["state"] + (f" by {row['taken_by']}" if row["taken_by"] else "")


def show_cases(rows: Sequence[dict[str, Any]]) -> None:
    """A table of cases for people."""
    cells = [
        (
            row["id"],
            "ALARM" if row["alarm"] else "",
            row["kind"],
            place(row["site"], row["cabinet"], row["door"]),
            happened(row),
            row["heard"],
            row["times"],
            state_of(row),
        )
        for row in rows
    ]
    show(table(("case", "", "kind", "where", "happened", "heard", "times", "state"), cells))


def told(
    case: Row,
    done: str,
    *,
    dry_run: bool,
    wants_json: bool,
    loss: Loss | None = None,
    more: dict[str, Any] | None = None,
) -> None:
    """Says what was done about a case, or would be: `done` follows `is` and `would be`;
    `loss`: who else had it.
    """
    if wants_json:
        lost = {"lost_by": loss.name, "lost_paged": loss.is_paged} if loss else {}
        print_json(as_json(case) | lost | (more or {}) | ({"dry_run": True} if dry_run else {}))
        return
    where = place(case.site_name, case.cabinet_number or 0, case.door)
    named = f"Case {case.id} ({case.kind}{', ' + where if where else ''})"
    say(f"{named} {'would be' if dry_run else 'is'} {done}{' ' + loss.words if loss else ''}")


def todo(kind: str) -> str:
    """What a case of a kind asks for, for a person."""
    found = kinds.kind_of(kind)
    return (
        f"{found.title[:1].upper()}{found.title[1:]}. {found.todo} It ends as: {', '.join(found.outcomes)}."
    )
