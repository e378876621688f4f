"""A fault of the host's own program is told with its place, and does not fill the log when it comes again."""

from pathlib import Path
from typing import Any

import pytest

from host_tools.host import server
from host_tools.host.connections.links import Link
from host_tools.host.fleet.received import Outcome
from host_tools.host.ledger.ledger import open_ledger
from host_tools.host.notify import faults
from host_tools.host.notify.channels.console import ConsoleNotifier
from host_tools.host.notify.lines import Lines
from host_tools.host.postman import Desk
from host_tools.link.session import HostSession
from tests.kit.occurrences import into


def fail(kind: type[Exception]) -> Exception:
    try:
        raise kind("the name of somebody")
    except Exception as error:
        return error


def test_the_same_fault_is_told_once_an_hour_and_another_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[dict[str, Any]] = []
    clock = [1_700_000_000_000]
    monkeypatch.setattr(faults, "now_ms", lambda: clock[0])
    found = faults.Faults(into(told))
    for _ in range(1000):
        found.tell(fail(AssertionError))
    assert len(told) == 1
    assert told[0]["detail"].startswith("AssertionError in test_faults.py, line ")
    assert "somebody" not in str(told)
    found.tell(fail(KeyError))
    assert len(told) == 2
    clock[0] += 3_600_000
    found.tell(fail(AssertionError))
    assert len(told) == 3


def test_a_report_that_cannot_be_taken_is_a_line_with_the_name_of_its_cabinet(tmp_path: Path) -> None:
    told: list[dict[str, Any]] = []
    with open_ledger(tmp_path / "data") as ledger:
        notifier = ConsoleNotifier(lambda message: True)
        host = server.Server(ledger, Lines.single(notifier), into(told), Desk(notifier))
        host._places[1] = Link(1, "mapo-3", 2, HostSession(bytes(32), bytes(8), bytes(4), bytes))
        host._answer([], Outcome([], [], {}, has_letters=True, unmet=(1,)))
    assert [(one["event"], one["alarm"], one["site"], one["cabinet"]) for one in told] == [
        ("alarm", "unmet", "mapo-3", 2)
    ]
