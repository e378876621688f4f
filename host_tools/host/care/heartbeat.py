"""The heartbeat: while the server lives, an outside monitor hears so each minute,
for a dead host wakes nobody.

The address is in `heartbeat.url` of the data folder. A beat goes out only when the ledger was written and
read and the server's own loop has moved just before; it follows no redirect, and whatever becomes of it
holds up nothing.
"""

import asyncio
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import select

from host_tools.errors import UserError
from host_tools.host.care import cases, kinds
from host_tools.host.ledger import tables
from host_tools.host.ledger.data_folder import refuse_wide
from host_tools.host.ledger.database import insert_or_change
from host_tools.host.ledger.ledger import Ledger

FILE = "heartbeat.url"
EVERY_S = 60.0
FAILURES_MAX = 3  # in a row, from which on it is a case
_TIMEOUT_S = 10.0
_NAME = "heartbeat"
_KEY = "heartbeat"


def url_of(folder: Path) -> str | None:
    """Where beats go, as the data folder's file says; None where there is none.

    Raises UserError for a file that others can read, or that holds no address.
    """
    path = folder / FILE
    refuse_wide(path, 0o600)
    try:
        text = path.read_text().strip()
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path} cannot be read: it holds one line, an address.") from error
    if not text.startswith(("https://", "http://")):
        raise UserError(f"{path} holds no address: one line such as https://monitor.example.org/beat.")
    return text


class Heartbeat:
    """Beats. `say` is told in words when it begins to fail, and when it is heard again."""

    def __init__(self, ledger: Ledger, say: Callable[[str], None]) -> None:
        self._ledger = ledger
        self._say = say
        self._failures = 0

    async def beat(self, url: str, at_ms: int, *, is_moving: bool) -> bool:
        """One beat to an address at that time (ms since 1970): whether the monitor has heard it.

        Where the server does not move or its ledger takes nothing, there is none.
        """
        if not is_moving:
            return False
        try:
            await asyncio.to_thread(self._prove, at_ms)
        except UserError:  # told by whoever commits; a host without its ledger serves nobody
            return False
        reason = await _send(url)
        before, self._failures = self._failures, self._failures + 1 if reason else 0
        if reason and not before:
            self._say(f"the outside monitor was not reached: {reason}")
        if before and not reason:
            self._say("the outside monitor is reached again")
        if self._failures == FAILURES_MAX or (before >= FAILURES_MAX and not reason):
            await asyncio.to_thread(self._note, at_ms, is_down=bool(reason))
        return not reason

    def _prove(self, at_ms: int) -> None:
        """Writes to the ledger and reads that back. Raises UserError."""
        care = tables.care
        with self._ledger.writing() as connection:
            row = {"name": _NAME, "at_ms": at_ms, "secret": None}
            connection.execute(insert_or_change(connection.dialect.name, care), row)
        with self._ledger.reading() as connection:
            found = connection.scalar(select(care.c.at_ms).where(care.c.name == _NAME))
        if found != at_ms:
            raise UserError("The ledger does not keep what is written to it: look at its disk.")

    def _note(self, at_ms: int, *, is_down: bool) -> None:
        with self._ledger.writing() as connection:
            if is_down:
                cases.open_case(connection, kinds.HEARTBEAT, key=_KEY, at_ms=at_ms)
            else:
                cases.settle(connection, kinds.HEARTBEAT, _KEY, at_ms, "over by itself")


async def _send(url: str) -> str:
    """Why it was not heard, in words without the address; empty where it was."""
    import httpx

    try:
        async with httpx.AsyncClient(timeout=_TIMEOUT_S, follow_redirects=False) as client:
            async with asyncio.timeout(_TIMEOUT_S):
                answer = await client.get(url)
    except (httpx.HTTPError, httpx.InvalidURL, OSError, TimeoutError) as error:
        return type(error).__name__
    return "" if answer.is_success else f"it answered {answer.status_code}"
