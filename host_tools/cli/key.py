"""`ansim key`: the host key at rest."""

from pathlib import Path

import click

from host_tools.cli._acting import check
from host_tools.cli._output import dry_run_option, json_option, print_json, say
from host_tools.host.ledger import key_file
from host_tools.host.ledger.data_folder import data_folder, data_option, prepare
from host_tools.host.ledger.passphrase import new_passphrase, passphrase


@click.group()
def command() -> None:
    """Keep the host key under a passphrase.

    With a passphrase, who copies the whole data folder opens no door. Each command and `ansim serve` then
    need it: they read the file that --passphrase-file names,
    else $ANSIM_PASSPHRASE, else they ask at the terminal.

    \b
    Example: ansim key protect
    """


@command.command()
@data_option
@click.option(
    "--new-passphrase-file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Its first line is the new passphrase.",
)
@dry_run_option
@json_option
def protect(data: Path | None, new_passphrase_file: Path | None, dry_run: bool, as_json: bool) -> None:
    """Put the host key under a passphrase, or under another one.

    Asks for it twice at a terminal, where it does not show; without one, reads a line from standard input. A
    lost passphrase cannot be found again: without it every board must be provisioned anew.

    \b
    Example: ansim key protect
    """
    check(data, dry_run=dry_run)
    key_file.change_key_file(
        _folder(data), passphrase, lambda: new_passphrase(new_passphrase_file), dry_run=dry_run
    )
    before = "Copies of host.key from before, in backups, still open without the passphrase: destroy them."
    _tell(True, f"Would protect host.key. {before}" if dry_run else f"Protected. {before}", dry_run, as_json)


@command.command()
@data_option
@dry_run_option
@json_option
def unprotect(data: Path | None, dry_run: bool, as_json: bool) -> None:
    """Take the passphrase off, for a host that starts by itself.

    \b
    Example: ansim key unprotect
    """
    check(data, dry_run=dry_run)
    key_file.change_key_file(_folder(data), passphrase, None, dry_run=dry_run)
    words = (
        "Would take the passphrase off host.key."
        if dry_run
        else "Unprotected. host.key opens the ledger's secrets by itself now."
    )
    _tell(False, words, dry_run, as_json)


@command.command()
@data_option
@json_option
def status(data: Path | None, as_json: bool) -> None:
    """Say whether the host key is under a passphrase.

    \b
    Example: ansim key status --json
    """
    cost = key_file.protection(_folder(data))
    if as_json:
        print_json({"protected": cost is not None, "scrypt": cost})
    else:
        say(
            "host.key is under a passphrase (scrypt, n={n}, r={r}, p={p}).".format(**cost)
            if cost
            else "host.key has no passphrase."
        )


def _tell(is_protected: bool, words: str, dry_run: bool, as_json: bool) -> None:
    if as_json:
        print_json({"protected": is_protected} | ({"dry_run": True} if dry_run else {}))
    else:
        say(words)


def _folder(data: Path | None) -> Path:
    folder = data_folder(data)
    prepare(folder, create=False)
    return folder
