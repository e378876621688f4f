"""`ansim oncall`: who is told of alarms, in which order."""

from datetime import datetime
from pathlib import Path
from typing import Any

import click
from sqlalchemy import Connection

from host_tools.cli._acting import open_ledger
from host_tools.cli._cases import act_options, acting
from host_tools.cli._output import json_option, print_json, say
from host_tools.cli._tables import show, table
from host_tools.errors import UserError
from host_tools.host.accounts import audit
from host_tools.host.care import duty, paging, roster, watch
from host_tools.host.ledger.data_folder import data_option
from host_tools.host.ledger.database import now_ms
from host_tools.host.ledger.event_time import moment
from host_tools.host.ledger.ledger import Ledger

_SITE = click.option("--site", metavar="NAME", help="Only for that site.  [default: all sites]")
_NAME = click.option("--name", metavar="NAME", help="Of another account.  [default: your own]")
_DATE = click.DateTime(["%Y-%m-%d"])


@click.group()
def command() -> None:
    """Plan who is woken, take over, prove that pages arrive.

    \b
    Example: ansim oncall who --site mapo-3
    """


@command.command("list")
@data_option
@json_option
def list_(data: Path | None, as_json: bool) -> None:
    """List the weekly hours of those on call. They are in the time zone of the site
    (`ansim site set --zone`).

    \b
    Example: ansim oncall list
    """
    with open_ledger(data, create=False) as ledger, ledger.reading() as connection:
        rows = [_as_json(row) for row in roster.listing(connection)]
    if as_json:
        print_json(rows)
        return
    cells = [
        (
            row["id"],
            row["name"],
            row["site"] or "all",
            row["rank"],
            row["days"],
            f"{row['from']} to {row['until']}",
            " to ".join(day or "..." for day in (row["first_day"], row["last_day"]))
            if row["first_day"] or row["last_day"]
            else "",
        )
        for row in rows
    ]
    show(table(("entry", "account", "site", "order", "days", "hours", "dates"), cells))


def _as_json(row: Any) -> dict[str, Any]:
    return {
        "id": row.id,
        "name": row.name,
        "site": row.site_name,
        "rank": row.rank,
        "days": roster.day_words(row.days),
        "from": roster.clock(row.from_minute),
        "until": roster.clock(row.until_minute),
        "first_day": row.from_date,
        "last_day": row.until_date,
    }


def _in_words(entry: dict[str, Any]) -> str:
    """An entry of the plan for the audit."""
    hours = f"{entry['days']} {entry['from']} to {entry['until']}"
    return f"entry {entry['id']}: {entry['name']}, order {entry['rank']}, {hours}"


@command.command("set")
@click.argument("name")
@_SITE
@click.option(
    "--rank", type=click.IntRange(1, roster.RANK_MAX), default=1, show_default=True, help="1 is told first."
)
@click.option("--days", default="all", show_default=True, help="Such as mon-fri or sat,sun.")
@click.option("--from", "begin", default="00:00", show_default=True, metavar="TIME", help="Of the day.")
@click.option(
    "--until",
    "end",
    default="24:00",
    show_default=True,
    metavar="TIME",
    help="Earlier: of the day after.",
)
@click.option("--first-day", type=_DATE, metavar="DATE", help="Such as 2026-12-01.")
@click.option("--last-day", type=_DATE, metavar="DATE", help="The last day on which the hours begin.")
@act_options
def set_(
    name: str,
    site: str | None,
    rank: int,
    days: str,
    begin: str,
    end: str,
    first_day: datetime | None,
    last_day: datetime | None,
    dry_run: bool,
    data: Path | None,
    as_json: bool,
) -> None:
    """Put the account NAME on call for these hours of each week.

    \b
    Example: ansim oncall set min --site mapo-3 --rank 2 --days mon-fri --from 18:00 --until 08:00
    """
    hours = (roster.days_of(days), roster.minute_of(begin), roster.minute_of(end))
    dates = [None if one is None else one.date() for one in (first_day, last_day)]
    with acting(data, dry_run=dry_run) as (connection, ledger, at_ms):
        entry = roster.add(connection, name, site, rank, *hours, *dates)
        paging.tell_newcomer(connection, roster.account_of(connection, name).id, at_ms)
        watch.look_for_gaps(connection, at_ms)
        (row,) = [_as_json(row) for row in roster.listing(connection) if row.id == entry]
        audit.note(connection, ledger, "oncall set", site=site or "", text=_in_words(row))
    if as_json:
        print_json(row | ({"dry_run": True} if dry_run else {}))
    else:
        say(f"Entry {entry} {'would be' if dry_run else 'is'} in the plan.")


