"""`ansim backup`: a copy of the ledger, while the server runs."""

from pathlib import Path

import click

from host_tools.cli._acting import check
from host_tools.cli._output import dry_run_option, json_option, print_json, say
from host_tools.host.ledger import backups
from host_tools.host.ledger.data_folder import KEY, data_folder, data_option


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--key-to",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Copy the host key too, to another folder or disk.",
)
@dry_run_option
@data_option
@json_option
def command(file: Path, key_to: Path | None, dry_run: bool, data: Path | None, as_json: bool) -> None:
    """Copy the ledger to FILE, which only you can read, and look at the copy. The server goes on meanwhile.

    The copy holds no key and opens no door; without the key it is of no use.
    Keep a copy of the key apart from it (--key-to, or by hand).

    \b
    Example: ansim backup /media/backup/ledger-monday.db
    """
    check(data, dry_run=dry_run)
    folder = data_folder(data)
    found = backups.back_up(folder, file, key_to, dry_run=dry_run)
    if as_json:
        print_json(
            found._asdict()
            | {"file": str(file), "key": str(key_to) if key_to else None}
            | ({"dry_run": True} if dry_run else {})
        )
        return
    held = found.in_words()
    say(f"Would copy the ledger to {file}: {held}." if dry_run else f"The ledger is in {file}: {held}.")
    if key_to:
        say(
            f"The key {'would be' if dry_run else 'is'} in {key_to}: keep the two apart, "
            "together they open every door."
        )
    else:
        say(f"The key is not in it: without a copy of {folder / KEY}, kept elsewhere, no backup can be used.")
