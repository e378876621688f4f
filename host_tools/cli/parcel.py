"""`ansim parcel`: what lies where, and what can be done for it."""

import sys
import time
from collections.abc import Callable
from pathlib import Path

import click

from host_tools.cli._acting import open_ledger, reason_option
from host_tools.cli._output import dry_run_option, json_option, print_json, say
from host_tools.cli._place import door_options, tell
from host_tools.cli._tables import notices, show, table
from host_tools.errors import UserError
from host_tools.host.connections import reach
from host_tools.host.fleet import remote_opening
from host_tools.host.ledger.data_folder import data_option
from host_tools.host.ledger.database import now_ms
from host_tools.host.ledger.ledger import Ledger
from host_tools.host.ledger.places import Place
from host_tools.host.notify.log import moment
from host_tools.host.parcels import asking, parcels, support

_LOOK_S, _TELL_S = 0.2, 20


@click.group()
def command() -> None:
    """Look at the parcels, and help the people they are for.

    \b
    Example: ansim parcel list --state waiting
    """


@command.command("list")
@reason_option("parcel list")
@click.option("--state", type=click.Choice(["waiting", "collected", "withdrawn"]), help="Only those.")
@data_option
@json_option
def list_(state: str | None, data: Path | None, as_json: bool) -> None:
    """List the parcels, the newest first. Times are UTC.

    \b
    Example: ansim parcel list --state waiting --json
    """
    with open_ledger(data, create=False) as ledger:
        found = parcels.listing(ledger, state)
    rows = []
    for parcel in found:
        values = parcel._asdict()
        ended_ms = values.pop("ended_ms")
        values["deposited"] = moment(values.pop("deposited_ms"))
        values["ended"] = moment(ended_ms) if ended_ms is not None else None
        rows.append(values)
    if as_json:
        print_json(rows)
        return
    cells = []
    for row in rows:
        where = (
            row["site"],
            row["cabinet"],
            f"{row['door']:02d}",
            row["resident"] or "unknown",
            row["state"],
        )
        cells.append(
            (*where, row["deposited"], row["ended"], row["ended_by"], "odd ticket" if row["flagged"] else "")
        )
    show(table(("site", "cabinet", "door", "resident", "state", "deposited", "ended", "by", "remark"), cells))


def _door_options(act: Callable[..., None]) -> Callable[..., None]:
    """The options that name a door."""
    for option in (
        json_option,
        data_option,
        click.option("--door", required=True, type=click.IntRange(1, 99), help="The door that it is behind."),
        click.option(
            "--cabinet", required=True, type=click.IntRange(1, 9999), help="The cabinet's number at its site."
        ),
        click.option("--site", required=True, metavar="NAME", help="Where the cabinet stands."),
    ):
        act = option(act)
    return act


@command.command()
@reason_option("parcel reissue")
@door_options
def reissue(site: str, cabinet: int, door: int, dry_run: bool, data: Path | None, as_json: bool) -> None:
    """Give a parcel that waits another code; the resident is sent it,
    and the one before dies, when the cabinet has heard of it.

    \b
    Example: ansim parcel reissue --site mapo-3 --cabinet 2 --door 7
    """
    place = Place(site, cabinet, door)
    with open_ledger(data, create=False) as ledger:
        support.reissue(ledger, place, dry_run=dry_run)
    tell(
        place,
        "reissue",
        "The resident is sent the new code when the cabinet has it.",
        dry_run=dry_run,
        as_json=as_json,
    )


@command.command()
@reason_option("parcel recall")
@door_options
def recall(site: str, cabinet: int, door: int, dry_run: bool, data: Path | None, as_json: bool) -> None:
    """Let staff take a parcel out: arms a code of 12 digits that opens its door once.
    Staff are sent it when the cabinet knows it; one that was ordered before is dead then.

    \b
    Example: ansim parcel recall --site mapo-3 --cabinet 2 --door 7
    """
    place = Place(site, cabinet, door)
    with open_ledger(data, create=False) as ledger:
        is_another = support.recall(ledger, place, dry_run=dry_run)
    words = "Staff are sent the code when the cabinet has it; the resident is told when it is used."
    if is_another:
        words += " A code of staff for this door that was ordered before is dead then."
    tell(place, "recall", words, dry_run=dry_run, as_json=as_json)


@command.command("open")
@reason_option("parcel open")
@_door_options
def open_(site: str, cabinet: int, door: int, data: Path | None, as_json: bool) -> None:
    """Open the door of a parcel for somebody who stands there and talks to you.

    All contacts of the resident are told and can stop it for a minute; the caller repeats six digits that
    her first contact was sent: one try a day. Then the cabinet's screen asks to press # and shows four
    digits; the caller says them, you type them here, and the door opens. Needs a running server and the
    cabinet's link. Not for residents who wish no code in letters, or who have barred somebody.

    \b
    Example: ansim parcel open --site mapo-3 --cabinet 2 --door 7
    """
    if not sys.stdin.isatty():
        raise UserError(
            "Opening a door needs a person at a terminal, who hears the digits from the one at the cabinet.",
            2,
        )
    place = Place(site, cabinet, door)
    with open_ledger(data, create=False) as ledger:
        support.check_waiting(ledger, place)
        hindrance = reach.hindrance(ledger, site, cabinet)
        if hindrance:
            raise UserError(
                f"The door was not opened: {hindrance}. Opening by order needs the cabinet's link."
            )
        _prove(ledger, place)
        wish = support.want_open(ledger, place)
        if _state_after(ledger, wish, remote_opening.ASKED) != remote_opening.CHALLENGED:
            raise UserError(
                "The cabinet does not open that door now: it has no link, or too many were opened by order."
            )
        digits = click.prompt(
            "Ask her to press # and to read the digits to you", type=click.IntRange(0, 9999), err=True
        )
        remote_opening.give(ledger, wish, digits)
        came = _state_after(ledger, wish, remote_opening.GIVEN)
        if came == remote_opening.STUCK:
            raise UserError(
                f"The cabinet unlatched door {door:02d}, but it did not move: "
                "ask her to push it, or send staff."
            )
        if came != remote_opening.OPENED:
            raise UserError("The cabinet did not take these digits, or half a minute was over: begin again.")
    if as_json:
        print_json({**place._asdict(), "ordered": "open"})
    else:
        say(f"Door {door:02d} is open.")


