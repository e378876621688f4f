"""The ledger's SQLite file: durable, private, at the newest schema, and its failures as sentences."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection, Engine, create_engine, event, exc
from sqlalchemy.pool import QueuePool

from host_tools.errors import Complaint
from host_tools.host.data import LEDGER, create_private
from host_tools.host.tables import SCHEMA

_BUSY_S = 5.0


class Passing(Complaint):
    """The ledger cannot be written now, but may be again without anybody's repair: it is locked, or the disk is full."""


def now_ms() -> int:
    """The host's clock: milliseconds since 1970, UTC."""
    return time.time_ns() // 1_000_000


def open_engine(data: Path, *, create: bool) -> Engine:
    """The engine over DIR/ledger.db, migrated to the newest schema.

    A commit is on the disk when it returns (WAL with synchronous=FULL), for the host acknowledges events after it. Raises Complaint.
    """
    path = data / LEDGER
    if create:
        create_private(path, b"")
    uri = f"file:{quote(str(path.absolute()))}?mode=rw"

    def connect() -> sqlite3.Connection:
        return sqlite3.connect(uri, uri=True, timeout=_BUSY_S, check_same_thread=False, isolation_level=None)

    engine = create_engine("sqlite://", creator=connect, poolclass=QueuePool, hide_parameters=True)
    event.listen(engine, "connect", _configure)
    event.listen(engine, "begin", _begin)
    try:
        with complaints(data):
            _migrate(engine, data)
    except BaseException:
        engine.dispose()
        raise
    return engine


def _configure(connection: sqlite3.Connection, _record: Any) -> None:
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin(connection: Connection) -> None:
    # A writer takes its lock at once: one that upgraded from a reader could meet SQLITE_BUSY that no waiting cures.
    connection.exec_driver_sql("BEGIN" if connection.get_execution_options().get("reading") else "BEGIN IMMEDIATE")


def schema_of(connection: Connection) -> str | None:
    """The migration that the file is at, None for an empty file."""
    if not connection.exec_driver_sql("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").first():
        return None
    row = connection.exec_driver_sql("SELECT version_num FROM alembic_version").first()
    return row[0] if row else None


def _migrate(engine: Engine, data: Path) -> None:
    with engine.connect().execution_options(reading=True) as connection:
        if schema_of(connection) == SCHEMA:
            return
    # Alembic takes longer to import than most commands run, so only a file that needs it pays.
    from host_tools.host.migrations import known, upgrade

    with engine.begin() as connection:
        found = schema_of(connection)
        if found is not None and found not in known():
            raise Complaint(f"The ledger in {data} was written by a newer ansim (schema {found}): update ansim, or name another --data.")
        if found is None and connection.exec_driver_sql("SELECT 1 FROM sqlite_master").first():
            raise Complaint(f"{data / LEDGER} is a database, but not a ledger of ansim: name another folder with --data.")
        upgrade(connection)


@contextmanager
def complaints(data: Path) -> Iterator[None]:
    """Turns what the database reports into sentences; a broken program still shows as an exception."""
    try:
        yield
    except exc.IntegrityError:
        raise
    except exc.DBAPIError as error:
        primary = getattr(error.orig, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
        sort = Passing if primary in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL) else Complaint
        raise sort(_sentence(data, primary, error.orig)) from error


def _sentence(data: Path, primary: int, error: BaseException | None) -> str:
    path = data / LEDGER
    if primary in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return f"The ledger {path} is locked by another program: wait for it or end it, then try again."
    if primary in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return f"The ledger {path} is damaged: restore {LEDGER} and the key from the last backup."
    if primary == sqlite3.SQLITE_FULL:
        return f"The disk of {data} is full: free some space, then try again; nothing was lost."
    if primary in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM):
        return f"The ledger {path} cannot be written: check that the folder and its files belong to you and are not read-only."
    if primary == sqlite3.SQLITE_CANTOPEN:
        return f"There is no ledger in {data} yet: `ansim resident add` or `ansim provision` makes one, --data names another."
    return f"The ledger {path} cannot be used ({error}): check the disk, or restore the last backup."
