"""Changes of the host key's passphrase, for a process of their own that is killed."""

from functools import partial
from pathlib import Path

from host_tools.errors import UserError
from host_tools.host.ledger import key_file

OLD, NEW = "correct horse battery", "안심하고 맡기는 택배함입니다"
CHEAP = {"n": 4, "r": 1, "p": 1}  # of scrypt


def change_for_ever(data: Path) -> None:
    """Puts the key under one passphrase, another, none; never returns."""
    key_file.COST = CHEAP  # the process is ours alone
    now = _passphrase_of(data)
    while True:
        for after in (OLD, None, NEW, OLD, NEW):
            key_file.change_key_file(data, partial(str, now or ""), partial(str, after) if after else None)
            now = after


def _passphrase_of(data: Path) -> str | None:
    """The one that an earlier, killed process left the key under."""
    for passphrase in (OLD, NEW):
        try:
            key_file.read_key(data, partial(str, passphrase))
        except UserError:
            continue
        return passphrase
    raise AssertionError("neither passphrase opens the key")
