"""`ansim events`: what happened at a cabinet, and why."""

from pathlib import Path

import click

from host_tools.cli._acting import open_ledger, reason_option
from host_tools.cli._output import json_option, print_json
from host_tools.cli._tables import show, table
from host_tools.host.fleet import events
from host_tools.host.ledger.data_folder import data_option
from host_tools.host.ledger.places import Place
from host_tools.host.notify.log import moment, when_fields


@click.command()
@reason_option("events")
@click.option("--site", required=True, metavar="NAME", help="Where the cabinet stands.")
@click.option(
    "--cabinet", required=True, type=click.IntRange(1, 9999), help="The cabinet's number at its site."
)
@click.option("--door", type=click.IntRange(1, 99), help="Only what happened at that door.")
@click.option(
    "--last", type=click.IntRange(1, 100_000), default=events.LAST, show_default=True, help="How many events."
)
@data_option
@json_option
def command(site: str, cabinet: int, door: int | None, last: int, data: Path | None, as_json: bool) -> None:
    """Show what happened at a cabinet or at one of its doors, in words: why was it jammed, who opened it?

    The oldest of them first. Times are UTC:
    when it happened, as far as that is known, and when the host heard of it.

    \b
    Example: ansim events --site mapo-3 --cabinet 2 --door 7
    """
    with open_ledger(data, create=False) as ledger:
        found = events.listing(ledger, Place(site, cabinet, door or 0), last)
    if as_json:
        print_json(
            [
                {
                    "number": one.number,
                    "door": one.door,
                    "event": one.name,
                    "words": one.words,
                    **when_fields(one.moment),
                }
                for one in found
            ]
        )
        return
    rows = []
    for one in found:
        happened = moment(one.moment.earliest_ms)
        if one.moment.latest_ms > one.moment.earliest_ms:
            happened += f" to {moment(one.moment.latest_ms)}"
        rows.append(
            (
                one.number,
                f"{one.door:02d}" if one.door else "",
                happened,
                moment(one.moment.heard_ms),
                one.words,
            )
        )
    show(table(("event", "door", "happened", "heard", "what"), rows))
