"""Where a passphrase comes from: a file that an option names,
$ANSIM_PASSPHRASE, else the person at the terminal.
"""

import os
import sys
from pathlib import Path

import click

from host_tools.errors import UserError
from host_tools.host.ledger.data_folder import PASSPHRASE_FILE, refuse_wide


def passphrase() -> str:
    """The passphrase of the host key. Raises UserError when there is none to be had."""
    context = click.get_current_context(silent=True)
    named = context.meta.get(PASSPHRASE_FILE) if context else None
    if named is not None:
        return from_file(named)
    if os.environ.get("ANSIM_PASSPHRASE"):
        return os.environ["ANSIM_PASSPHRASE"]
    if sys.stdin.isatty():
        return click.prompt("Passphrase of the host key", hide_input=True, err=True)
    raise UserError(
        "The host key is under a passphrase: name a file with --passphrase-file, or set $ANSIM_PASSPHRASE."
    )


def new_passphrase(named: Path | None) -> str:
    """The one to come: in a file, asked for twice at a terminal, else a line of standard input."""
    if named is not None:
        return from_file(named)
    if sys.stdin.isatty():
        return click.prompt("New passphrase", hide_input=True, confirmation_prompt=True, err=True)
    return sys.stdin.readline().rstrip("\n")


def from_file(path: Path) -> str:
    """The first line of a file that only its owner can read. Raises UserError."""
    refuse_wide(path, 0o600)
    try:
        return (path.read_text(encoding="utf-8").splitlines() or [""])[0]
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        raise UserError(f"The passphrase file {path} cannot be read ({reason}).") from error
