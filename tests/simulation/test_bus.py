"""Cabinets that share a pair of wires, in virtual time:
who speaks when, and that nothing is lost whatever happens on the wires.
"""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from host_tools.host.connections.bus_master import ANSWER_S, LET_GO_S, REST_S, round_s
from host_tools.simulator.chip.bus import Rs485Bus
from host_tools.simulator.chip.chip import WDT_RESET
from host_tools.simulator.clock import Clock
from host_tools.simulator.people.people import Script, courier, resident, send
from locker.contract import records
from tests.simulation.row import BAUD, Row, RowCabinet
from tests.simulation.test_parcel_life import LIFE

SERIAL = 4711
URGENT_BYTES = 70  # of a frame with one record
CABINETS = 8


def life_at(cabinet: RowCabinet) -> Script:
    """A courier comes, and eleven seconds later the resident, who first mistypes her code."""
    world = cabinet.world
    door = yield from courier(world, cabinet.ticket(SERIAL + cabinet.address))
    code = cabinet.code(door, 1)
    yield world.clock.now_us() + 11_000_000
    yield from resident(world, door, code[:-1] + str((int(code[-1]) + 1) % 10))
    return (yield from resident(world, door, code))


def ring_at(cabinet: RowCabinet) -> Script:
    """Somebody needs help."""
    yield cabinet.world.hands.bell()


class Babbler:
    """A thing on the bus that speaks whenever it likes, and does not know what it says."""

    def __init__(self, bus: Rs485Bus, from_ms: int, to_ms: int) -> None:
        self._clock: Clock = bus.clock
        self._rng = random.Random(5)
        self._until_us = to_ms * 1000
        self._end = bus.join("babbler", automatic=True)
        self._end.open(BAUD)
        self._clock.at(from_ms * 1000, self._babble)

    def _babble(self) -> None:
        self._end.write(self._rng.randbytes(self._rng.randint(1, 120)))
        pause_us = self._rng.randint(1_000, 400_000)
        if self._clock.now_us() + pause_us < self._until_us:
            self._clock.after(pause_us, self._babble)


def unplug(row: Row, cabinet: RowCabinet, from_ms: int, to_ms: int) -> None:
    row.clock.at(from_ms * 1000, lambda: setattr(cabinet.end, "plugged", False))
    row.clock.at(to_ms * 1000, lambda: setattr(cabinet.end, "plugged", True))


def test_three_cabinets_share_a_noisy_bus_with_a_babbler_and_each_event_arrives_once(tmp_path: Path) -> None:
    with Row(tmp_path, 3) as row:
        row.bus.damage = 0.002
        Babbler(row.bus, 8_000, 50_000)
        unplug(row, row.cabinets[1], 5_000, 60_000)
        lives = [
            send(cabinet.world, life_at(cabinet), 6_000 + 700 * cabinet.address) for cabinet in row.cabinets
        ]
        row.live_until(140_000)
    assert [life.result for life in lives] == [True] * 3
    assert [row.host.heard[cabinet.address].kinds for cabinet in row.cabinets] == [LIFE] * 3
    assert row.bus.collisions  # else the babbler would have been harmless
    assert all("babbler" in names for _, names in row.bus.collisions)
    assert not [entry for cabinet in row.cabinets for entry in cabinet.world.trace.violations]


@pytest.fixture(scope="module")
def busy_row(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Row]:
    """Couriers come to all cabinets in one second, and so do the residents."""
    with Row(tmp_path_factory.mktemp("row"), CABINETS) as row:
        lives = [send(cabinet.world, life_at(cabinet), 6_000) for cabinet in row.cabinets]
        row.live_until(80_000)
        assert [life.result for life in lives] == [True] * CABINETS
        yield row


def test_on_a_quiet_bus_never_two_drive_at_once_and_no_answer_is_missed(busy_row: Row) -> None:
    assert [heard.kinds for heard in busy_row.host.heard.values()] == [LIFE] * CABINETS
    assert not busy_row.bus.collisions
    assert busy_row.host.master.dropped == 0
    places = [busy_row.host.master.places[cabinet.address] for cabinet in busy_row.cabinets]
    assert [(place.is_here, place.misses) for place in places] == [(True, 0)] * CABINETS


def test_what_cannot_wait_is_at_the_host_within_one_round_of_the_bus(busy_row: Row) -> None:
    bound_ms = 1000 * round_s(CABINETS, BAUD, question_bytes=URGENT_BYTES)
    for heard in busy_row.host.heard.values():
        (told_ms, record), *others = heard.urgent
        assert not others
        assert record.kind == records.PICKUP_OPENED
        happened_ms = 100 * record.uptime  # rounded down
        assert told_ms - happened_ms <= bound_ms


def test_the_bound_of_a_round_is_what_the_documentation_says() -> None:
    turn_s = 0.060 + 2 * 260 * 10 / BAUD + 2 * LET_GO_S
    assert round_s(31, BAUD) == pytest.approx(31 * turn_s + ANSWER_S + REST_S)
    assert round_s(3, BAUD) < 0.6


@pytest.mark.parametrize("stall_ms", [75, 120, 200])
def test_cabinets_that_are_at_something_else_for_a_while_speak_in_their_turn_or_not_at_all(
    tmp_path: Path, stall_ms: int
) -> None:
    """An erase of the flash stops a whole chip for 75 ms:
    what it was asked before may be an old question afterwards.
    """
    with Row(tmp_path, 4) as row:
        for cabinet in row.cabinets:
            cabinet.stall_ms = stall_ms
        row.live_until(40_000)
        assert [heard.kinds for heard in row.host.heard.values()] == [[records.BOOTED]] * 4
        assert not row.bus.collisions
        assert row.host.master.dropped == 0


def test_a_cabinet_that_is_away_costs_the_others_little_and_is_found_again_when_it_is_back(
    tmp_path: Path,
) -> None:
    with Row(tmp_path, 2) as row:
        unplug(row, row.cabinets[0], 10_000, 70_000)
        row.live_until(40_000)
        away, here = (row.host.master.places[number] for number in (1, 2))
        assert (away.is_here, here.is_here) == (False, True)
        assert row.host.master.gone(row.clock.now_us() / 1e6) == [1]
        assert row.host.master.gone(row.clock.now_us() / 1e6) == []
        row.live_until(70_000)
        send(row.cabinets[0].world, ring_at(row.cabinets[0]), 71_000)
        row.live_until(100_000)
        assert away.is_here
        assert records.BELL_RUNG in row.host.heard[1].kinds


def test_a_cabinet_whose_chip_was_reset_while_it_spoke_lets_go_of_the_bus_and_comes_back(
    tmp_path: Path,
) -> None:
    with Row(tmp_path, 2) as row:
        cabinet = row.cabinets[0]
        still_driving: list[bool] = []

        def reset_while_it_speaks() -> None:
            if cabinet.end.driving:
                cabinet.world.chip.reset(WDT_RESET)
                still_driving.append(cabinet.end.driving)
            else:
                row.clock.after(100, reset_while_it_speaks)

        row.clock.at(8_000_000, reset_while_it_speaks)
        row.live_until(30_000)
        assert still_driving == [False]
        assert row.host.heard[1].kinds == [records.BOOTED, records.BOOTED]
        assert not row.bus.collisions


def test_an_adapter_that_hears_itself_disturbs_nobody(tmp_path: Path) -> None:
    with Row(tmp_path, 2) as row:
        row.bus.echo = True
        row.live_until(20_000)
        assert [heard.kinds for heard in row.host.heard.values()] == [[records.BOOTED]] * 2
        assert row.host.master.dropped == 0
