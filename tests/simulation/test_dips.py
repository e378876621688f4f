"""An expander that loses its supply for a moment is not believed:
what its pins say then is no opening, no parcel and no collection.
"""

from pathlib import Path

import pytest

from host_tools.simulator.people.people import Script, Until, courier, send
from host_tools.simulator.trace import Entry
from host_tools.simulator.world import World
from locker.contract import records
from tests.simulation.stage import Cabinet, TestHost, code_of, make_flash, ticket_of
from tests.simulation.test_parcel_life import LIFE, SERIAL, life_in

DIPS = 20
DIP_MS = 5
EXPANDERS = [
    ("wall_12", 0x20),
    ("wall_12", 0x21),
    ("wall_12", 0x22),
    ("tower_24", 0x20),
    ("tower_24", 0x22),
    ("tower_24", 0x25),
]


def dip(world: World, address: int, at_ms: int, ms: int = DIP_MS) -> None:
    world.clock.at(at_ms * 1000 + 7, lambda: world.hands.fault(f"expander 0x{address:02x} dip {ms}"))


def told(host: TestHost) -> list[int]:
    """The kinds of the events, but for lost expanders and for second pulses
    after one that a dip has cut short.
    """
    return [
        event.kind
        for event in host.events
        if event.kind != records.LEVEL_LOST and (event.kind != records.PULSED or event.a == 1)
    ]


@pytest.mark.parametrize("board", ["wall_12", "tower_24"])
def test_twenty_dips_of_each_expander_of_an_idle_cabinet_are_each_told_once_and_nothing_else_is(
    tmp_path: Path, board: str
) -> None:
    make_flash(tmp_path / "flash", board)
    with Cabinet(tmp_path / "flash", board) as cabinet:
        host = TestHost(cabinet.world)
        for place, address in enumerate(cabinet.world.expanders):
            for number in range(DIPS):
                dip(cabinet.world, address, 6_000 + 1_009 * number + 137 * place)
        cabinet.run_until(32_000)
        assert told(host) == [records.BOOTED]
        assert sorted(event.a for event in host.events[1:]) == sorted(cabinet.world.expanders)
        assert cabinet.world.chip.boots == 1
        assert not cabinet.world.trace.violations
        assert cabinet.world.trace.counts["coil", "on"] == 0


@pytest.mark.parametrize(("board", "address"), EXPANDERS)
def test_twenty_dips_during_a_parcels_life_neither_write_a_wrong_record_nor_lose_the_pickup(
    tmp_path: Path, board: str, address: int
) -> None:
    make_flash(tmp_path / "flash", board)
    with Cabinet(tmp_path / "flash", board, seed=address) as cabinet:
        world, host = cabinet.world, TestHost(cabinet.world)
        life = send(world, life_in(world), 6_000)
        for number in range(DIPS):
            dip(world, address, 6_000 + 1_583 * number)
        cabinet.run_until(100_000)
        assert life.error is None
        assert life.result[1:] == (False, True)
        assert told(host) == LIFE
        assert host.kinds().count(records.LEVEL_LOST) == 1
        assert world.chip.boots == 1
        assert not world.trace.violations


@pytest.mark.parametrize(("board", "after_ms"), [("wall_12", 10), ("wall_12", 390), ("tower_24", 100)])
def test_a_dip_of_any_expander_in_the_midst_of_a_pulse_keeps_the_coils_off_and_costs_a_pulse_at_most(
    tmp_path: Path, board: str, after_ms: int
) -> None:
    make_flash(tmp_path / "flash", board)
    with Cabinet(tmp_path / "flash", board) as cabinet:
        world, host = cabinet.world, TestHost(cabinet.world)
        chips = list(world.expanders)

        def dip_in_each_pulse(entry: Entry) -> None:
            if (entry.kind, entry.value) == ("coil", "on") and chips:
                dip(world, chips.pop(), entry.us // 1000 + after_ms)

        world.trace.listeners.append(dip_in_each_pulse)
        life = send(world, life_in(world), 6_000)
        cabinet.run_until(120_000)
        assert life.error is None
        assert life.result[1:] == (False, True)
        assert told(host) == LIFE
        assert world.chip.boots == 1
        assert not world.trace.violations


def left_ajar(world: World) -> Script:
    """A courier and the resident, who opens her door and leaves it ajar for half a minute,
    her parcel inside.
    """
    door = yield from courier(world, ticket_of(SERIAL))
    yield world.clock.now_us() + 11_000_000
    yield world.hands.keys(f"{door:02}{code_of(door, 1)}#")
    assert (yield Until(lambda: world.doors[door].place != "shut", 12_000))
    yield world.clock.now_us() + 30_000_000
    yield world.hands.take(door)
    yield world.hands.close(door)
    return door


@pytest.mark.parametrize("board", ["wall_12", "tower_24"])
def test_with_her_door_ajar_no_dip_collects_her_parcel(tmp_path: Path, board: str) -> None:
    make_flash(tmp_path / "flash", board)
    with Cabinet(tmp_path / "flash", board) as cabinet:
        world, host = cabinet.world, TestHost(cabinet.world)
        visit = send(world, left_ajar(world), 6_000)

        def ajar_for_her(entry: Entry) -> None:
            if (entry.kind, entry.value) == ("door", "ajar") and world.clock.now_ms() > 20_000:
                for place, address in enumerate(world.expanders):
                    for number in range(DIPS):
                        dip(world, address, entry.us // 1000 + 1_000 + 1_237 * number + 149 * place)

        world.trace.listeners.append(ajar_for_her)
        cabinet.run_until(45_000)
        assert records.PICKUP_OPENED in host.kinds()
        assert records.COLLECTED not in host.kinds()
        cabinet.run_until(90_000)
        assert visit.error is None
        assert host.kinds().count(records.COLLECTED) == 1
        assert not {
            records.DOOR_FORCED,
            records.SENSOR_FAULT,
            records.STILL_INSIDE,
            records.DOOR_JAMMED,
        } & set(host.kinds())
        assert world.chip.boots == 1
