"""`ansim link`: how the links to the cabinets stand."""

import contextlib
import time
from pathlib import Path
from typing import Any

import click
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from host_tools.cli._acting import note, open_ledger
from host_tools.cli._output import dry_run_option, json_option, print_json, say
from host_tools.cli._tables import show, table
from host_tools.host.accounts.kept import Kept
from host_tools.host.connections import reach
from host_tools.host.connections.link_status import Links, LinkStatus, link_statuses
from host_tools.host.connections.presence import Running
from host_tools.host.fleet.reconcile import take_over
from host_tools.host.ledger import aside, bounds
from host_tools.host.ledger.data_folder import data_option
from host_tools.host.ledger.database import now_ms
from host_tools.host.ledger.ledger import Ledger
from host_tools.host.notify.log import moment

_WATCH_S = 1.0


@click.group(invoke_without_command=True)
@click.option(
    "--watch",
    is_flag=True,
    help="Go on showing them, renewed each second, until Ctrl-C. With --json: a document a second.",
)
@data_option
@json_option
@click.pass_context
def command(context: click.Context, watch: bool, data: Path | None, as_json: bool) -> None:
    """Show whether a server runs, and each board's link: up or down, since when,
    events behind, epoch, round trip, waiting orders.

    \b
    Example: ansim link --watch
    """
    if context.invoked_subcommand is not None:
        context.obj = data
        return
    with open_ledger(data, create=False) as ledger:
        if not watch:
            _print(link_statuses(ledger, now_ms()), as_json)
            return
        with contextlib.suppress(KeyboardInterrupt):
            _watch(ledger, as_json)


def _watch(ledger: Ledger, as_json: bool) -> None:
    if as_json or not Console().is_terminal:
        while True:
            _print(link_statuses(ledger, now_ms()), as_json)
            time.sleep(_WATCH_S)
    with Live(_drawn(link_statuses(ledger, now_ms())), auto_refresh=False) as live:
        while True:
            live.update(_drawn(link_statuses(ledger, now_ms())), refresh=True)
            time.sleep(_WATCH_S)


def _print(found: Links, as_json: bool) -> None:
    if as_json:
        servers = [{"name": server.name, "since": moment(server.since_ms)} for server in found.servers]
        print_json({"servers": servers, "links": [_values(status) for status in found.links]})
        return
    say(_servers(found.servers))
    show(_table(found.links))
    for status in found.links:
        if status.reason:
            say(f"{status.site}, cabinet {status.cabinet}: {status.reason}.")
        if status.set_aside:
            say(
                f"{status.site}, cabinet {status.cabinet}: {status.set_aside} of its records are set aside: "
                "`ansim link aside`."
            )


def _drawn(found: Links) -> Group:
    return Group(Text(_servers(found.servers)), _table(found.links))


def _servers(servers: list[Running]) -> str:
    if not servers:
        return "no server is running: start one with `ansim serve`; what follows is as the last one knew it"
    each = [f"on {server.name} since {moment(server.since_ms)}" for server in servers]
    if len(each) == 1:
        return f"a server runs {each[0]}"
    return f"{len(each)} servers run on this ledger: {', '.join(each)}"


def _values(status: LinkStatus) -> dict[str, Any]:
    values = status._asdict()
    times = {name.removesuffix("_ms"): values.pop(name) for name in ("since_ms", "seen_ms")}
    return values | {name: moment(ms) if ms is not None else None for name, ms in times.items()}


def _table(statuses: list[LinkStatus]) -> Table:
    rows = []
    for status in statuses:
        since, seen = (moment(ms) if ms is not None else None for ms in (status.since_ms, status.seen_ms))
        round_trip = f"{status.round_trip_ms} ms" if status.round_trip_ms is not None else None
        where = (status.site, status.cabinet, status.state, since)
        rows.append((*where, seen, status.behind, status.epoch, round_trip, status.orders or None))
    return table(
        ("site", "cabinet", "link", "since", "last heard", "behind", "epoch", "round trip", "orders"), rows
    )


