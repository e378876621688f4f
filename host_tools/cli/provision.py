"""`ansim provision`: a board's identity, its place and its way to the host."""

import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from host_tools.bundle.texts import languages
from host_tools.cli._output import json_option, print_json, say
from host_tools.cli._progress import bar
from host_tools.device.port_list import look_at
from host_tools.errors import UserError
from host_tools.host.connections.bus_master import ADDRESSES
from host_tools.host.ledger.data_folder import data_option
from host_tools.host.ledger.names import checked_name

if TYPE_CHECKING:
    from host_tools.bench.provision_request import Provisioned
    from host_tools.boards.board_file import BoardFile

DEFAULT_PORT = 26746
DEFAULT_LANGUAGE = "en"  # of the firmware, when network.json names none
PASSWORD = "ANSIM_WIFI_PASSWORD"  # noqa: S105 - the name of the variable, not a password


@click.command()
@click.option("--port", required=True, metavar="PATH", help="The board's serial port, such as /dev/ttyUSB0.")
@click.option(
    "--board",
    "board_name",
    required=True,
    metavar="NAME",
    help="The cabinet: a board of `ansim boards list`, or a board file.",
)
@click.option(
    "--site", required=True, metavar="NAME", help="Where the cabinet stands; a new name founds a new site."
)
@click.option(
    "--number",
    type=click.IntRange(1, 9999),
    help="The cabinet's number at its site.  [default: the lowest free one]",
)
@click.option(
    "--host",
    metavar="ADDR:PORT",
    help=f"The host that the board connects to; PORT is {DEFAULT_PORT} unless given.",
)
@click.option("--host-unchecked", is_flag=True, help="Do not ask whether that host answers.")
@click.option(
    "--wifi",
    metavar="SSID",
    help=f"The site's network. Its password is asked for, or taken from ${PASSWORD}.",
)
@click.option("--serial-link", is_flag=True, help="The host is at the board's second serial port.")
@click.option(
    "--address",
    type=click.IntRange(ADDRESSES[0], ADDRESSES[-1]),
    help="The cabinet's own address on the RS-485 bus that its serial link is on.",
)
@click.option(
    "--language",
    type=click.Choice(languages()),
    default=DEFAULT_LANGUAGE,
    show_default=True,
    help="What the screen speaks until a visitor presses `A`; Korean in Latin letters.",
)
@click.option(
    "--help-number",
    metavar="NUMBER",
    help="Whom people at the site can call: on its screens and in its letters.  [default: "
    "that of the site's cabinets so far]",
)
@click.option(
    "--replace",
    is_flag=True,
    help="Give an enrolled board a new identity (its journal is discarded), or put this board in the place "
    "of the one that has --number. Parcels that wait get new codes.",
)
@data_option
@click.option("--dry-run", is_flag=True, help="Say what would happen; change nothing.")
@json_option
def command(
    port: str,
    board_name: str,
    site: str,
    number: int | None,
    host: str | None,
    host_unchecked: bool,
    wifi: str | None,
    serial_link: bool,
    address: int | None,
    language: str,
    help_number: str | None,
    replace: bool,
    data: Path | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Give a flashed board its identity and its cabinet, and enter it in the ledger.

    Killed midway, it is recovered by running it again.

    \b
    Example: ansim provision --port /dev/ttyUSB0 --board wall_12 --site mapo-3 --host 10.0.0.2 --wifi "Mapo 3"
    """
    from host_tools.boards.board_file import load_board

    board = load_board(board_name)
    if help_number is not None:
        from host_tools.host.ledger import help_numbers

        help_numbers.check_number(help_number)
    checked_name("site", site)
    network = _network(board, host, wifi, serial_link, address)
    if language != DEFAULT_LANGUAGE:
        network["language"] = language
    look_at(port)
    from host_tools.cli._acting import check

    check(data, dry_run=dry_run)
    from host_tools.bench.provision import check_host, provision
    from host_tools.bench.provision_request import Request

    if host and not host_unchecked:
        check_host(network["host"], network["port"])
    request = Request(port, board, site, network, number, data, replace, dry_run, help_number)
    with bar("erasing the journal") as progress:
        report = provision(request, progress, lambda sentence: say(sentence, err=True))
    _warn_of_no_way(network)
    if as_json:
        print_json({"port": port, "dry_run": dry_run} | asdict(report))
    else:
        _print(report, dry_run)


def _network(
    board: "BoardFile", host: str | None, wifi: str | None, serial_link: bool, address: int | None
) -> dict[str, Any]:
    """The object of network.json."""
    if serial_link == (host is not None):
        raise UserError(
            "How does the board reach its host? Give --host ADDR:PORT or --serial-link, one of them.", 2
        )
    if serial_link:
        return _serial_link(board, wifi, address)
    if address is not None:
        raise UserError("--address goes with --serial-link: it is the cabinet's on an RS-485 bus.", 2)
    name, port = split_address(host or "")
    network: dict[str, Any] = {"host": name, "port": port}
    if wifi is not None:
        if not 1 <= len(wifi.encode()) <= 32:
            raise UserError("The name of a Wi-Fi network has 1 to 32 bytes.", 2)
        network["wifi"] = {"ssid": wifi, "password": _password(wifi)}
    return network


def _warn_of_no_way(network: dict[str, Any]) -> None:
    """Says what a virtual board lives with and a real one does not."""
    host = network.get("host", "")
    if host and "wifi" not in network:
        say(
            "Without --wifi a real board has no network: it will not reach its host. "
            "A virtual board uses this computer's.",
            err=True,
        )
    if host == "localhost" or host.startswith("127.") or host == "::1":
        say(
            f"{host} is the board itself: a real board needs the host's address in its own network.", err=True
        )


def _serial_link(board: "BoardFile", wifi: str | None, address: int | None) -> dict[str, Any]:
    link = board.definition.link
    if wifi is not None:
        raise UserError("--wifi goes with --host: a serial link needs no network.", 2)
    if not link:
        raise UserError(f"{board.name} has no [link] in its board definition: use --host.", 2)
    if link.enable and address is None:
        raise UserError(
            f"{board.name} is on an RS-485 bus: give it an --address of its own, "
            f"{ADDRESSES[0]} to {ADDRESSES[-1]}.",
            2,
        )
    if address is None:
        return {"serial": True}
    if not link.enable:
        raise UserError(
            f"{board.name} is not on an RS-485 bus (its [link] has no enable): leave out --address.", 2
        )
    return {"serial": True, "bus": address}


def split_address(text: str) -> tuple[str, int]:
    """`10.0.0.2`, `10.0.0.2:26746`, `host.example:26746` or `[fd00::2]:26746` as address and port."""
    if text.startswith("["):
        address, bracket, port = text[1:].partition("]")
        port = port.removeprefix(":")
    else:
        address, _, port = text.partition(":")
        bracket = "]"
    number = port or str(DEFAULT_PORT)
    if (
        not address
        or not bracket
        or not (number.isascii() and number.isdigit())
        or not 1 <= int(number) <= 65535
    ):
        raise UserError(
            f"{text!r} is no address: write ADDR:PORT, such as 10.0.0.2:{DEFAULT_PORT} (IPv6 in brackets).", 2
        )
    return address, int(number)


def _password(wifi: str) -> str:
    password = os.environ.get(PASSWORD)
    if password is None:
        if not sys.stdin.isatty():
            raise UserError(
                f"The password of the network {wifi!r} is missing: "
                f"set ${PASSWORD}, or run this in a terminal.",
                2,
            )
        password = click.prompt(
            f"Password of {wifi}", hide_input=True, default="", show_default=False, err=True
        )
    if password and not 8 <= len(password) <= 63:
        raise UserError(
            "A Wi-Fi password has 8 to 63 characters (IEEE 802.11i); leave it empty for an open network.", 2
        )
    return password


def _print(report: "Provisioned", dry_run: bool) -> None:
    number = "the lowest free number" if report.cabinet is None else f"number {report.cabinet}"
    verb = "would be provisioned" if dry_run else "is provisioned"
    say(f"{report.board} (chip {report.uid}) {verb}: site {report.site}, {number}.")
    if report.resumed:
        say("An earlier run had been cut off; it " + ("would be" if dry_run else "is") + " finished.")
    if report.replaced:
        lost = (
            f", with {report.discarded_events} events that the host did not have"
            if report.discarded_events
            else ""
        )
        say(
            "Its earlier identity "
            + ("would be" if dry_run else "is")
            + f" retired and its journal discarded{lost}."
        )
    for cabinet in report.retired:
        say(
            f"{cabinet} "
            + ("would be" if dry_run else "is")
            + " another cabinet from now on, and no longer in the list."
        )
    if not report.help_number and not dry_run:
        say(
            "Its screen names no help number: provision with --help-number, "
            "so that people at a stuck door know whom to call."
        )
