"""`ansim letter`: what became of letters, without what they say."""

from pathlib import Path
from typing import Any

import click

from host_tools.cli._acting import open_ledger, reason_option
from host_tools.cli._cases import act_options, acting, place
from host_tools.cli._output import json_option, print_json, say
from host_tools.cli._tables import show, table
from host_tools.host.accounts import accounts, audit
from host_tools.host.ledger.data_folder import data_option
from host_tools.host.ledger.event_time import moment
from host_tools.host.notify import survey

_LAST_MAX = 10_000


@click.group()
def command() -> None:
    """Look at what became of letters; have one tried again.

    \b
    Example: ansim letter list --state "given up"
    """


@command.command("list")
@reason_option("letter list")
@click.option("--state", type=click.Choice(survey.STATES), help="Only these.")
@click.option(
    "--last", type=click.IntRange(1, _LAST_MAX), default=survey.LAST, show_default=True, help="How many."
)
@click.option("--contacts", is_flag=True, help="With the addresses, for whom `ansim resident list` is.")
@data_option
@json_option
def list_(state: str | None, last: int, contacts: bool, data: Path | None, as_json: bool) -> None:
    """List the last letters, the oldest first: where, when, and what became of each by which channel.
    Nothing that they say is shown.

    \b
    Example: ansim letter list --state waiting
    """
    with open_ledger(data, create=False) as ledger:
        if contacts:
            accounts.check(ledger, "resident contact list", ledger.actor)
        with ledger.reading() as connection:
            rows = survey.letters(connection, state or "", last, with_contacts=contacts)
    if as_json:
        print_json([as_json_of(row, contacts=contacts) for row in rows])
        return
    cells = [
        (
            row.id,
            row.kind,
            "staff" if row.to_staff else "resident",
            place(row.site, row.cabinet, row.door),
            moment(row.queued_ms),
            row.state,
            "; ".join(_shown(way, contacts=contacts) for way in row.ways),
        )
        for row in rows
    ]
    show(table(("letter", "kind", "to", "where", "queued", "state", "ways"), cells))


def _shown(way: survey.Way, *, contacts: bool) -> str:
    said = f"{way.channel}: {way.state}"
    said += f", {way.attempts} times" if way.attempts else ""
    said += f", {way.reason}" if way.reason else ""
    return said + (f" ({way.contact})" if contacts and way.contact else "")


def as_json_of(row: survey.Letter, *, contacts: bool = False) -> dict[str, Any]:
    """What programs read of a letter."""
    return {
        "id": row.id,
        "kind": row.kind,
        "to": "staff" if row.to_staff else "resident",
        "site": row.site,
        "cabinet": row.cabinet,
        "door": row.door,
        "state": row.state,
        "queued": moment(row.queued_ms),
        "sent": _moment(row.sent_ms),
        "ways": [
            {
                "rank": way.rank,
                "channel": way.channel,
                "state": way.state,
                "attempts": way.attempts,
                "next": _moment(way.next_ms),
                "handed_over": _moment(way.handed_ms),
                "ended": _moment(way.ended_ms),
                "reason": way.reason,
            }
            | ({"contact": way.contact} if contacts else {})
            for way in row.ways
        ],
    }


def _moment(ms: int | None) -> str | None:
    return None if ms is None else moment(ms)


@command.command()
@click.argument("letter")
@reason_option("letter again")
@act_options
def again(letter: str, dry_run: bool, data: Path | None, as_json: bool) -> None:
    """Try a LETTER of `ansim letter list` again, at once and by all its ways: one that waits for its next
    try, was given up, or could not be made. It keeps its id.

    \b
    Example: ansim letter again 5f0c1d2e3a4b5c6d7e8f90a1b2c3d4e5
    """
    with acting(data, dry_run=dry_run) as (connection, ledger, at_ms):
        was = survey.again(connection, letter, at_ms)
        about = {"site": was.site, "cabinet": was.cabinet, "door": was.door, "resident": was.resident}
        audit.note(connection, ledger, "letter again", **about)
    if dry_run:  # that one was undone
        with open_ledger(data, create=False) as ledger, ledger.writing() as connection:
            audit.note(connection, ledger, "letter again", **about, dry_run=True)
    if as_json:
        print_json({"id": was.id, "was": was.state} | ({"dry_run": True} if dry_run else {}))
    else:
        say(f"The letter was {was.state}, and {'would be' if dry_run else 'is'} tried again now.")
