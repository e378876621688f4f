"""A ledger that is opened without the host key: what is sealed in it stays so.

For a process that never needs a code, such as the one that answers browsers: whoever takes it over opens no
door.
"""

from pathlib import Path
from typing import Any, NoReturn

from sqlalchemy import event

from host_tools.errors import UserError
from host_tools.host.ledger.database import open_engine
from host_tools.host.ledger.ledger import Ledger, database_of
from host_tools.host.ledger.sealing import Vault


class NoKey(Vault):
    """Neither seals nor opens anything."""

    has_key = False

    def __init__(self) -> None:
        """Has nothing to keep."""

    def seal(self, secret: bytes, purpose: str, owner: bytes) -> NoReturn:
        """Raises UserError."""
        raise UserError(f"This process has no host key, so it seals no {purpose}.")

    def open(self, sealed: bytes, purpose: str, owner: bytes) -> NoReturn:
        """Raises UserError."""
        raise UserError(f"This process has no host key, so it opens no {purpose}.")


def open_keyless(data: Path, *, writes: bool) -> Ledger:
    """The ledger of a folder, which is there, without its key; one that does not write cannot.

    Raises UserError: there is none, or its database is damaged, newer, locked or away.
    """
    database = database_of(data)
    engine = open_engine(database, create=False)
    if not writes and engine.dialect.name == "sqlite":  # PostgreSQL has it in each transaction that reads
        engine.dispose()
        event.listen(engine, "connect", _read_only)
    return Ledger(data, database, engine, NoKey())


def _read_only(connection: Any, _record: Any) -> None:
    connection.execute("PRAGMA query_only = ON").close()
