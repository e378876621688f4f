"""`ansim stay`: how long parcels may wait and do wait, and what stops their clocks."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from host_tools.cli._acting import open_ledger, reason_option
from host_tools.cli._output import dry_run_option, json_option, print_json, say
from host_tools.cli._tables import show as show_table
from host_tools.cli._tables import table
from host_tools.host.ledger.data_folder import data_option
from host_tools.host.ledger.database import now_ms
from host_tools.host.ledger.places import Place
from host_tools.host.notify.log import moment
from host_tools.host.stays import acts
from host_tools.host.stays.clock import HOUR_MS
from host_tools.host.stays.policy import Policy
from host_tools.host.stays.standing import Standing

_MINUTE_MS = 60_000

_site = click.option("--site", required=True, metavar="NAME", help="Which site.")


def _door(act: Callable[..., None]) -> Callable[..., None]:
    """The options that name a door."""
    for option in (
        click.option("--door", required=True, type=click.IntRange(1, 99), help="The door that it is behind."),
        click.option(
            "--cabinet", required=True, type=click.IntRange(1, 9999), help="The cabinet's number at its site."
        ),
        click.option("--site", required=True, metavar="NAME", help="Where the cabinet stands."),
    ):
        act = option(act)
    return act


@click.group()
def command() -> None:
    """Look at how long parcels wait; pause, extend and settle that.

    \b
    Example: ansim stay list --overdue
    """


@command.command("list")
@click.option("--overdue", is_flag=True, help="Only those whose free time is over.")
@click.option("--site", metavar="NAME", help="Only those of that site.")
@reason_option("stay list")
@data_option
@json_option
def list_(overdue: bool, site: str | None, data: Path | None, as_json: bool) -> None:
    """List the parcels that wait by the end of their free time. Times are UTC.

    \b
    Example: ansim stay list --overdue --site mapo-3
    """
    with open_ledger(data, create=False) as ledger:
        found = acts.listing(ledger, site, overdue=overdue)
    rows = [_described(one) for one in found]
    if as_json:
        print_json(rows)
        return
    cells = [
        (
            *(row[name] for name in ("site", "cabinet")),
            f"{row['door']:02d}",
            row["deposited"],
            _lasting(row["ran_s"] * 1000),
            _lasting(row["paused_s"] * 1000),
            row["free_until"] or "stands still",
            _money(row["fee"], row["currency"]),
            row["paid_reference"],
        )
        for row in rows
    ]
    show_table(
        table(("site", "cabinet", "door", "deposited", "ran", "stood", "free until", "fee", "paid"), cells)
    )


@command.command()
@_door
@reason_option("stay show")
@data_option
@json_option
def show(site: str, cabinet: int, door: int, data: Path | None, as_json: bool) -> None:
    """Show the stay of the newest parcel behind a door: each pause with its cause, and what follows.

    \b
    Example: ansim stay show --site mapo-3 --cabinet 2 --door 7
    """
    with open_ledger(data, create=False) as ledger, ledger.reading() as connection:
        found = acts.at(connection, Place(site, cabinet, door), now_ms(), waiting=False)
    described = _described(found)
    pauses = [
        {
            "cause": pause.cause,
            "since": moment(pause.began.earliest_ms),
            "until": None if pause.ended is None else moment(pause.ended.latest_ms),
            "reason": pause.reason,
        }
        for pause in found.pauses
    ]
    if as_json:
        print_json(described | _terms(found.policy) | {"pauses": pauses})
        return
    say(f"Deposited {described['deposited']}; the clock has run {_lasting(found.stay.ran_ms)}, ")
    say(f"and stood still {_lasting(found.stay.paused_ms)}.")
    end = described["free_until"]
    say(f"Free until {end}." if end else "It stands still: when the free time ends is not known yet.")
    if found.stay.fee:
        paid = f", paid: {found.row.paid_reference}" if found.row.paid_reference else ""
        say(f"Late fee: {_money(found.stay.fee, found.policy.currency)}{paid}.")
    rows = [(one["cause"], one["since"], one["until"] or "goes on", one["reason"]) for one in pauses]
    show_table(table(("cause", "since", "until", "reason"), rows))


def _described(one: Standing) -> dict[str, Any]:
    row, stay = one.row, one.stay
    return {
        "site": row.site_name,
        "cabinet": row.number,
        "door": row.door,
        "counter": row.counter,
        "state": row.state,
        "deposited": moment(stay.since_ms),
        "running": stay.is_running,
        "ran_s": stay.ran_ms // 1000,
        "paused_s": stay.paused_ms // 1000,
        "paused_by": {cause: lasted // 1000 for cause, lasted in stay.paused.items()},
        "extensions": one.facts.extensions,
        "free_until": _moment(stay.free_until_ms),
        "recall": _moment(stay.recall_ms),
        "fee": stay.fee,
        "currency": one.policy.currency,
        "paid": row.paid,
        "paid_reference": row.paid_reference,
    }


def _terms(policy: Policy) -> dict[str, int]:
    return {name: getattr(policy, name) for name in ("free_h", "reminder_h", "last_reminder_h", "recall_h")}


def _moment(ms: int | None) -> str | None:
    return None if ms is None else moment(ms)


def _lasting(ms: int) -> str:
    hours, minutes = divmod(ms // _MINUTE_MS, HOUR_MS // _MINUTE_MS)
    return f"{hours} h {minutes:02d} min"


def _money(minor: int, currency: str) -> str:
    return f"{minor} {currency} (minor units)" if minor and currency != "KRW" else f"{minor} {currency}"


@command.command()
@_site
@reason_option("stay pause")
@dry_run_option
@data_option
@json_option
def pause(site: str, dry_run: bool, data: Path | None, as_json: bool) -> None:
    """Have the clocks of all parcels at a site stand still, from now until `ansim stay resume`.
    Their residents are told.

    \b
    Example: ansim stay pause --site mapo-3 --reason "storm: the street is flooded"
    """
    with open_ledger(data, create=False) as ledger:
        why = ": ".join(part for part in (ledger.actor.reason, ledger.actor.text) if part)
        waiting = acts.pause(ledger, site, why, dry_run=dry_run)
    _paused(site, waiting, is_paused=True, dry_run=dry_run, as_json=as_json)


@command.command()
@_site
@dry_run_option
@data_option
@json_option
def resume(site: str, dry_run: bool, data: Path | None, as_json: bool) -> None:
    """Let the clocks of a site run again. Residents are told until when their parcels wait now.

    \b
    Example: ansim stay resume --site mapo-3
    """
    with open_ledger(data, create=False) as ledger:
        waiting = acts.resume(ledger, site, dry_run=dry_run)
    _paused(site, waiting, is_paused=False, dry_run=dry_run, as_json=as_json)


def _paused(site: str, waiting: int, *, is_paused: bool, dry_run: bool, as_json: bool) -> None:
    what = "stand still" if is_paused else "run again"
    if as_json:
        print_json({"site": site, "paused": is_paused, "waiting": waiting} | _dry(dry_run))
    else:
        say(f"The clocks of {site} {'would ' if dry_run else ''}{what}; {waiting} parcels wait there.")


def _dry(dry_run: bool) -> dict[str, bool]:
    return {"dry_run": True} if dry_run else {}


@command.command()
@_door
@reason_option("stay extend")
@dry_run_option
@data_option
@json_option
def extend(site: str, cabinet: int, door: int, dry_run: bool, data: Path | None, as_json: bool) -> None:
    """Extend the stay of the parcel that waits behind a door, as its policy allows. Its resident is told.

    \b
    Example: ansim stay extend --site mapo-3 --cabinet 2 --door 7 --reason request
    """
    place = Place(site, cabinet, door)
    with open_ledger(data, create=False) as ledger:
        done = acts.extend(ledger, place, dry_run=dry_run)
    until = _moment(done.free_until_ms)
    if as_json:
        print_json(place._asdict() | {"free_until": until, "left": done.left} | _dry(dry_run))
    else:
        is_free = f"It {'would be' if dry_run else 'is'} free until {until}"
        say(f"{is_free if until else 'Its clock stands still'}; it can be extended {done.left} more times.")


@command.command()
@_door
@click.option("--reference", required=True, metavar="TEXT", help="Of the payment, without a name.")
@dry_run_option
@data_option
@json_option
def paid(
    site: str, cabinet: int, door: int, reference: str, dry_run: bool, data: Path | None, as_json: bool
) -> None:
    """Note that the late fee of the newest parcel behind a door was paid. No money moves here.

    \b
    Example: ansim stay paid --site mapo-3 --cabinet 2 --door 7 --reference 2026-0117
    """
    place = Place(site, cabinet, door)
    with open_ledger(data, create=False) as ledger:
        found = acts.pay(ledger, place, reference, dry_run=dry_run)
    values = {"paid": found.stay.fee, "currency": found.policy.currency, "reference": reference}
    if as_json:
        print_json(place._asdict() | values | _dry(dry_run))
    else:
        say(f"{'Would note' if dry_run else 'Noted'}: {_money(found.stay.fee, found.policy.currency)} paid.")


@command.group()
def policy() -> None:
    """Look at how long parcels may wait, and change it for deposits to come.

    \b
    Example: ansim stay policy show --site mapo-3
    """


@policy.command("show")
@click.option("--site", metavar="NAME", help="Left out: of all sites that have none of their own.")
@data_option
@json_option
def show_policy(site: str | None, data: Path | None, as_json: bool) -> None:
    """Show the policy of deposits from now on. Hours count while a clock runs.

    \b
    Example: ansim stay policy show --site mapo-3
    """
    with open_ledger(data, create=False) as ledger:
        _tell_policy(site, acts.policy_of(ledger, site), dry_run=False, as_json=as_json)


@policy.command("set")
@click.option("--site", metavar="NAME", help="Left out: for all sites that have none of their own.")
@click.option("--free", "free_h", type=int, metavar="HOURS", help="How long a parcel waits for nothing.")
@click.option("--reminder", "reminder_h", type=int, metavar="HOURS", help="Behind the deposit.")
@click.option("--last-reminder", "last_reminder_h", type=int, metavar="HOURS", help="Before the end.")
@click.option("--recall", "recall_h", type=int, metavar="HOURS", help="Behind the deposit: staff fetch it.")
@click.option("--fee", type=int, metavar="AMOUNT", help="For each late day that has begun, in minor units.")
@click.option("--fee-max", type=int, metavar="AMOUNT", help="The most that a parcel can cost.")
@click.option("--currency", metavar="CODE", help="Three capital letters, such as KRW.")
@click.option("--extensions", type=int, metavar="COUNT", help="How often a resident may extend.")
@click.option("--extension", "extension_h", type=int, metavar="HOURS", help="How long each extension is.")
@dry_run_option
@data_option
@json_option
def set_policy(
    site: str | None, dry_run: bool, data: Path | None, as_json: bool, **changes: int | str | None
) -> None:
    """Change the policy of deposits from now on: parcels that wait keep theirs.

    \b
    Example: ansim stay policy set --site mapo-3 --free 72 --recall 120
    """
    wanted = {name: value for name, value in changes.items() if value is not None}
    with open_ledger(data, create=False) as ledger:
        made = acts.set_policy(ledger, site, wanted, dry_run=dry_run)
    _tell_policy(site, made, dry_run=dry_run, as_json=as_json)


def _policy(one: Policy) -> dict[str, Any]:
    return one._asdict()


def _tell_policy(site: str | None, one: Policy, *, dry_run: bool, as_json: bool) -> None:
    if as_json:
        print_json({"site": site} | _policy(one) | _dry(dry_run))
        return
    say(f"{'Would hold' if dry_run else 'Holds'} for deposits at {site or 'sites without their own policy'}:")
    rows = [
        (name.removesuffix("_h").replace("_", " "), f"{value} h" if name.endswith("_h") else value)
        for name, value in _policy(one).items()
        if name != "id"
    ]
    show_table(table(("what", "value"), rows))
