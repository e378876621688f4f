"""The ledger's database, whichever it is: durable, at the newest schema, its failures as sentences.

It is a file of SQLite in the data folder, or a database on a server of PostgreSQL (see `sqlite.py`,
`postgres.py`). Both keep the same promises, so the statements of the modules beside this one are the same for
both: a commit is on the disk when it returns; one program writes at a time, from its first statement on;
readers never wait and see one moment.
"""

import logging
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache, lru_cache
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, Dialect, Engine, Table, exc, inspect

from host_tools.errors import UserError
from host_tools.host.ledger.tables import SCHEMA

# What a driver notes of an error that it ignores behind another one is no news: the other one becomes a
# sentence. Without a handler of somebody's own, Python would print it on stderr.
for _library in ("sqlalchemy", "psycopg"):
    logging.getLogger(_library).addHandler(logging.NullHandler())


class TransientError(UserError):
    """The ledger cannot be written now, but may be again without a change here:
    it is locked, its server is away, or the disk is full.
    """


class Database(ABC):
    """Where a ledger is kept. `name` is what its sentences call it; it holds no password."""

    name: str

    @abstractmethod
    def is_there(self) -> bool:
        """A ledger has been made here. Raises UserError."""

    @abstractmethod
    def engine(self, *, create: bool) -> Engine:
        """An engine that keeps the promises above; `create` makes what it takes to begin.

        It is not connected yet.
        """

    @abstractmethod
    def user_error(self, error: exc.DBAPIError) -> UserError:
        """The sentence for what the database reported:
        TransientError for what may be over without a change here.
        """

    @contextmanager
    def migrating(self, engine: Engine) -> Iterator[Connection]:
        """One transaction in which tables may be built anew; undone when it raises."""
        with engine.begin() as connection:
            yield connection

    @abstractmethod
    def scrub(self, engine: Engine) -> None:
        """Overwrites what was deleted or changed, wherever the database still has it."""


def now_ms() -> int:
    """The host's clock: milliseconds since 1970, UTC."""
    return time.time_ns() // 1_000_000


def open_engine(database: Database, *, create: bool) -> Engine:
    """The engine over a database, migrated to the newest schema;
    `create` makes the ledger where there is none. Raises UserError.
    """
    engine = database.engine(create=create)
    try:
        with user_errors(database):
            _migrate(engine, database, create)
    except BaseException:
        engine.dispose()
        raise
    return engine


def schema_of(connection: Connection) -> str | None:
    """The migration that the database is at, None for an empty one."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    row = connection.exec_driver_sql("SELECT version_num FROM alembic_version").first()
    return row[0] if row else None


def no_ledger(place: str) -> UserError:
    """There is none, and nobody asked for one to be made."""
    return UserError(
        f"There is no ledger in {place} yet: `ansim resident add` or `ansim provision` makes one, "
        "--data names another."
    )


def _migrate(engine: Engine, database: Database, create: bool) -> None:
    with engine.connect().execution_options(reading=True) as connection:
        found = schema_of(connection)
    if found == SCHEMA:
        return
    if found is None and not create:
        raise no_ledger(database.name)
    # Alembic takes longer to import than most commands run, so only a ledger that needs it pays.
    from host_tools.host.ledger.migrations import known, upgrade

    with database.migrating(engine) as connection:
        found = schema_of(connection)
        if found is not None and found not in known():
            raise UserError(
                f"The ledger in {database.name} was written by a newer ansim (schema {found}): "
                "update ansim, or name another."
            )
        if found is None and inspect(connection).get_table_names():
            raise UserError(f"{database.name} is a database, but not a ledger of ansim: name another one.")
        upgrade(connection)


@contextmanager
def user_errors(database: Database) -> Iterator[None]:
    """Turns what the database reports into sentences; a broken program still shows as an exception."""
    try:
        yield
    except exc.IntegrityError:
        raise
    except exc.DBAPIError as error:
        raise database.user_error(error) from error


def is_the_databases(error: Exception) -> bool:
    """Whether an error within a transaction is the database's own trouble (or the program's
    way to tell of it), whatever was written.

    Everything else has to do with what was to be written: it will fail again.
    """
    if isinstance(error, exc.DBAPIError):
        return error.connection_invalidated or not isinstance(error, exc.IntegrityError | exc.DataError)
    return isinstance(error, UserError | OSError | MemoryError | exc.SQLAlchemyError)


def execute_many(connection: Connection, statement: Any, rows: Sequence[dict[str, Any]]) -> None:
    """Executes a statement of numbers and texts for each of the rows,
    which have the same keys; for none, nothing.

    SQLAlchemy looks at each value of each row for what its type may ask for. Numbers and texts ask for
    nothing, so the rows go to the driver as they are, behind the statement that SQLAlchemy has made: a busy
    host spends a fifth less on an event.
    """
    if not rows:
        return
    text, in_order, fixed = _compiled(statement, connection.dialect, tuple(rows[0]))
    if fixed:
        rows = [fixed | row for row in rows]
    connection.exec_driver_sql(text, list(map(in_order, rows)) if in_order else list(rows))


@lru_cache(maxsize=64)
def _compiled(
    statement: Any, dialect: Dialect, names: tuple[str, ...]
) -> tuple[str, Callable[[Any], Any] | None, dict[str, Any]]:
    """A statement's text, what puts a row's values in order where they have no names,
    and those of its values that are in no row.
    """
    compiled = statement.compile(dialect=dialect, column_keys=list(names))
    order = compiled.positiontup or []
    in_order = itemgetter(*order) if len(order) > 1 else (lambda row: (row[order[0]],)) if order else None
    return (
        str(compiled),
        in_order,
        {name: value for name, value in compiled.params.items() if name not in names},
    )


def is_inserted(connection: Connection, table: Table, row: dict[str, Any]) -> bool:
    """Inserts a row; whether it is new, and not there already."""
    counted = {"preserve_rowcount": True}  # else it depends on the driver what is said of an INSERT
    return (
        connection.execute(
            insert_new(connection.dialect.name, table), row, execution_options=counted
        ).rowcount
        == 1
    )


@cache
def insert_new(dialect: str, table: Table) -> Any:
    """Inserts rows; one that is there already stays as it is."""
    return _insert(dialect, table).on_conflict_do_nothing()


@cache
def insert_or_change(dialect: str, table: Table) -> Any:
    """Inserts rows; where the primary key is there already, the rest of the row becomes the new one."""
    statement = _insert(dialect, table)
    rest = {column.name: statement.excluded[column.name] for column in table.c if not column.primary_key}
    return statement.on_conflict_do_update(index_elements=list(table.primary_key), set_=rest)


def _insert(dialect: str, table: Table) -> Any:
    # Each takes long to import, and a program has one database.
    if dialect == "postgresql":
        from sqlalchemy.dialects import postgresql

        return postgresql.insert(table)
    from sqlalchemy.dialects import sqlite

    return sqlite.insert(table)
