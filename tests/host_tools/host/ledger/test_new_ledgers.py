"""The new ledgers of one test process (tests.fresh_ledgers) are those that the migrations make."""

import inspect
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Connection

from host_tools.host.ledger import migrations
from host_tools.host.ledger.data_folder import LEDGER
from host_tools.host.ledger.ledger import open_ledger
from tests.fresh_ledgers import remembering


def made(data: Path) -> list[str]:
    """Everything in the file of a new ledger."""
    open_ledger(data).close()
    with closing(sqlite3.connect(data / LEDGER)) as file:
        return list(file.iterdump())


def test_a_ledger_that_is_made_from_memory_is_the_one_that_the_migrations_make(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    by_alembic = inspect.unwrap(migrations.upgrade)

    def upgrade(connection: Connection, revision: str = "head") -> None:
        asked.append(revision)
        by_alembic(connection, revision)

    remembers = remembering(upgrade)
    monkeypatch.setattr(migrations, "upgrade", remembers)
    first, second = made(tmp_path / "first"), made(tmp_path / "second")
    assert asked == ["head"]
    assert first == second
    assert len([line for line in first if line.startswith("CREATE")]) > 20
    monkeypatch.setattr(migrations, "upgrade", lambda connection: remembers(connection, "0002"))
    assert made(tmp_path / "older") != first
    monkeypatch.setattr(migrations, "upgrade", remembers)
    open_ledger(tmp_path / "older").close()
    assert asked == ["head", "0002", "head"]
