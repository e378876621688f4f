"""`ansim channel`: what hands letters over, and whether it does."""

import asyncio
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from host_tools.cli._acting import note, open_ledger
from host_tools.cli._output import dry_run_option, json_option, print_json, say
from host_tools.cli._tables import show, table
from host_tools.errors import UserError
from host_tools.host.ledger.data_folder import data_folder, data_option
from host_tools.host.ledger.database import now_ms
from host_tools.host.ledger.event_time import Moment, moment
from host_tools.host.notify import survey
from host_tools.host.notify.channels import CHANNELS
from host_tools.host.notify.notifier import DELIVERED, HANDED_OVER, LATER, Channel, Message, Receipt, Setup
from host_tools.host.notify.routes import CHANNELS_FILE, DISPATCHERS, STAFF, Routes
from host_tools.host.notify.wording import STAFF as TO_STAFF
from host_tools.host.notify.wording import Where, notice
from host_tools.host.notify.wording.changed import texts_of

if TYPE_CHECKING:
    from host_tools.host.ledger.ledger import Ledger

_TEST = "channel test"


@click.group()
def command() -> None:
    """Look at the channels by which people are told; check and test them.

    \b
    Example: ansim channel list
    """


@command.command("list")
@data_option
@json_option
def list_(data: Path | None, as_json: bool) -> None:
    """List the channels, whom each is for, how many letters wait for it, and why it did not take one.

    \b
    Example: ansim channel list
    """
    folder = data_folder(data)
    with open_ledger(folder, create=False) as ledger, ledger.reading() as connection:
        found = survey.channels(connection, Routes.of(folder))
    rows = [
        {
            "name": one.name,
            "kind": one.kind or None,
            "for": list(one.addresses),
            "staff": one.staff,
            "dispatchers": one.dispatchers,
            "waiting": one.waiting,
            "not_taken": one.tried,
            "oldest": None if one.oldest_ms is None else moment(one.oldest_ms),
            "reason": one.reason,
        }
        for one in found
    ]
    if as_json:
        print_json(rows)
        return
    if not rows:
        say(f"There is no {CHANNELS_FILE}: letters go where `ansim serve --notify` says, and none waits.")
        return
    cells = [
        (row["name"], row["kind"], _whom(row), row["waiting"], row["not_taken"], row["oldest"], row["reason"])
        for row in rows
    ]
    show(table(("channel", "kind", "for", "waiting", "not taken", "oldest", "why"), cells))


def _whom(row: dict[str, Any]) -> str:
    return ", ".join((*row["for"], *(who for who in (STAFF, DISPATCHERS) if row[who])))


@command.command()
@data_option
@json_option
def check(data: Path | None, as_json: bool) -> None:
    """Check channels.toml: everything that is wrong in it, and contacts that no channel is for.
    Ends with 1 where there is any. Nothing is handed over.

    \b
    Example: ansim channel check
    """
    folder = data_folder(data)
    problems: list[str] = []
    names: list[str] = []
    with open_ledger(folder, create=False) as ledger, ledger.reading() as connection:
        try:
            routes = Routes.of(folder)
        except UserError as error:
            routes, problems = None, list(error.problems or error.lines)
        if routes is not None:
            names = list(routes.kinds)
            problems += _unusable(routes, folder)
            for kind, count in survey.without_channel(connection, routes).items():
                problems.append(f'no channel is for "{kind}", and {count} contacts of residents are that')
    if as_json:
        print_json({"good": not problems, "channels": names, "problems": problems})
    else:
        for problem in problems:
            say(problem)
        if not problems:
            good = f"{len(names)} channels can be used: {', '.join(names)}."
            say(good if names else f"There is no {CHANNELS_FILE}: `ansim serve --notify` says where.")
    if problems:
        raise SystemExit(1)


def _unusable(routes: Routes, folder: Path) -> list[str]:
    """Why channels cannot be made, a sentence each. A file is not touched."""
    problems = []
    for name, (kind, _) in routes.kinds.items():
        if kind == "file":
            continue
        try:
            routes.make(name, Setup(folder, lambda _: None, {}))
        except UserError as error:
            problems.append(f"[{name}] {error}")
    return problems


@command.command()
@click.option("--to", "address", required=True, metavar="ADDRESS", help="An e-mail address or a number.")
@click.option("--channel", "name", metavar="NAME", help="By that one.  [default: the one for the address]")
@dry_run_option
@data_option
@json_option
def test(address: str, name: str | None, dry_run: bool, data: Path | None, as_json: bool) -> None:
    """Send a test message that says so to an ADDRESS; ends with 1 where the channel did not take it.

    It goes out at once, past all that waits. The audit notes that there was a test, and not the address.

    \b
    Example: ansim channel test --to desk@example.org
    """
    folder = data_folder(data)
    with open_ledger(folder, create=False) as ledger:
        chosen, channel = _chosen(folder, address, name, dry_run=dry_run)
        receipt = Receipt("")
        if not dry_run:
            note(ledger)
            receipt = asyncio.run(_send(channel, _message(ledger, address)))
    went = receipt.state in (HANDED_OVER, DELIVERED)
    if as_json:
        told = {"channel": chosen, "state": receipt.state or None, "reason": receipt.reason}
        print_json({**told, **({"dry_run": True} if dry_run else {})})
    elif dry_run:
        say(f"A test message would go by {chosen}.")
    elif went:
        say(f"{chosen} has taken the test message: see that it arrives.")
    else:
        say(f"{chosen} did not take the test message ({receipt.reason or 'it gave no reason'}).")
    if not dry_run and not went:
        raise SystemExit(1)


def _chosen(folder: Path, address: str, name: str | None, *, dry_run: bool) -> tuple[str, Channel]:
    """The name of the channel for a test, and the channel. Raises UserError where there is none."""
    routes = Routes.of(folder)
    if routes is None:
        default = next(iter(CHANNELS))
        if name not in (None, default):
            raise UserError(f"There is no {CHANNELS_FILE}, so the only channel here is {default}.", 2)
        routes, name = Routes.single(default, {}), default
    if name is not None and name not in routes.kinds:
        raise UserError(f"There is no such channel: {CHANNELS_FILE} names {', '.join(routes.kinds)}.", 2)
    name = name or routes.channel_for(address)
    if not name:
        raise UserError("No channel is for this kind of address: name one with --channel.", 2)
    if routes.kinds[name][0] == "smtp" and "@" not in address:
        raise UserError(f"[{name}] is a mail server, and needs an e-mail address.", 2)
    setup = Setup(folder, lambda message: say(message.text), {})
    return name, (CHANNELS["console"].of(setup) if dry_run else routes.make(name, setup))


def _message(ledger: "Ledger", address: str) -> Message:
    at_ms = now_ms()
    made = notice(TO_STAFF, _TEST, Where("-"), Moment(at_ms, at_ms, at_ms), texts=texts_of(ledger.data))
    return Message(os.urandom(16).hex(), TO_STAFF, address, _TEST, made.text, title=made.title)


async def _send(channel: Channel, message: Message) -> Receipt:
    try:
        async with asyncio.timeout(channel.timeout_s):
            receipts = await channel.deliver([message])
        return receipts.get(message.id, Receipt(LATER))
    except TimeoutError:
        return Receipt(LATER, reason=f"it took longer than {channel.timeout_s:.0f} s")
    except OSError as error:
        return Receipt(LATER, reason=error.strerror or "no reason given")
    finally:
        await channel.close()
