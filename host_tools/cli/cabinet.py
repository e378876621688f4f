"""`ansim cabinet`: the cabinets and their links."""

from pathlib import Path

import click

from host_tools.cli._acting import note, open_ledger
from host_tools.cli._output import json_option, print_json, say
from host_tools.cli._place import board_options, cabinet_options, tell
from host_tools.cli._tables import show, table
from host_tools.host.fleet import doors
from host_tools.host.fleet.silence import silence as silence_board
from host_tools.host.ledger.data_folder import data_option
from host_tools.host.ledger.places import Place
from host_tools.host.notify.log import moment
from host_tools.host.parcels import parcels


@click.group()
def command() -> None:
    """Look at the cabinets, tell them how long to wait for people,
    take a board out of service, silence a stolen one.

    \b
    Example: ansim cabinet list
    """


@command.command("list")
@data_option
@json_option
def list_(data: Path | None, as_json: bool) -> None:
    """List the cabinets: since when each was last heard,
    how many events the ledger holds of its journal, how many parcels wait.

    \b
    Example: ansim cabinet list --json
    """
    with open_ledger(data, create=False) as ledger:
        found = parcels.cabinets(ledger)
    rows = []
    for cabinet in found:
        values = cabinet._asdict()
        seen_ms = values.pop("seen_ms")
        rows.append(values | {"seen": moment(seen_ms) if seen_ms is not None else None})
    if as_json:
        print_json(rows)
        return
    headings = ("site", "cabinet", "board", "state", "last heard", "boot", "events", "waiting")
    names = ("site", "number", "board", "state", "seen", "boot", "events", "waiting")
    show(
        table(
            headings,
            [
                [row[name] for name in names]
                for row in [row | {"seen": row["seen"] or "never"} for row in rows]
            ],
        )
    )


@command.command()
@click.argument("factor", type=click.IntRange(1, doors.PATIENCE_MAX))
@cabinet_options
def patience(factor: int, site: str, cabinet: int, dry_run: bool, data: Path | None, as_json: bool) -> None:
    """Let a cabinet wait for people FACTOR times as long as it does by itself: 1 (as made) to 4.

    \b
    Example: ansim cabinet patience 2 --site mapo-3 --cabinet 2
    """
    place = Place(site, cabinet)
    with open_ledger(data, create=False) as ledger:
        doors.set_patience(ledger, place, factor, dry_run=dry_run)
    tell(
        place,
        f"patience {factor}",
        "It waits so long as soon as it has heard of it.",
        dry_run=dry_run,
        as_json=as_json,
    )


@command.command()
@board_options
def retire(site: str, cabinet: int, dry_run: bool, data: Path | None, as_json: bool) -> None:
    """Take the board of a cabinet out of service permanently: it was stolen, copied, lost or thrown away.

    A running server hears it no more within a minute, whatever it says. Parcels that wait are known to the
    next board that is provisioned with this site and number: `ansim cabinet silence` is for a board that a
    stranger holds and that may have lied. A stolen board knows the ticket secret of its site:
    docs/operations.md says what to do.

    \b
    Example: ansim cabinet retire --site mapo-3 --cabinet 2
    """
    with open_ledger(data, create=False) as ledger:
        waiting = parcels.waiting_at(ledger, site, cabinet)
        if not dry_run:
            note(ledger)
        ledger.retire_at(site, cabinet, dry_run=dry_run)
    if as_json:
        print_json(
            {"site": site, "cabinet": cabinet, "retired": not dry_run, "waiting": waiting}
            | ({"dry_run": True} if dry_run else {})
        )
        return
    say(f"The board of cabinet {cabinet} of {site} {'would be' if dry_run else 'is'} retired.")
    if waiting:
        order = f"ansim provision --replace --site {site} --number {cabinet}"
        say(f"{waiting} parcels wait there: `{order}` on another board gives them new codes.")


@command.command()
@board_options
def silence(site: str, cabinet: int, dry_run: bool, data: Path | None, as_json: bool) -> None:
    """Believe nothing more of a board that was stolen or copied: from now on its keys count no more.

    What waits in its cabinet is listed as `unknown`, staff and residents are told; its held letters are
    discarded, its orders end. Codes still open its doors while that board is in them: empty the cabinet.
    There is no way back: `ansim provision --replace` gives the cabinet a board, or this one, with new keys.
    Someone with the board can forge tickets until the site has a new ticket secret.

    \b
    Example: ansim cabinet silence --site mapo-3 --cabinet 2
    """
    with open_ledger(data, create=False) as ledger:
        ended = silence_board(ledger, Place(site, cabinet), dry_run=dry_run)
    if as_json:
        print_json(
            {"site": site, "cabinet": cabinet, "silenced": not dry_run, **ended._asdict()}
            | ({"dry_run": True} if dry_run else {})
        )
        return
    what = (
        f"{ended.parcels} parcels become cases, {ended.letters} held letters are discarded, "
        f"{ended.orders} orders end"
    )
    if dry_run:
        say(f"Would silence cabinet {cabinet} of {site}: {what}.")
    else:
        say(
            f"Cabinet {cabinet} of {site} is silenced: {what}. Empty it, and give it a board with new keys: "
            "`ansim provision --replace`."
        )
