"""Options that name a cabinet or one of its doors, and the ends of commands that order something there."""

from collections.abc import Callable

import click

from host_tools.cli._output import dry_run_option, json_option, print_json, say
from host_tools.host.care import Place
from host_tools.host.data import data_option

site_of_cabinet = click.option("--site", required=True, metavar="NAME", help="Where the cabinet stands.")
number_of_cabinet = click.option("--cabinet", required=True, type=click.IntRange(1, 9999), help="The cabinet's number at its site.")


def door_options(act: Callable[..., None]) -> Callable[..., None]:
    """--site, --cabinet, --door, --dry-run, --data and --json of a command that orders something at a door."""
    door = click.option("--door", required=True, type=click.IntRange(1, 99), help="The door.")
    for option in (json_option, data_option, dry_run_option, door, number_of_cabinet, site_of_cabinet):
        act = option(act)
    return act


def cabinet_options(act: Callable[..., None]) -> Callable[..., None]:
    """The same without --door."""
    for option in (json_option, data_option, dry_run_option, number_of_cabinet, site_of_cabinet):
        act = option(act)
    return act


def tell(place: Place, what: str, words: str, *, dry_run: bool, as_json: bool) -> None:
    """Says what was ordered, or on a dry run would be."""
    if as_json:
        where = place._asdict() if place.door else {"site": place.site, "cabinet": place.cabinet}
        print_json(where | {"ordered": None if dry_run else what} | ({"would_order": what, "dry_run": True} if dry_run else {}))
    else:
        say(f"Would order: {what}." if dry_run else f"Ordered. {words}")