@command.command()
@click.argument("entry", type=click.IntRange(1))
@act_options
def remove(entry: int, dry_run: bool, data: Path | None, as_json: bool) -> None:
    """Take an ENTRY of `ansim oncall list` out of the plan; hours that are nobody's then are a case.

    \b
    Example: ansim oncall remove 3
    """
    with acting(data, dry_run=dry_run) as (connection, ledger, at_ms):
        row = roster.remove(connection, entry)
        words = _in_words(_as_json(row))
        audit.note(connection, ledger, "oncall remove", site=row.site_name or "", text=words)
        watch.look_for_gaps(connection, at_ms)
    if as_json:
        print_json(_as_json(row) | ({"dry_run": True} if dry_run else {}))
    else:
        say(f"Entry {entry} {'would be' if dry_run else 'is'} out of the plan.")


@command.command()
@_SITE
@data_option
@json_option
def who(site: str | None, data: Path | None, as_json: bool) -> None:
    """Say who is on call now, the first to be told first, and when nobody is within the next 7 days.

    \b
    Example: ansim oncall who --site mapo-3
    """
    with open_ledger(data, create=False) as ledger, ledger.reading() as connection:
        at_ms = now_ms()
        names = roster.names_on_call(connection, site, at_ms)
        gaps = watch.gaps_of(connection, roster.site_of(connection, site), at_ms)
    spans = [{"from": moment(begin), "until": moment(end)} for begin, end in gaps]
    if as_json:
        print_json({"site": site, "names": names, "gaps": spans})
        return
    say("On call: " + ", ".join(names) if names else "NOBODY IS ON CALL NOW.")
    for span in spans:
        say(f"Nobody from {span['from']} until {span['until']}.")


@command.command()
@_SITE
@click.option("--until", required=True, metavar="TIME", help="18:00, or `2026-12-24 18:00`, there.")
@_NAME
@act_options
def take(
    site: str | None, until: str, name: str | None, dry_run: bool, data: Path | None, as_json: bool
) -> None:
    """Take over: until then you are the first to be told, and the others come after you.

    \b
    Example: ansim oncall take --site mapo-3 --until 18:00
    """
    with acting(data, dry_run=dry_run) as (connection, ledger, at_ms):
        account = _account(connection, ledger, name)
        until_ms = roster.until(connection, until, site, at_ms)
        roster.take_over(connection, account.id, site, until_ms, at_ms)
        words = f"{account.name} until {moment(until_ms)}"
        audit.note(connection, ledger, "oncall take", site=site or "", text=words)
        paging.tell_newcomer(connection, account.id, at_ms)
        watch.look_for_gaps(connection, at_ms)
        names = roster.names_on_call(connection, site, at_ms)
    if as_json:
        more = {"dry_run": True} if dry_run else {}
        print_json({"site": site, "name": account.name, "until": moment(until_ms), "names": names} | more)
    else:
        say(f"{account.name} {'would be' if dry_run else 'is'} on call until {moment(until_ms)}.")


def _account(connection: Connection, ledger: Ledger, name: str | None) -> Any:
    if name is None and not ledger.actor.name:
        raise UserError("You have no account here: say whose with --name.", 2)
    return roster.account_of(connection, name or ledger.actor.name)


@command.command()
@click.argument("code")
@act_options
def prove(code: str, dry_run: bool, data: Path | None, as_json: bool) -> None:
    """Say the CODE of the day's test page: pages reach you.

    \b
    Example: ansim oncall prove 093214
    """
    with acting(data, dry_run=dry_run) as (connection, ledger, at_ms):
        name = watch.prove(connection, code, at_ms)
        audit.note(connection, ledger, "oncall prove", text=name)
    if as_json:
        print_json({"name": name, "proved": not dry_run} | ({"dry_run": True} if dry_run else {}))
    else:
        say(f"Pages {'would be proved to' if dry_run else ''} reach {name}.".replace("  ", " "))


@command.command("test-at")
@click.argument("time")
@_NAME
@act_options
def test_at(time: str, name: str | None, dry_run: bool, data: Path | None, as_json: bool) -> None:
    """Choose the TIME of your daily test page, on the host's clock.

    \b
    Example: ansim oncall test-at 09:30
    """
    minute = roster.minute_of(time) % duty.DAY_MINUTES
    with acting(data, dry_run=dry_run) as (connection, ledger, _):
        account = _account(connection, ledger, name)
        roster.set_test_time(connection, account.id, minute)
        words = f"{account.name} at {roster.clock(minute)}"
        audit.note(connection, ledger, "oncall test-at", text=words)
    if as_json:
        shown = {"name": account.name, "time": roster.clock(minute)}
        print_json(shown | ({"dry_run": True} if dry_run else {}))
    else:
        comes = "would come" if dry_run else "comes"
        say(f"The test page of {account.name} {comes} at {roster.clock(minute)}.")
