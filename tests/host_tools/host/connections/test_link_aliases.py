"""Whom a host knows by the alias in a frame: a board from the moment of its enrolment,
and strangers cost the ledger little.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from host_tools.host.connections import tally as counting
from host_tools.host.connections.links import Links
from host_tools.host.connections.tally import Tally
from host_tools.host.ledger.ledger import Cabinet, Ledger, open_ledger
from locker.wire.frame import VERSION
from tests.kit.host_board import InHand, enrol
from tests.kit.occurrences import into


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with open_ledger(tmp_path / "data") as ledger:
        ledger.site("mapo-3")
        yield ledger


def frame_of(alias: bytes) -> bytes:
    return bytes((VERSION << 4,)) + alias + os.urandom(24)


def test_a_board_that_speaks_just_after_its_enrolment_is_no_stranger(ledger: Ledger) -> None:
    told: list[dict] = []
    tally = Tally(into(told))
    links = Links(ledger, into(told), tally)
    links.tick(0.0)  # the host has just looked at its cabinets by itself
    links.hear(InHand(), frame_of(enrol(ledger).alias), 0.2)
    tally.tick(0.2)
    assert [one["kind"] for one in told] == [counting.UNSEALED], "the seal is wrong, the alias is known"


def test_what_a_board_says_on_to_a_host_that_has_started_afresh_is_no_strangers_word(ledger: Ledger) -> None:
    told: list[dict] = []
    tally = Tally(into(told))
    links = Links(ledger, into(told), tally)
    alias = enrol(ledger).alias
    for second in range(1, 11):  # a status and a copy of a pickup, said again until it greets anew
        links.hear(InHand(), bytes((VERSION << 4 | 2,)) + alias + os.urandom(30), float(second))
    tally.tick(11.0)
    assert told == []
    for count in range(100):  # nobody has so much to say to an earlier host
        links.hear(InHand(), bytes((VERSION << 4 | 2,)) + alias + os.urandom(30), 12.0 + count)
    tally.tick(120.0)
    assert [one["kind"] for one in told] == [counting.UNSEALED]


def test_unknown_aliases_cost_a_look_into_the_ledger_once_a_second_at_most(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[int] = []
    cabinets = ledger.cabinets

    def looked() -> list[Cabinet]:
        looks.append(1)
        return cabinets()

    monkeypatch.setattr(ledger, "cabinets", looked)
    told: list[dict] = []
    links = Links(ledger, into(told), Tally(into(told)))
    for frame in range(1000):
        links.hear(InHand(), frame_of(os.urandom(4)), frame / 100)
    assert len(looks) == 10


def test_a_board_that_was_retired_is_a_stranger_within_a_minute_whatever_it_says(ledger: Ledger) -> None:
    """It was stolen, and its connection still stands."""
    told: list[dict] = []
    tally = Tally(into(told))
    links = Links(ledger, into(told), tally)
    alias = enrol(ledger).alias
    links.hear(InHand(), frame_of(alias), 0.0)
    ledger.retire_at("mapo-3", 1)
    links.tick(61.0)
    links.hear(InHand(), frame_of(alias), 61.1)
    tally.tick(120.0)
    assert [one["kind"] for one in told] == [counting.UNSEALED, counting.UNKNOWN]
