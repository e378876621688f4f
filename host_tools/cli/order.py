"""`ansim order`: what became of what was ordered."""

from pathlib import Path

import click

from host_tools.cli._acting import open_ledger
from host_tools.cli._output import json_option, print_json
from host_tools.cli._tables import show, table
from host_tools.host.fleet import order_log
from host_tools.host.fleet.orders import DONE, IMPOSSIBLE, WAITING
from host_tools.host.ledger.data_folder import data_option
from host_tools.host.notify.log import moment


@click.group()
def command() -> None:
    """See what became of the orders to the cabinets.

    \b
    Example: ansim order list --state waiting
    """


@command.command("list")
@click.option("--state", type=click.Choice([WAITING, DONE, IMPOSSIBLE]), help="Only those.")
@click.option(
    "--last", type=click.IntRange(1, 100_000), default=order_log.LAST, show_default=True, help="How many."
)
@data_option
@json_option
def list_(state: str | None, last: int, data: Path | None, as_json: bool) -> None:
    """List the orders, the newest first: which wait for their cabinet,
    were carried out, or could not be. Times are UTC.

    \b
    Example: ansim order list --state impossible
    """
    with open_ledger(data, create=False) as ledger:
        found = order_log.listing(ledger, state, last)
    rows = []
    for order in found:
        values = order._asdict()
        ended_ms = values.pop("ended_ms")
        values["queued"] = moment(values.pop("queued_ms"))
        values["ended"] = None if ended_ms is None else moment(ended_ms)
        rows.append(values)
    if as_json:
        print_json(rows)
        return
    cells = [
        (
            row["number"] or "",
            row["site"],
            row["cabinet"],
            f"{row['door']:02d}" if row["door"] else "",
            row["what"],
            row["state"],
            row["queued"],
            row["ended"] or "",
        )
        for row in rows
    ]
    show(table(("order", "site", "cabinet", "door", "what", "state", "ordered", "ended"), cells))
