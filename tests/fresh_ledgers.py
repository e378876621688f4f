"""New ledgers of one test process: what the migrations say to an empty database is the same each time, so it
is found out once, and so is what SQLAlchemy makes of a statement for SQLite.

The first new ledger of each kind of database is made by the migrations as ever, and so is everything that
begins or ends at another schema; the others hear the same statements, or for SQLite those that make what
came of them, which takes a tenth of the time.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any
from unittest.mock import patch

from sqlalchemy import Connection, Dialect, Engine, event, inspect

from host_tools.host.ledger import database, migrations, sqlite

_ONLY_LOOKS = ("SELECT", "PRAGMA")


@contextmanager
def written_down(connection: Connection) -> Iterator[list[tuple[str, Any]]]:
    """The statements that change something, with their values, in their order."""
    said: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, values: Any, _context: Any, _many: bool) -> None:
        if not statement.lstrip().upper().startswith(_ONLY_LOOKS):
            said.append((statement, values))

    event.listen(connection, "before_cursor_execute", note)
    try:
        yield said
    finally:
        event.remove(connection, "before_cursor_execute", note)


def as_it_is_now(connection: Connection) -> list[tuple[str, Any]]:
    """The statements that make a file of SQLite as this one is, without the way that it has come."""
    schema = "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY rowid"
    said: list[tuple[str, Any]] = [(text, ()) for text in connection.exec_driver_sql(schema).scalars()]
    for table in inspect(connection).get_table_names():
        for row in connection.exec_driver_sql(f'SELECT * FROM "{table}"').all():
            said.append((f'INSERT INTO "{table}" VALUES ({", ".join("?" * len(row))})', tuple(row)))
    return said


def remembering(upgrade: Callable[..., None]) -> Callable[..., None]:
    """`migrations.upgrade`, which asks alembic once for what makes a ledger of an empty database."""
    known: dict[str, list[tuple[str, Any]]] = {}

    @wraps(upgrade)
    def upgrade_or_say_it_again(connection: Connection, revision: str = "head") -> None:
        kind = connection.dialect.name
        if revision != "head" or database.schema_of(connection) is not None:
            upgrade(connection, revision)
        elif kind in known:
            for statement, values in known[kind]:
                connection.exec_driver_sql(statement, values or None)
        else:
            with written_down(connection) as said:
                upgrade(connection, revision)
            known[kind] = as_it_is_now(connection) if kind == "sqlite" else said

    return upgrade_or_say_it_again


def compiling_once(create_engine: Callable[..., Engine]) -> Callable[..., Engine]:
    """`create_engine`, of which each engine goes on with the statements
    that the ones before it have compiled.
    """
    known: list[tuple[Dialect, Any]] = []  # one that has met its database, and what it has compiled

    @wraps(create_engine)
    def create(*how: Any, **more: Any) -> Engine:
        engine = create_engine(*how, **more)
        if known and getattr(known[0][0], "server_version_info", None):
            engine.dialect, engine._compiled_cache = known[0]
        else:
            known[:] = [(engine.dialect, engine._compiled_cache)]
        return engine

    return create


@contextmanager
def made_alike() -> Iterator[None]:
    """Meanwhile new ledgers of this process are made so."""
    with (
        patch.object(migrations, "upgrade", remembering(migrations.upgrade)),
        patch.object(sqlite, "create_engine", compiling_once(sqlite.create_engine)),
    ):
        yield
