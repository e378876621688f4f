"""The ledger in a database on a server of PostgreSQL.

A commit is durable (synchronous_commit=on). One program writes at a time: a writing transaction begins with
an advisory lock that ends with it, as BEGIN IMMEDIATE does in SQLite; see decision 0054.
"""

import contextlib
from typing import Any

import psycopg
from sqlalchemy import URL, Connection, Engine, create_engine, event, exc

from host_tools.errors import UserError
from host_tools.host.ledger.database import Database, TransientError, schema_of, user_errors
from host_tools.host.ledger.tables import metadata

# Of each connection. A lost client must neither hold the writers' lock for long nor wait for ever itself.
_CONNECT_S = 5
_SETTINGS = {
    "synchronous_commit": "on",
    "lock_timeout": "5s",
    "idle_in_transaction_session_timeout": "30s",
    "client_min_messages": "error",
}
_KEEPALIVE = {
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 25_000,
}

# An advisory lock in the database of the ledger: b"ansim" and which.
_WRITING = int.from_bytes(b"ansim\0\0\1", "big")
#: Large tables of what boards said, in which nobody's data is.
_OF_BOARDS = ("event", "boot", "epoch", "command", "position", "aside", "alarm")

# SQLSTATEs, whole or their class (PostgreSQL's manual, appendix A).
_PASSING = {
    "08": "is away",
    "25006": "is a standby, which cannot be written",
    "25P03": "ended a transaction that stood still",
    "40": "met another writer",
    "53100": "has a full disk",
    "53": "has no room for more (connections or memory)",
    "55P03": "is being written by another program",
    "57014": "cancelled a statement",
    "57P": "is stopping or starting",
}
_LASTING = {
    "28": "refuses the user or the password",
    "3D": "does not exist on that server",
    "3F": "has no schema to write to",
    "42501": "gives this user no right to its tables: make it the owner of the database",
    "XX": "is damaged: restore it from the last backup",
    "58": "cannot read or write its files",
}
# A refused connection has no SQLSTATE for us, so the server's words must do;
# in other languages the general sentence follows.
_REFUSALS = {
    "password authentication failed": "28",
    "no password supplied": "28",
    "pg_hba.conf": "28",
    'role "': "28",
    "too many clients": "53",
    "remaining connection slots": "53",
    "the database system is": "57P",
    'database "': "3D",
}


class PostgresDatabase(Database):
    """The database that a URL names."""

    def __init__(self, url: URL) -> None:
        self._url = url.set(drivername="postgresql+psycopg")
        host = url.host or url.query.get("host") or "this machine"
        self.name = (
            f"the PostgreSQL database {url.database or url.username or ''} at "
            f"{host}{f':{url.port}' if url.port else ''}"
        )

    def is_there(self) -> bool:
        """See Database."""
        engine = self.engine(create=False)
        try:
            with user_errors(self), engine.connect().execution_options(reading=True) as connection:
                return schema_of(connection) is not None
        finally:
            engine.dispose()

    def engine(self, *, create: bool) -> Engine:
        """See Database. The database itself is made by whoever runs the server. Raises UserError."""
        arguments = {"connect_timeout": _CONNECT_S, "application_name": "ansim", **_KEEPALIVE}
        try:
            engine = create_engine(self._url, connect_args=arguments, hide_parameters=True)
        except exc.ArgumentError:
            raise UserError(
                "The database URL has a part that is not known: postgresql+psycopg://USER@HOST/DATABASE."
            ) from None
        event.listen(engine, "connect", _configure)
        event.listen(engine, "begin", _begin)
        return engine

    def user_error(self, error: exc.DBAPIError) -> UserError:
        """See Database."""
        state = getattr(error.orig, "sqlstate", None) or self._state_in_words(error)
        for states, sort in ((_PASSING, TransientError), (_LASTING, UserError)):
            for length in (5, 3, 2):
                if state[:length] in states:
                    return sort(f"{self._sentence(states[state[:length]])}{_cure(state)}")
        if isinstance(error.orig, psycopg.OperationalError) or error.connection_invalidated:
            return TransientError(
                f"{self._sentence('cannot be reached')} ({self._words(error)}): is the server running, "
                "and its address right?"
            )
        return UserError(
            f"{self._sentence('cannot be used')} ({self._words(error)}): check the URL and the server."
        )

    def _sentence(self, what: str) -> str:
        return f"{self.name[0].upper()}{self.name[1:]} {what}"

    def _state_in_words(self, error: exc.DBAPIError) -> str:
        said = str(error.orig)
        if "FATAL" not in said:
            return ""
        reason = said.partition("FATAL")[2]
        return next((state for words, state in _REFUSALS.items() if words in reason), "")

    def _words(self, error: exc.DBAPIError) -> str:
        """The first line of what was reported, without the password, should it be in it."""
        said = (str(error.orig).splitlines() or ["no reason given"])[0]
        for secret in filter(None, (self._url.password, self._url.query.get("password"))):
            said = said.replace(str(secret), "***")
        return said

    def scrub(self, engine: Engine) -> None:
        """See Database. Tables are written anew, as are samples of their values, where this user may."""
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            names = ", ".join(one.name for one in metadata.sorted_tables if one.name not in _OF_BOARDS)
            connection.exec_driver_sql(f"VACUUM (FULL, ANALYZE) {names}")
            with contextlib.suppress(exc.DBAPIError):  # an older server lets only its superuser
                connection.exec_driver_sql("VACUUM FULL pg_catalog.pg_statistic")
            with contextlib.suppress(exc.DBAPIError):  # what was given up goes from the disk at a checkpoint
                connection.exec_driver_sql("CHECKPOINT")


def _configure(connection: psycopg.Connection, _record: Any) -> None:
    with connection.cursor() as cursor:
        cursor.executemany("SELECT set_config(%s, %s, false)", list(_SETTINGS.items()))
    connection.commit()


def _begin(connection: Connection) -> None:
    options = connection.get_execution_options()
    if options.get("isolation_level") == "AUTOCOMMIT":
        return
    if options.get("reading"):
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
    else:
        # Whoever had the lock before has committed visibly,
        # and what is read from here on is read behind that.
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_WRITING})")


def _cure(state: str) -> str:
    if state[:2] == "53" or state[:3] == "57P" or state in ("55P03", "40001", "40P01"):
        return ": try again; nothing was lost."
    if state[:2] == "28":
        return ": check the URL in database.url or $ANSIM_DATABASE."
    return "."
