"""`ansim restore`: a backup becomes the ledger again."""

from pathlib import Path

import click

from host_tools.cli._acting import check
from host_tools.cli._output import dry_run_option, json_option, print_json, say
from host_tools.host.ledger import backups
from host_tools.host.ledger import ledger as ledgers
from host_tools.host.ledger.data_folder import data_folder, data_option
from host_tools.host.ledger.database import now_ms
from host_tools.host.people.erasure import reapply


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--key",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="The backup of the host key, where the folder has none.",
)
@dry_run_option
@data_option
@json_option
def command(file: Path, key: Path | None, dry_run: bool, data: Path | None, as_json: bool) -> None:
    """Make the backup FILE the ledger again:
    looked at first (it opens, its schema is known, the key fits), then put in its place whole.

    Stop the server before. The ledger that was there is kept beside it. Afterwards the boards tell again what
    the backup lacks; a parcel that came on a ticket issued since the backup is `unknown` until
    `ansim parcel assign`.

    \b
    Example: ansim restore /media/backup/ledger-monday.db --key /media/key/host.key
    """
    check(data, dry_run=dry_run)
    found, before = backups.restore(data_folder(data), file, key, dry_run=dry_run)
    erased = 0
    if not dry_run:
        with ledgers.open_ledger(data_folder(data), create=False) as ledger:
            erased = reapply(ledger, now_ms())
    if as_json:
        print_json(
            found._asdict()
            | {"file": str(file), "before": str(before) if before else None, "erased": erased}
            | ({"dry_run": True} if dry_run else {})
        )
        return
    held = found.in_words()
    say(
        f"{file} can be restored: {held}."
        if dry_run
        else f"The ledger is that of {file} again: {held}. Start the server: boards tell what is missing."
    )
    if erased:
        say(f"{erased} residents of it were erased since, and are erased anew.")
    if before:
        say(f"The one before is in {before}: delete it when it is of no use any more.")
