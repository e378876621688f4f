"""`ansim alarm`: what people must look at now."""

from pathlib import Path
from typing import Any

import click

from host_tools.cli._acting import open_ledger
from host_tools.cli._cases import act_options, acting, anyway_option, happened, note_option, place, state_of
from host_tools.cli._output import json_option, print_json, say
from host_tools.cli._tables import show, table
from host_tools.host.care import cases
from host_tools.host.ledger.data_folder import data_option
from host_tools.host.ledger.database import now_ms
from host_tools.host.ledger.event_time import moment
from host_tools.host.notify import silent
from host_tools.host.parcels import bells, closing


@click.group()
def command() -> None:
    """See, take and close alarms.

    \b
    Example: ansim alarm list
    """


@command.command("list")
@click.option("--site", metavar="NAME", help="Only of that site.")
@click.option("--closed", is_flag=True, help="Those that are closed, the newest first, and how they ended.")
@data_option
@json_option
def list_(site: str | None, closed: bool, data: Path | None, as_json: bool) -> None:
    """List the alarms that are not closed, those that nobody has taken first; for dispatchers silent alarms
    too, which nobody else sees; the closed ones of 30 days auditors see as well. That somebody was shown
    one is a row of the audit. Times are UTC: when it happened, and when the host heard of it.

    \b
    Example: ansim alarm list --closed
    """
    from host_tools.cli import case

    rows: list[dict[str, Any]] = [
        {name: row[name] for name in _FIELDS} | {"id": str(row["id"])}
        for row in case.listed(data, site, cases.CLOSED if closed else None)
        if row["alarm"]
    ]
    with open_ledger(data, create=False) as ledger:
        with ledger.reading() as connection:
            found = (silent.closed if closed else silent.listing)(connection, ledger, now_ms())
        found = [one for one in found if site in (None, one.site)]
        silent.note_look(ledger, found)
    rows += map(_of_silent, found)
    if closed:
        rows.sort(key=lambda row: row["closed"], reverse=True)
    else:
        rows.sort(key=lambda row: (row["state"] != cases.OPEN, row["heard"]))
    if as_json:
        print_json(rows)
    elif closed:
        _show_closed(rows)
    else:
        _show_open(rows)


def _show_closed(rows: list[dict[str, Any]]) -> None:
    cells = [
        (
            _short(row),
            row["kind"],
            place(row["site"], row["cabinet"], row["door"]),
            happened(row),
            f"{row['taken']} by {row['taken_by']}" if row["taken_by"] else "",
            f"{row['closed']} by {row['closed_by'] or 'the host'}",
            row["outcome"],
        )
        for row in rows
    ]
    show(table(("alarm", "kind", "where", "happened", "taken", "closed", "outcome"), cells))


def _show_open(rows: list[dict[str, Any]]) -> None:
    cells = [
        (
            _short(row),
            row["kind"],
            place(row["site"], row["cabinet"], row["door"]),
            happened(row),
            row["heard"],
            row["times"],
            state_of(row),
        )
        for row in rows
    ]
    show(table(("alarm", "kind", "where", "happened", "heard", "times", "state"), cells))


_FIELDS = ("id", "kind", "site", "cabinet", "door", "happened", "happened_until", "heard", "times", "state")
_FIELDS += ("nobody_told", "taken_by", "taken", "closed_by", "closed", "outcome")


def _short(row: dict[str, Any]) -> str:
    return row["id"][: silent.ID_DIGITS if row["kind"] == "silent" else None]


def _of_silent(one: silent.Silent) -> dict[str, Any]:
    return {
        "id": one.id,
        "kind": "silent",
        "site": one.site,
        "cabinet": one.cabinet,
        "door": one.door,
        "happened": moment(one.moment.earliest_ms),
        "happened_until": moment(one.moment.latest_ms),
        "heard": moment(one.moment.heard_ms),
        "times": 1,
        "state": one.state,
        "nobody_told": False,
        "taken_by": one.taken_by,
        "taken": None if one.taken_ms is None else moment(one.taken_ms),
        "closed_by": one.closed_by,
        "closed": None if one.closed_ms is None else moment(one.closed_ms),
        "outcome": one.outcome,
    }


@command.command()
@click.argument("alarm", metavar="ALARM")
@anyway_option
@act_options
def take(alarm: str, anyway: bool, dry_run: bool, data: Path | None, as_json: bool) -> None:
    """Take an alarm by its number (or the first digits of a silent one): nobody is told of it any more. Of a
    bell the cabinet's screen says that a person has seen this call when the cabinet has the answer; of a
    silent alarm no cabinet hears.

    \b
    Example: ansim alarm take 12
    """
    if _is_case(alarm):
        from host_tools.cli import case

        case.take_it(int(alarm), anyway=anyway, dry_run=dry_run, data=data, as_json=as_json)
        return
    with acting(data, dry_run=dry_run) as (connection, ledger, at_ms):
        taken = silent.take(connection, ledger, alarm, bells.name_of(ledger), at_ms, anyway=anyway)
    _say(taken, "yours. Send help; do not call the resident", dry_run=dry_run, as_json=as_json)


@command.command()
@click.argument("alarm", metavar="ALARM")
@click.argument("outcome")
@note_option
@anyway_option
@act_options
def close(
    alarm: str, outcome: str, note: str, anyway: bool, dry_run: bool, data: Path | None, as_json: bool
) -> None:
    """Close an alarm with an OUTCOME of its list: helped, false, "handed to police", drill, "nobody there"
    for calls for help; `ansim case show` says those of others.

    \b
    Example: ansim alarm close 12 "handed to police"
    """
    with acting(data, dry_run=dry_run) as (connection, ledger, at_ms):
        closed = ended = None
        if _is_case(alarm):
            closed = closing.close(
                connection, ledger, "alarm close", int(alarm), outcome, at_ms, note, anyway=anyway
            )
        else:
            by, words = bells.name_of(ledger), cases.checked_words(note)
            ended = silent.close(connection, ledger, alarm, by, outcome, at_ms, words, anyway=anyway)
    if ended is not None:
        _say(ended, f"closed: {outcome}", dry_run=dry_run, as_json=as_json)
    elif closed is not None:
        from host_tools.cli import _cases

        done = f"closed: {outcome}.{closed.words}"
        _cases.told(closed.case, done, dry_run=dry_run, wants_json=as_json, loss=closed.loss)


def _is_case(alarm: str) -> bool:
    return alarm.isdecimal() and len(alarm) < silent.ID_DIGITS_MIN


def _say(one: silent.Silent, done: str, *, dry_run: bool, as_json: bool) -> None:
    if as_json:
        print_json(_of_silent(one) | ({"dry_run": True} if dry_run else {}))
    else:
        where = place(one.site, one.cabinet, one.door)
        say(f"Silent alarm {one.id[: silent.ID_DIGITS]} ({where}) {'would be' if dry_run else 'is'} {done}.")
