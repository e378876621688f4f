"""`ansim serve`: the host's server."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from host_tools.cli._channels import notify_options, settings_of, ways
from host_tools.cli._lines import Lines, stdout
from host_tools.cli._listen import listen_option, web_options
from host_tools.cli._output import json_line, log_options
from host_tools.host.ledger.data_folder import DISPATCHER, data_folder, data_option, serving
from host_tools.host.notify.notifier import Message, Setup

if TYPE_CHECKING:
    from host_tools.host.web.keeper import Web

_NO_WAY = (
    "With --listen none no cabinet can reach this host: "
    "name a serial port with --serial or --rs485, or an address."
)


@click.command()
@data_option
@listen_option
@click.option(
    "--serial",
    "ports",
    multiple=True,
    metavar="PORT",
    help="A serial port with a cabinet's link; may be repeated.",
)
@click.option(
    "--rs485",
    "buses",
    multiple=True,
    metavar="PORT",
    help="A serial port with an RS-485 bus of cabinets; may be repeated.",
)
@click.option(
    "--baud",
    default=115200,
    show_default=True,
    type=click.IntRange(1200, 4_000_000),
    help="Of all serial ports.",
)
@notify_options
@click.option(
    "--dispatcher",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help=f"Where dispatchers, and nobody else, are told of silent alarms.  [default: DIR/{DISPATCHER}]",
)
@web_options
@log_options
def command(
    data: Path | None,
    listen: tuple[str, int] | None,
    ports: tuple[str, ...],
    buses: tuple[str, ...],
    baud: int,
    notify: str | None,
    dispatcher: Path | None,
    pages: "Web | None",
    as_json: bool,
    **given: str | None,
) -> None:
    """Serve the cabinets: take their events, keep the ledger, tell residents and staff.

    Prints `listening` with the address once boards can connect, then what happens, a line each (with --json:
    a JSON object a line). A bus is asked for cabinets at all addresses, so they can be added while this runs.
    Messages go to DIR/messages.jsonl, or with `--notify console` to this console. A pickup under duress looks
    like any other in all of that; it is told to dispatchers only, in a file of their own. SIGTERM or Ctrl-C
    ends it in order.

    \b
    Example: ansim serve --listen 0.0.0.0:26746 --serial /dev/ttyUSB0
    """
    from host_tools.cli._acting import open_ledger
    from host_tools.host.accounts import service
    from host_tools.host.notify.log import Occurrence
    from host_tools.host.server import Settings, serve
    from host_tools.showing import shown_lines

    def written(told: Occurrence) -> str:
        return json_line(told.as_json()) if as_json else shown_lines(told.in_words())

    def left_out(count: int) -> str:
        return written(Occurrence("lines left out", detail=f"{count} could not be written"))

    lines = Lines(stdout(), left_out)

    def tell(told: Occurrence) -> None:
        lines.say(written(told))

    def say_message(message: Message) -> bool:
        detail = f"to {message.to}: {message.text}"
        return lines.say(written(Occurrence("message", to=message.to, detail=detail)))

    settings_of(notify, given)
    folder = data_folder(data)
    if listen is None and not ports and not buses:
        raise click.UsageError(_NO_WAY)
    elsewhere = [f"letters: --notify {notify}"] if notify else []
    elsewhere += ["silent alarms: --dispatcher"] if dispatcher else []
    with open_ledger(folder) as ledger, serving(folder):
        service.enter(ledger, ", ".join(elsewhere))
        letters, desk, on_call = ways(Setup(folder, say_message, {}), notify, given, dispatcher)
        try:
            its = Settings(listen, ports, baud, buses, pages, on_call)
            serve(ledger, letters, tell, its, desk)
        finally:
            lines.close()
