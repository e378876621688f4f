"""`ansim parcel`: what lies where."""

from pathlib import Path

import click
from rich.table import Table

from host_tools.cli._output import json_option, print_json
from host_tools.cli._tables import show
from host_tools.host import parcels
from host_tools.host.chronicle import moment
from host_tools.host.data import data_option
from host_tools.host.ledger import open_ledger


@click.group()
def command() -> None:
    """Look at the parcels.

    \b
    Example: ansim parcel list --state waiting
    """


@command.command("list")
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
    table = Table("site", "cabinet", "door", "resident", "state", "deposited", "ended", "remark")
    for row in rows:
        where = (row["site"], str(row["cabinet"]), f"{row['door']:02d}", row["resident"] or "unknown", row["state"])
        table.add_row(*where, row["deposited"], row["ended"] or "", "odd ticket" if row["flagged"] else "")
    show(table)
