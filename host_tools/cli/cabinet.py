"""`ansim cabinet`: the cabinets and their links."""

from pathlib import Path

import click

from host_tools.cli._output import json_option, print_json
from host_tools.cli._tables import show, table
from host_tools.host import parcels
from host_tools.host.chronicle import moment
from host_tools.host.data import data_option
from host_tools.host.ledger import open_ledger


@click.group()
def command() -> None:
    """Look at the cabinets.

    \b
    Example: ansim cabinet list
    """


@command.command("list")
@data_option
@json_option
def list_(data: Path | None, as_json: bool) -> None:
    """List the cabinets: since when each was last heard, how many events the ledger holds of its journal, how many parcels wait.

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
    show(table(headings, [[row[name] for name in names] for row in [row | {"seen": row["seen"] or "never"} for row in rows]]))
