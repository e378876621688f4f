"""The ledger as a file of SQLite in the data folder."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection, Engine, create_engine, event, exc
from sqlalchemy.pool import QueuePool

from host_tools.errors import UserError
from host_tools.host.ledger.data_folder import LEDGER, create_private, is_full
from host_tools.host.ledger.database import Database, TransientError, no_ledger

_BUSY_S = 5.0
_CHECKPOINTS = 3  # tries, each of them waits as long
_LOCKED = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


class SqliteFile(Database):
    """DIR/ledger.db. Commits are durable by WAL with synchronous=FULL."""

    def __init__(self, data: Path) -> None:
        self.name = str(data)
        self._data = data
        self._path = data / LEDGER

    def is_there(self) -> bool:
        """See Database."""
        return self._path.exists()

    def engine(self, *, create: bool) -> Engine:
        """See Database."""
        if create:
            create_private(self._path, b"")
        uri = f"file:{quote(str(self._path.absolute()))}?mode=rw"

        def connect() -> sqlite3.Connection:
            return sqlite3.connect(
                uri, uri=True, timeout=_BUSY_S, check_same_thread=False, isolation_level=None
            )

        engine = create_engine("sqlite://", creator=connect, poolclass=QueuePool, hide_parameters=True)
        event.listen(engine, "connect", _configure)
        event.listen(engine, "begin", _begin)
        return engine

    @contextmanager
    def migrating(self, engine: Engine) -> Iterator[Connection]:
        """See Database.

        A table that is built anew is gone for a moment:
        references are looked at when all is done. Raises UserError.
        """
        with engine.connect() as connection:
            keys: Any = connection.connection.driver_connection
            keys.execute("PRAGMA foreign_keys = OFF").close()  # nothing happens to it within a transaction
            try:
                with connection.begin():
                    yield connection
                    if connection.exec_driver_sql("PRAGMA foreign_key_check").first():
                        raise UserError(
                            f"The ledger {self._path} does not hold together, so it stays as it was: "
                            "restore the last backup."
                        )
            finally:
                keys.execute("PRAGMA foreign_keys = ON").close()

    def scrub(self, engine: Engine) -> None:
        """See Database. The file is written anew, without free pages, and its log is emptied.

        Raises TransientError while somebody reads an earlier moment.
        """
        with engine.connect() as connection:
            raw: Any = connection.connection.driver_connection
            for statement in ("PRAGMA secure_delete = ON", "VACUUM"):
                raw.execute(statement).close()
            for _ in range(_CHECKPOINTS):  # one that reads an earlier moment holds the log
                if raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0:
                    return
        raise TransientError(
            f"The log of the ledger {self._path} is in use, so it still holds what was erased: "
            "the next restart of the server empties it, or give the command again."
        )

    def user_error(self, error: exc.DBAPIError) -> UserError:
        """See Database."""
        primary = getattr(error.orig, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
        if primary in _LOCKED:
            return TransientError(
                f"The ledger {self._path} is locked by another program: "
                "wait for it or end it, then try again."
            )
        if primary == sqlite3.SQLITE_FULL or is_full(self._data):
            return TransientError(
                f"The disk of {self._data} is full: free some space, then try again; nothing was lost."
            )
        if primary in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            return UserError(
                f"The ledger {self._path} is damaged: restore {LEDGER} and the key from the last backup."
            )
        if primary in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM):
            cure = "check that the folder and its files belong to you and are not read-only"
            return UserError(f"The ledger {self._path} cannot be written: {cure}.")
        if primary == sqlite3.SQLITE_CANTOPEN:
            return no_ledger(self.name)
        return UserError(
            f"The ledger {self._path} cannot be used ({error.orig}): "
            "check the disk, or restore the last backup."
        )


def _configure(connection: sqlite3.Connection, _record: Any) -> None:
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin(connection: Connection) -> None:
    # A writer takes its lock at once:
    # one that upgraded from a reader could meet SQLITE_BUSY that no waiting cures.
    connection.exec_driver_sql(
        "BEGIN" if connection.get_execution_options().get("reading") else "BEGIN IMMEDIATE"
    )
