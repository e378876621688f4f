"""Codes and tails of a rule that one end does not know are refused by that end,
by name, and nothing is lost until it knows it.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from host_tools.host.connections.link_status import link_statuses
from host_tools.host.fleet import batch
from host_tools.host.fleet.ingest import take
from host_tools.host.fleet.received import Received
from host_tools.host.ledger import tables
from host_tools.host.ledger.ledger import Ledger, open_ledger
from host_tools.host.parcels import parcels, tickets
from host_tools.host.people import residents
from locker.contract import records
from locker.contract.codes import RULE
from locker.shell import identity as identities
from tests.kit.host_board import Journal, enrol

from .stage import Cabinet, make_flash

NEWER = RULE + 1


def appended(cabinet: Cabinet, kind: int, a: int, b: int) -> None:
    """The journal of a board that a newer firmware has served goes on with that."""
    journal = cabinet.apps[0]._journal
    journal.append(kind, 0, 0, a, b)


def test_a_firmware_serves_no_journal_with_an_epoch_of_a_rule_that_it_does_not_know_and_names_the_rule(
    tmp_path: Path,
) -> None:
    make_flash(tmp_path / "flash", "devkit_4")
    with Cabinet(tmp_path / "flash", "devkit_4") as cabinet:
        cabinet.run_until(1_000)
        appended(cabinet, records.EPOCH_BEGUN, 2 | NEWER << 18, 77)
    with (
        Cabinet(tmp_path / "flash", "devkit_4") as cabinet,
        pytest.raises(
            ValueError,
            match=f"its codes are of rule {NEWER}, and this firmware knows {RULE}: flash a newer one",
        ),
    ):
        cabinet.run_until(1_000)


def test_a_firmware_serves_no_identity_of_a_rule_that_it_does_not_know(tmp_path: Path) -> None:
    make_flash(tmp_path / "flash", "devkit_4")
    with Cabinet(tmp_path / "flash", "devkit_4") as cabinet:
        cabinet.identity = cabinet.identity._replace(rule=NEWER)
        with pytest.raises(ValueError, match="flash a newer one"):
            cabinet.run_until(1_000)


def test_a_journal_of_rules_that_it_knows_is_served() -> None:
    identities.refuse_unknown(range(RULE + 1))


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with open_ledger(tmp_path / "data") as opened:
        opened.site("mapo-3")
        residents.add(opened, "Kim")
        yield opened


def test_a_host_takes_nothing_from_an_epoch_of_a_rule_on_that_it_does_not_know_until_it_is_updated(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    enrol(ledger)
    serials = [tickets.issue(ledger, "Kim").serial for _ in range(2)]
    journal = Journal()
    journal.deposit(1, serials[0], 1)
    journal.add(records.EPOCH_BEGUN, 0, 2 | NEWER << 18, 77)
    journal.deposit(2, serials[1], 1)

    def say(*told: bytes, urgent: bool = False) -> int:
        return take(ledger, [Received(1, 7, 1, 100, 1_000_000, told, urgent, journal.uptime)]).applied[0]

    for _ in range(2):  # and it is asked again
        assert say(*journal.events) == 3
    assert [parcel.serial for parcel in parcels.listing(ledger)] == serials[:1], (
        "nobody is told a code that may be another one"
    )
    (status,) = link_statuses(ledger, 0).links
    assert status.reason == "its codes are of a rule that this ansim does not know: update ansim on this host"
    say(journal.add(records.BELL_RUNG, 0, 1), urgent=True)
    with ledger.reading() as connection:
        assert list(connection.scalars(select(tables.alarm.c.kind))) == ["bell"], (
            "a bell is heard all the same"
        )
    monkeypatch.setattr(batch, "RULE", NEWER)
    assert say(*journal.events[3:]) == len(journal.events)
    assert sorted(parcel.serial for parcel in parcels.listing(ledger)) == sorted(serials)
