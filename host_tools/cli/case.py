"""`ansim case`: what people must settle."""

from pathlib import Path

import click
from sqlalchemy import select

from host_tools.cli._acting import open_ledger
from host_tools.cli._cases import (
    act_options,
    acting,
    anyway_option,
    as_json,
    happened,
    note_option,
    place,
    show_cases,
    span_ms,
    todo,
    told,
)
from host_tools.cli._output import json_option, print_json, say
from host_tools.host.care import cap, cases, kinds, paging
from host_tools.host.care.duty import zone_of
from host_tools.host.connections import reach
from host_tools.host.ledger import tables
from host_tools.host.ledger.data_folder import data_option
from host_tools.host.ledger.event_time import Moment, moment
from host_tools.host.notify.wording import STAFF, Where, notice
from host_tools.host.parcels import bells, closing

_ID = click.argument("case", type=click.IntRange(1), metavar="CASE")


@click.group()
def command() -> None:
    """See, take and close what needs a person.

    \b
    Example: ansim case list
    """


@command.command("list")
@click.option("--site", metavar="NAME", help="Only of that site.")
@click.option("--state", type=click.Choice(cases.STATES), help="Only those.  [default: all but closed]")
@click.option("--last", type=click.IntRange(1, 100_000), default=1000, show_default=True, help="How many.")
@data_option
@json_option
def list_(site: str | None, state: str | None, last: int, data: Path | None, as_json: bool) -> None:
    """List the cases: alarms first, then those that nobody has taken, the oldest before the newest.
    Times are UTC: when it happened, and when the host heard of it.

    \b
    Example: ansim case list --site mapo-3
    """
    rows = listed(data, site, state, last)
    if as_json:
        print_json(rows)
    else:
        show_cases(rows)


def listed(data: Path | None, site: str | None, state: str | None = None, last: int = 1000) -> list[dict]:
    """The cases of the sites that whoever gives the command sees, for programs."""
    with open_ledger(data, create=False) as ledger, ledger.reading() as connection:
        found = cases.listing(connection, site=site, state=state, last=last)
        sites = ledger.actor.sites
        return [as_json(row) for row in found if not sites or row.site is None or row.site in sites]


@command.command()
@_ID
@data_option
@json_option
def show(case: int, data: Path | None, as_json: bool) -> None:
    """Show a case, what to do about it, and what was done.

    \b
    Example: ansim case show 12
    """
    from host_tools.cli import _cases

    with open_ledger(data, create=False) as ledger, ledger.reading() as connection:
        row = _cases.as_json(bells.find(connection, ledger, case))
        notes = cases.notes(connection, case)
        failed = paging.why_failed(connection, case)
    asks = todo(row["kind"])
    done = [{"at": moment(one.at_ms), "by": one.by, "what": one.what, "words": one.words} for one in notes]
    if as_json:
        print_json(row | {"asks": asks, "notes": done, "pages_failed": failed})
        return
    where = place(row["site"], row["cabinet"], row["door"])
    say(f"Case {row['id']}: {row['kind']}{' at ' + where if where else ''}, {row['state']}.")
    say(f"Happened {happened(row)}, heard {row['heard']}, {row['times']} times, last {row['last']}.")
    if row["nobody_told"]:
        why = f" ({', '.join(failed)})" if failed else ""
        say(f"NOBODY WAS TOLD: the page failed{why}. Take it, then see `ansim oncall who`, `channel list`.")
    say(asks)
    for one in done:
        words = f": {one['words']}" if one["words"] else ""
        say(f"{one['at']}  {one['by'] or 'the host'}: {one['what']}{words}")


@command.command()
@_ID
@anyway_option
@act_options
def take(case: int, anyway: bool, dry_run: bool, data: Path | None, as_json: bool) -> None:
    """Take a case: nobody is told of it any more. Of a bell the cabinet's screen says that a person has seen
    this call, and no other, when the cabinet has the answer.

    \b
    Example: ansim case take 12
    """
    take_it(case, anyway=anyway, dry_run=dry_run, data=data, as_json=as_json)


def take_it(case: int, *, anyway: bool, dry_run: bool, data: Path | None, as_json: bool) -> None:
    """The same for other commands."""
    with acting(data, dry_run=dry_run) as (connection, ledger, at_ms):
        taken = bells.take(connection, ledger, case, at_ms, anyway=anyway)
    its_end = {"dry_run": dry_run, "wants_json": as_json, "loss": taken.loss}
    if not taken.call:
        told(taken.case, "yours.", **its_end)
        return
    its = (taken.case.site_name, taken.case.cabinet_number)
    with open_ledger(data, create=False) as ledger:
        hindrance = reach.hindrance(ledger, *its)
        shows, words = bells.screen_words(ledger, taken)
    is_held = hindrance is not None and shows == bells.WAITS
    more = {"call": taken.call, "screen": shows} | ({"hindrance": hindrance} if is_held else {})
    told(taken.case, f"yours. {words}", **its_end, more=more)


