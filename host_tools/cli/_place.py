"""Options that name a cabinet or one of its doors, and the ends of commands that order something there."""

import time
from collections.abc import Callable
from typing import Any

import click

from host_tools.cli._acting import open_ledger
from host_tools.cli._output import dry_run_option, json_option, print_json, say
from host_tools.errors import UserError
from host_tools.host.connections import reach
from host_tools.host.fleet import order_log
from host_tools.host.fleet.orders import DONE, IMPOSSIBLE, WAITING
from host_tools.host.ledger.data_folder import data_option
from host_tools.host.ledger.ledger import Ledger
from host_tools.host.ledger.places import Place
from locker.contract import commands

WAIT_S = 10.0  # for what the cabinet answers
_LOOK_S = 0.1
_NO_WAIT = "ansim.no-wait"

_LATER = "It waits for the link; if it has become impossible by then, staff are sent a message that says so."

_IN_VAIN = {
    commands.ANSWER_BELL: (
        "that call is over: it was answered already, or the cabinet has started anew or was rung again"
    ),
    commands.REISSUE: "the parcel is no longer there, or has another code already: `ansim parcel list`",
    commands.ARM_RECALL: (
        "the parcel is no longer there, or has another code for staff already: `ansim parcel list`"
    ),
}


def _note_no_wait(context: click.Context, _parameter: click.Parameter, value: bool) -> None:
    context.meta[_NO_WAIT] = value


site_of_cabinet = click.option("--site", required=True, metavar="NAME", help="Where the cabinet stands.")
number_of_cabinet = click.option(
    "--cabinet", required=True, type=click.IntRange(1, 9999), help="The cabinet's number at its site."
)
_no_wait = click.option(
    "--no-wait",
    is_flag=True,
    expose_value=False,
    callback=_note_no_wait,
    help=f"Do not wait for the cabinet's answer, which takes up to {WAIT_S:.0f} s.",
)


def door_options(act: Callable[..., None]) -> Callable[..., None]:
    """--site, --cabinet, --door, --dry-run, --no-wait,
    --data and --json of a command that orders something at a door.
    """
    door = click.option("--door", required=True, type=click.IntRange(1, 99), help="The door.")
    for option in (
        json_option,
        data_option,
        _no_wait,
        dry_run_option,
        door,
        number_of_cabinet,
        site_of_cabinet,
    ):
        act = option(act)
    return act


def cabinet_options(act: Callable[..., None]) -> Callable[..., None]:
    """The same without --door."""
    return board_options(_no_wait(act))


def board_options(act: Callable[..., None]) -> Callable[..., None]:
    """The same without --door and --no-wait: of a command that changes the ledger alone."""
    for option in (json_option, data_option, dry_run_option, number_of_cabinet, site_of_cabinet):
        act = option(act)
    return act


def tell(
    place: Place,
    what: str,
    words: str,
    *,
    dry_run: bool,
    as_json: bool,
    which: str = "",
    more: dict[str, Any] | None = None,
) -> None:
    """Says what was ordered and what became of it, or on a dry run what would be.

    Raises UserError when it could not be carried out.

    What keeps it from its cabinet now is said at once, and not waited for. `which` follows `what` for a
    person, `more` goes into the JSON document.
    """
    where = (place._asdict() if place.door else {"site": place.site, "cabinet": place.cabinet}) | (more or {})
    with open_ledger(click.get_current_context().params.get("data"), create=False) as ledger:
        hindrance = reach.hindrance(ledger, place.site, place.cabinet)
        outcome = None if dry_run else _outcome(ledger, place, is_reached=hindrance is None)
    waits = {} if hindrance is None or outcome == DONE else {"hindrance": hindrance}
    if as_json:
        done = (
            {"ordered": None, "would_order": what, "dry_run": True}
            if dry_run
            else {"ordered": what, "outcome": outcome}
        )
        print_json(where | done | waits)
    elif dry_run:
        say(
            f"Would order: {what}{which}."
            + (f" Nothing reaches the cabinet now: {hindrance}." if waits else "")
        )
    elif outcome == DONE:
        say(f"Carried out. {words}")
    elif waits:
        say(f"Ordered, but NOTHING REACHES THE CABINET NOW: {hindrance}. {_LATER} {words}")
    else:
        say(f"Ordered, not yet carried out: `ansim order list` tells what becomes of it. {words}")


def _outcome(ledger: Ledger, place: Place, *, is_reached: bool) -> str:
    """What became of the newest order there, within the time that is waited.

    Raises UserError when it could not be carried out.
    """
    order = order_log.newest(ledger, place.site, place.cabinet, place.door)
    if order is None:
        return WAITING
    state = order.state
    if state == WAITING and is_reached and not click.get_current_context().meta.get(_NO_WAIT):
        say(f"Ordered. Waiting up to {WAIT_S:.0f} s for the cabinet's answer ...", err=True)
        until_s = time.monotonic() + WAIT_S
        while state == WAITING and time.monotonic() < until_s:
            time.sleep(_LOOK_S)
            state = order_log.state_of(ledger, order.sequence)
    if state == order_log.REPLACED:
        raise UserError(
            "Another order took the place of this one before the cabinet was told of it: "
            "`ansim order list` shows the one that counts."
        )
    if state == IMPOSSIBLE and not is_reached:
        return (
            WAITING  # no board can have said so: it is in vain for whoever ordered it, and that stays unsaid
        )
    if state == IMPOSSIBLE:
        raise UserError(
            "The cabinet could not carry that out: "
            f"{_IN_VAIN.get(order.kind, 'its door or its parcel is another one by now')}."
        )
    return state
