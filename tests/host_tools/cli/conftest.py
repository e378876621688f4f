"""A site with people on duty."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from host_tools.host.ledger import tables
from host_tools.host.ledger.database import now_ms
from host_tools.host.ledger.ledger import open_ledger
from tests.kit import os_users
from tests.kit.cared_site import CaredSite
from tests.kit.duty_desk import Desk


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Desk, CaredSite]]:
    """Min is a dispatcher, Jun is staff, Dae an operator; each is a user of that name."""
    os_users.there_are(monkeypatch, "min", "jun", "dae")
    with open_ledger(tmp_path / "data") as ledger:
        site = CaredSite(ledger)
        site.at_ms = now_ms() - 60_000
        for name, roles in (("Min", "dispatcher"), ("Jun", "staff"), ("Dae", "operator")):
            site.hires(name, roles)
            with ledger.writing() as connection:
                its = tables.account.c.name == name
                connection.execute(tables.account.update().where(its).values(os_user=name.lower()))
        yield Desk(tmp_path / "data", monkeypatch), site
