"""A ledger with a site and a resident, for whatever boards tell it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from host_tools.host.ledger.ledger import Ledger, open_ledger
from host_tools.host.people import residents


@pytest.fixture
def ledger(home: Path) -> Iterator[Ledger]:
    with open_ledger(home) as opened:
        opened.site("mapo-3")
        residents.add(opened, "Kim", "kim@example.org")
        yield opened