def _prove(ledger: Ledger, place: Place) -> None:
    """Has the caller repeat what the resident's first contact was sent, and waits for those who can stop it.

    Raises UserError where the door is not opened for this caller.
    """
    number = asking.begin(ledger, place, now_ms())
    _say_whether_told(ledger, number)
    digits = click.prompt(
        "Ask for the six digits that were sent to her first contact", type=str, hide_input=True, err=True
    )
    now = asking.answer(ledger, number, digits, now_ms())
    if now.state == asking.FAILED:
        raise UserError(
            "These are not the digits, and there is one try a day: let staff attend, with "
            "`ansim parcel recall`."
        )
    notices.print("Right. The door may open a minute after her contacts were told.")
    while now.state == asking.CONFIRMED and not now.may_open:
        time.sleep(_LOOK_S)
        now = asking.standing(asking.look(ledger, number), now_ms())
    if now.state == asking.STOPPED:
        raise UserError("A contact of hers has stopped it: do not open the door, and ask her.")
    if not asking.take_leave(ledger, number, now_ms()):
        raise UserError(
            "Not all of her contacts could be told within 3 minutes, or a quarter of an hour is over: "
            "let staff attend, with `ansim parcel recall`."
        )


def _say_whether_told(ledger: Ledger, number: int, sleep: Callable[[float], None] = time.sleep) -> None:
    """Says that her contacts are told once they are; after 20 s, that they are not yet."""
    notices.print("Her contacts are being told that somebody asks for her door; this takes up to 20 s ...")
    found = asking.look(ledger, number)
    for _ in range(round(_TELL_S / _LOOK_S)):
        if found.told_ms is not None and found.digits_ms is not None:
            notices.print("Her contacts are told. Each of them can stop it.")
            return
        sleep(_LOOK_S)
        found = asking.look(ledger, number)
    what = "the digits" if found.digits_ms is None else "what one of her contacts is to be told"
    notices.print(
        f"Not sent yet: {what}. `ansim letter list` shows why. Three minutes after you asked it is over, and "
        "staff attend."
    )


def _state_after(ledger: Ledger, wish: int, before: str) -> str:
    """The state that follows `before`, or that one when nothing follows in time."""
    until = time.monotonic() + remote_opening.VALID_MS / 1000
    state = before
    while state == before and time.monotonic() < until:
        time.sleep(_LOOK_S)
        state = remote_opening.state_of(ledger, wish)
    return state


@command.command()
@reason_option("parcel assign")
@door_options
@click.option("--resident", required=True, metavar="NAME", help="Whose it is.")
@click.option("--unit", metavar="UNIT", help="Her unit, where there is more than one resident of that name.")
def assign(
    site: str,
    cabinet: int,
    door: int,
    resident: str,
    unit: str | None,
    dry_run: bool,
    data: Path | None,
    as_json: bool,
) -> None:
    """Give a parcel that is nobody's to its resident:
    one whose ticket this host does not know, after a backup was restored.

    She is sent its letter with the code. Ask the carrier whose it is; do not guess.
    Her safe tail is not good for this parcel.

    \b
    Example: ansim parcel assign --site mapo-3 --cabinet 2 --door 7 --resident "Kim Seo-yeon"
    """
    place = Place(site, cabinet, door)
    with open_ledger(data, create=False) as ledger:
        label = support.assign(ledger, place, resident, unit, dry_run=dry_run)
        goes_out = reach.letter_words(ledger)
    if as_json:
        print_json({**place._asdict(), "resident": label} | ({"dry_run": True} if dry_run else {}))
    else:
        done = f"Would assign the parcel behind door {door:02d} to {label}"
        say(f"{done}." if dry_run else f"{done.replace('Would assign', 'Assigned')}; {goes_out}.")


@command.command()
@_door_options
@dry_run_option
def vouch(site: str, cabinet: int, door: int, dry_run: bool, data: Path | None, as_json: bool) -> None:
    """Say that a parcel whose label was used twice is honest:
    its remark goes, and its resident is told that it waits as any other.

    Look at the parcel first, and ask the carrier: someone who found a label may have left something else.

    \b
    Example: ansim parcel vouch --site mapo-3 --cabinet 2 --door 7
    """
    place = Place(site, cabinet, door)
    with open_ledger(data, create=False) as ledger:
        support.vouch(ledger, place, dry_run=dry_run)
        goes_out = reach.letter_words(ledger)
    if as_json:
        print_json({**place._asdict(), "flagged": False} | ({"dry_run": True} if dry_run else {}))
    else:
        done = "would lose its remark" if dry_run else f"has lost its remark; {goes_out}"
        say(f"The parcel behind door {door:02d} {done}.")
