"""A site with a bell to press, and a clock that the test turns."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from host_tools.host.ledger.ledger import open_ledger
from tests.kit.cared_site import CaredSite


@pytest.fixture
def site(home: Path) -> Iterator[CaredSite]:
    """On SQLite and on PostgreSQL."""
    with open_ledger(home) as ledger:
        yield CaredSite(ledger)
