"""The two databases that a ledger can be kept in."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kit.postgres_server import PostgresServer, keep_in


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """One running server for the tests of this process."""
    server = PostgresServer()
    server.start()
    yield server
    server.remove()


@pytest.fixture(params=["sqlite", "postgresql"])
def home(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A host's data folder, whose ledger is kept once in a file and once in PostgreSQL."""
    data = tmp_path / "data"
    if request.param == "postgresql":
        keep_in(data, request.getfixturevalue("postgres").database())
    return data
