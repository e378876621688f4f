"""Whose `ansim serve` is: that of one user of the operating system, or of an operator."""

import pwd
import tomllib
from pathlib import Path

from host_tools.errors import UserError
from host_tools.host.accounts import accounts, audit
from host_tools.host.accounts.rights import OPERATOR
from host_tools.host.ledger.actors import ITSELF
from host_tools.host.ledger.data_folder import SETTINGS
from host_tools.host.ledger.ledger import Ledger

_KEY = "service_user"


def user_of(data: Path) -> str:
    """`service_user` in settings.toml of the data folder, else the owner of the folder. Raises UserError."""
    try:
        found = tomllib.loads((data / SETTINGS).read_text()).get(_KEY)
    except FileNotFoundError:
        found = None
    except (OSError, ValueError) as error:
        raise UserError(
            f'{data / SETTINGS} cannot be read: write one setting a line, {_KEY} = "ansim".'
        ) from error
    if found is None:
        owner = data.stat().st_uid
        try:
            return pwd.getpwuid(owner).pw_name
        except KeyError:
            return str(owner)
    if not isinstance(found, str) or not found:
        raise UserError(f"{_KEY} in {data / SETTINGS} is the name of a user of the operating system.")
    return found


def enter(ledger: Ledger, elsewhere: str = "") -> None:
    """Whoever has started the service may; from now on the host itself acts, whose start is noted where it
    tells people elsewhere than its channels do: `elsewhere` says what.

    Nothing is asked or noted while there is no account. Raises UserError.
    """
    if not accounts.are_there(ledger):
        return
    actor = ledger.actor
    if OPERATOR not in actor.roles and actor.os_user != (user := user_of(ledger.data)):
        raise UserError(
            f"`ansim serve` is for the user {user}, whose service it is, and for operators: run it as that "
            f"user, or name another as {_KEY} in {SETTINGS} of the data folder.",
            code="forbidden",
        )
    if elsewhere:
        with ledger.writing() as connection:
            audit.note(connection, ledger, "serve", text=elsewhere)
    ledger.actor = ITSELF
