"""Who gives a command, and whether it is for them: the one place at which commands open the ledger.

The CLI acts as the user of the operating system: the one who has logged in, also behind `sudo` and `su`
where the kernel knows that one, else the one that the command runs as. See decision 0249.
"""

import os
import pwd
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from host_tools.errors import UserError
from host_tools.host.accounts import accounts, audit
from host_tools.host.accounts.rights import ACT, LOOK, REASONS, RIGHTS, right_of
from host_tools.host.ledger import ledger as ledgers
from host_tools.host.ledger.data_folder import data_folder
from host_tools.host.ledger.database import schema_of
from host_tools.host.ledger.ledger import Ledger
from host_tools.host.ledger.names import normal
from host_tools.host.ledger.sealing import BLIND
from host_tools.host.ledger.tables import SCHEMA

_LOGIN = Path("/proc/self/loginuid")
_NOBODY = 2**32 - 1  # the kernel has seen no login
_REASON = "ansim.reason"
_NOTED = "ansim.noted"

_Command = TypeVar("_Command", bound=Callable[..., Any])


def reason_option(act: str) -> Callable[[_Command], _Command]:
    """`--reason CODE`, or `--reason "CODE: what else there is to say"`, of the command `ansim ACT`."""
    codes = RIGHTS[act].reasons
    listed = "; ".join(f"{code}: {REASONS[code]}" for code in codes)
    return click.option(
        "--reason",
        metavar="CODE",
        expose_value=False,
        callback=_note_reason,
        help=f"Why, for the audit; more words may follow behind a colon. {listed}.",
    )


def _note_reason(context: click.Context, _parameter: click.Parameter, value: str | None) -> None:
    context.meta[_REASON] = value or ""


def os_user() -> str:
    """Whom the operating system takes the one for who gives the command."""
    try:
        login = int(_LOGIN.read_text())
    except (OSError, ValueError):
        login = _NOBODY
    behind = os.environ.get("SUDO_UID", "")
    for uid in (login if login not in (0, _NOBODY) else None, int(behind) if behind.isdecimal() else None):
        if uid is not None:
            try:
                return pwd.getpwuid(uid).pw_name
            except KeyError:
                continue
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return str(os.geteuid())


def open_ledger(data: Path | None = None, *, create: bool = True) -> Ledger:
    """The ledger for whoever gives the present command (see ledger.open_ledger).

    A look at people is noted before anything is shown; an act notes itself. Raises UserError: as there,
    or the command is not for them, or needs a reason.
    """
    opened = ledgers.open_ledger(data, create=create)
    try:
        _enter(opened)
    except BaseException:
        opened.close()
        raise
    return opened


def check(data: Path | None = None, *, dry_run: bool = False) -> None:
    """The same for a command that opens the ledger in another way, or in none; an act is noted, but for a
    dry run. A ledger that is not there, is of an older ansim, or cannot be opened refuses nobody.

    Raises UserError.
    """
    opened = _as_it_is(data_folder(data))
    if opened is None:
        return
    with opened:
        _enter(opened)
        if not dry_run and right_of(_act(click.get_current_context())).kind == ACT:
            note(opened)


def _as_it_is(folder: Path) -> Ledger | None:
    """The ledger without its key and without a migration, as backups take it."""
    try:
        database = ledgers.database_of(folder)
        if not database.is_there():
            return None
        engine = database.engine(create=False)
        opened = Ledger(folder, database, engine, BLIND)  # none of its secrets is opened
        with opened.reading() as connection:
            is_new = schema_of(connection) == SCHEMA
    except UserError:
        return None
    if not is_new:
        opened.close()
        return None
    return opened


def note(opened: Ledger) -> None:
    """Notes the present command, which no transaction of its own notes, before it acts."""
    context = click.get_current_context()
    site = normal(context.params.get("site") or "")
    cabinet = context.params.get("cabinet") or context.params.get("number") or 0
    with opened.writing() as connection:
        audit.note(connection, opened, _act(context), site=site, cabinet=cabinet)


def _enter(opened: Ledger) -> None:
    context = click.get_current_context(silent=True)
    if context is None:
        return
    act = _act(context)
    code, _, text = context.meta.get(_REASON, "").partition(":")
    actor = accounts.who(opened, os_user())._replace(reason=code.strip(), text=text.strip())
    accounts.check(opened, act, actor)
    site = normal(context.params.get("site") or "")
    accounts.check_site(opened, act, site, actor)
    opened.actor = actor
    if right_of(act).kind == LOOK and not context.meta.get(_NOTED):
        cabinet = context.params.get("cabinet") or 0
        place = {"site": site, "cabinet": cabinet, "door": context.params.get("door") or 0}
        with opened.writing() as connection:
            audit.note(connection, opened, act, **place, resident=None if cabinet else audit.EVERYBODY)
        context.meta[_NOTED] = True


def _act(context: click.Context) -> str:
    """The words of the present command without `ansim`."""
    words: list[str] = []
    at: click.Context | None = context
    while at is not None and at.parent is not None:
        words.insert(0, at.info_name or "")
        at = at.parent
    return " ".join(words)
