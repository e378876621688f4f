"""The server looks through the stays by itself, also when the ledger was away for a moment."""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import select

from host_tools.host.ledger import tables
from host_tools.host.ledger.database import TransientError, now_ms
from host_tools.host.ledger.ledger import Ledger, open_ledger
from host_tools.host.stays import keeper, sweep
from tests.kit.host_board import PATIENCE_S, Host


@pytest.mark.parametrize("home", ["sqlite"], indirect=True)
def test_a_ledger_that_is_away_for_a_moment_is_looked_through_later(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[int] = []

    def look(ledger: Ledger, at_ms: int) -> None:
        looks.append(at_ms)
        if len(looks) == 1:
            raise TransientError("The ledger is locked.")
        if len(looks) == 3:
            raise KeyError

    monkeypatch.setattr(keeper, "sweep", look)
    monkeypatch.setattr(keeper, "LOOK_MS", 1)
    with open_ledger(home) as ledger, ThreadPoolExecutor(1) as thread, pytest.raises(KeyError):
        asyncio.run(keeper.keep(ledger, thread))
    assert len(looks) == 3


@pytest.mark.parametrize("home", ["sqlite"], indirect=True)
def test_a_server_that_starts_has_looked(home: Path) -> None:
    with open_ledger(home) as ledger:
        ledger.site("mapo-3")
        began_ms = now_ms()
        with Host(home) as host:
            host.wait_for("listening")
            at_ms = None
            until_s = time.monotonic() + PATIENCE_S
            while at_ms is None and time.monotonic() < until_s:  # it looks at its start, beside all else
                with ledger.reading() as connection:
                    at_ms = connection.scalar(select(tables.stay_look.c.at_ms))
        assert at_ms is not None
        assert at_ms >= began_ms
        assert sweep.sweep(ledger, at_ms + 1) == (0, 0, 0)