@command.command("aside")
@click.option("--seen", is_flag=True, help="A person has looked at them: `ansim link` no longer counts them.")
@data_option
@json_option
@click.pass_context
def aside_(context: click.Context, seen: bool, data: Path | None, as_json: bool) -> None:
    """List the records of boards that could not be applied: they count as applied, and their boards go on.

    Each is shown as it came, 20 bytes. Report it with the builds of board and host;
    look whether the door is as the screen says.

    \b
    Example: ansim link aside --seen
    """
    with open_ledger(data or context.obj, create=False) as ledger:
        kept = aside.listing(ledger, but=lambda connection: Kept(connection).hides_aside)
        if seen:
            aside.mark_seen(ledger)
    if as_json:
        rows = [one._asdict() | {"raw": one.raw.hex(), "at": moment(one.aside_ms)} for one in kept]
        print_json([{name: value for name, value in row.items() if name != "aside_ms"} for row in rows])
        return
    cells = (
        (
            one.site,
            one.cabinet,
            one.number,
            moment(one.aside_ms),
            one.reason,
            one.raw.hex(),
            "yes" if one.seen else "",
        )
        for one in kept
    )
    show(table(("site", "cabinet", "event", "at", "why", "record", "seen"), cells))


@command.command("release")
@click.option("--site", required=True, metavar="NAME", help="Where the cabinet stands.")
@click.option(
    "--number", required=True, type=click.IntRange(1, 9999), help="The cabinet's number at its site."
)
@click.option("--discard", is_flag=True, help="Send none of them: what the cabinet told did not happen.")
@dry_run_option
@data_option
@json_option
@click.pass_context
def release_(
    context: click.Context,
    site: str,
    number: int,
    discard: bool,
    dry_run: bool,
    data: Path | None,
    as_json: bool,
) -> None:
    """Send the letters of a cabinet that were held because it told more than people at it could have done,
    or discard them.

    Look at the cabinet first: whoever holds its board's keys can tell of parcels that were never there.

    \b
    Example: ansim link release --site mapo-3 --number 2
    """
    with open_ledger(data or context.obj, create=False) as ledger:
        if not dry_run:
            note(ledger)
        count = bounds.release(ledger, site, number, discard=discard, dry_run=dry_run)
        goes_out = reach.letter_words(ledger, "each of them")
    if as_json:
        print_json(
            {"site": site, "cabinet": number, "letters": count, "discarded": discard}
            | ({"dry_run": True} if dry_run else {})
        )
    elif not count:
        say(f"No letters of cabinet {number} of {site} are held.")
    else:
        verb = "would be" if dry_run else "are"
        what = "discarded" if discard else "released" if dry_run or not count else f"released; {goes_out}"
        say(f"{count} letters of cabinet {number} of {site} {verb} {what}.")


@command.command("take-over")
@click.option("--site", required=True, metavar="NAME", help="Where the cabinet stands.")
@click.option(
    "--number",
    type=click.IntRange(1, 9999),
    help="The cabinet's number at its site.  [default: the only one there]",
)
@dry_run_option
@data_option
@json_option
@click.pass_context
def take_over_(
    context: click.Context, site: str, number: int | None, dry_run: bool, data: Path | None, as_json: bool
) -> None:
    """Make this host the one that a cabinet follows,
    after another host with a copy of this ledger has served it.

    Stop the other host first. The cabinet tells this one what it lacks.

    \b
    Example: ansim link take-over --site mapo-3
    """
    with open_ledger(data or context.obj, create=False) as ledger:
        number = take_over(ledger, site, number, dry_run=dry_run)
        waits = "" if link_statuses(ledger, now_ms()).servers else f", once a server runs: {reach.NO_SERVER}"
    if as_json:
        print_json(
            {"site": site, "cabinet": number, "taken_over": not dry_run}
            | ({"dry_run": True} if dry_run else {})
        )
    else:
        follows = "would follow" if dry_run else "follows"
        say(f"Cabinet {number} of {site} {follows} this host from its next report on (within 300 s){waits}.")