@command.command("give-back")
@_ID
@anyway_option
@act_options
def give_back(case: int, anyway: bool, dry_run: bool, data: Path | None, as_json: bool) -> None:
    """Give back a case that you cannot see to: of an alarm people are told anew, from the first one on.

    \b
    Example: ansim case give-back 12
    """
    with acting(data, dry_run=dry_run) as (connection, ledger, at_ms):
        row = bells.find(connection, ledger, case)
        cases.give_back(connection, case, bells.name_of(ledger), at_ms, anyway=anyway)
        loss = bells.noted(connection, ledger, "case give-back", row, at_ms)
        row = cases.find(connection, case)
    told(row, "open again.", dry_run=dry_run, wants_json=as_json, loss=loss)


@command.command()
@_ID
@click.argument("outcome")
@note_option
@anyway_option
@act_options
def close(
    case: int, outcome: str, note: str, anyway: bool, dry_run: bool, data: Path | None, as_json: bool
) -> None:
    """Close a case with an OUTCOME of its list, which `ansim case show` says. `parcel is gone` ends the
    parcel: it waits no more, and its resident is told.

    \b
    Example: ansim case close 12 helped --note "she is at home"
    """
    with acting(data, dry_run=dry_run) as (connection, ledger, at_ms):
        row, loss, words = closing.close(
            connection, ledger, "case close", case, outcome, at_ms, note, anyway=anyway
        )
    told(row, f"closed: {outcome}.{words}", dry_run=dry_run, wants_json=as_json, loss=loss)


@command.command()
@_ID
@click.argument("why", metavar="WHY")
@click.option("--for", "span", required=True, metavar="TIME", help="How long: 45m, 8h, 3d; at most 30d.")
@anyway_option
@act_options
def shelve(
    case: int, why: str, span: str, anyway: bool, dry_run: bool, data: Path | None, as_json: bool
) -> None:
    """Put a case away for a while, saying why; then it is open again by itself. An alarm is taken first.

    \b
    Example: ansim case shelve 12 "the lamp is ordered" --for 7d
    """
    with acting(data, dry_run=dry_run) as (connection, ledger, at_ms):
        row = bells.find(connection, ledger, case)
        by, until_ms = bells.name_of(ledger), at_ms + span_ms(span)
        cases.shelve(connection, case, by, until_ms, why, at_ms, anyway=anyway)
        until = f"until {moment(until_ms)}"
        loss = bells.noted(connection, ledger, "case shelve", row, at_ms, until)
        row = cases.find(connection, case)
    told(row, f"shelved {until}.", dry_run=dry_run, wants_json=as_json, loss=loss)


@command.command()
@_ID
@click.argument("words", metavar="WORDS")
@act_options
def note(case: int, words: str, dry_run: bool, data: Path | None, as_json: bool) -> None:
    """Add words to a case. No names of residents, no codes: whoever sees the case reads them.

    \b
    Example: ansim case note 12 "the police are on their way"
    """
    with acting(data, dry_run=dry_run) as (connection, ledger, at_ms):
        row = bells.find(connection, ledger, case)
        cases.note(connection, case, bells.name_of(ledger), words, at_ms)
        bells.note(connection, ledger, "case note", row)
    told(row, "noted.", dry_run=dry_run, wants_json=as_json)


@command.command()
@_ID
@click.option("--cap", "is_cap", is_flag=True, required=True, help="As CAP 1.2, an XML document.")
@click.option(
    "--status", type=click.Choice(cap.STATUSES), default=cap.ACTUAL, show_default=True, help="What it is."
)
@click.option("--sender", metavar="NAME", help="Who says so, such as ansim.example.org.")
@click.option("--to", default="", metavar="ADDRESS", help="To whom alone it goes.")
@act_options
def export(
    case: int,
    is_cap: bool,
    status: str,
    sender: str | None,
    to: str,
    dry_run: bool,
    data: Path | None,
    as_json: bool,
) -> None:
    """Print a case for those who take it over (the police, a control room): an alert, and, when something has
    changed since, an update or a cancel that names what was handed out before. Of a case that is closed, and
    of which nothing was handed out, it is an alert with its end. It holds nothing of people.

    \b
    Example: ansim case export 12 --cap --sender ansim.example.org > alert.xml
    """
    with acting(data, dry_run=dry_run) as (connection, ledger, at_ms):
        row = bells.find(connection, ledger, case)
        place = connection.execute(select(tables.site).where(tables.site.c.id == row.site)).first()
        kind = "page bell" if row.kind == kinds.BELL else "page alarm"
        when = Moment(row.earliest_ms, row.latest_ms, row.heard_ms)
        language = place.language if place else ""
        title = notice(STAFF, kind, Where(row.site_name or ""), when, language).title
        named = sender or (f"ansim-{place.site_id.hex()}" if place else "ansim")
        words = cap.Words(language, title, named, to)
        zone = zone_of(place.zone if place else "")
        notes = cases.notes(connection, case)
        made = cap.message(row, notes, words, zone, status).decode()
        given = cap.handed_out(cap.step_of(notes), named)
        cases.handed_out(connection, case, bells.name_of(ledger), given, at_ms)
    if as_json:
        print_json({"id": case, "cap": made} | ({"dry_run": True} if dry_run else {}))
    else:
        say(made.rstrip())
