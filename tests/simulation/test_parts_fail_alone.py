"""Each part that fails is lived with and told: the converter, the screen,
the beeper and the link cost no parcel and no restart.
"""

from pathlib import Path

import pytest

from host_tools.simulator.people.people import courier, screen_of, send
from locker.contract import records
from tests.simulation.stage import Cabinet, TestHost, code_of, make_flash, ticket_of
from tests.simulation.test_parcel_life import LIFE, SERIAL, life_in

WRONG = {records.DOOR_FORCED, records.DOOR_JAMMED, records.COIL_STUCK, records.STILL_INSIDE}


def raises(*_: object) -> None:
    raise RuntimeError("out of channels")


def parts(host: TestHost) -> list[int]:
    return [record.a for record in host.events if record.kind == records.PART_FAILED]


@pytest.mark.parametrize("at_ms", [0, 5_000, 12_300])
def test_a_converter_that_gives_no_reading_is_told_and_costs_no_parcel(tmp_path: Path, at_ms: int) -> None:
    make_flash(tmp_path / "flash")
    with Cabinet(tmp_path / "flash") as cabinet:
        host = TestHost(cabinet.world)
        cabinet.world.clock.at(at_ms * 1000, lambda: cabinet.world.hands.fault("adc dead"))
        life = send(cabinet.world, life_in(cabinet.world), 6_000)
        cabinet.run_until(100_000)
        assert life.error is None
        assert life.result[1:] == (False, True)
        assert sorted(parts(host)) == [records.SUPPLY_SENSE, records.CURRENT_SENSE]
        assert [kind for kind in host.kinds() if kind != records.PART_FAILED] == LIFE
        assert cabinet.world.chip.boots == 1


def journaled(cabinet: Cabinet) -> list[records.Record]:
    """What the board has in its journal; devkit_4 has no serial cable."""
    return [records.unpack(event) for event in cabinet.apps[0]._journal.events_from(1, 200)]


def test_a_distance_sensor_that_cannot_be_read_any_more_is_no_collection(tmp_path: Path) -> None:
    make_flash(tmp_path / "flash", "devkit_4")
    with Cabinet(tmp_path / "flash", "devkit_4") as cabinet:
        world = cabinet.world
        visit = send(world, courier(world, ticket_of(SERIAL)), 6_000)
        cabinet.run_until(35_000)
        door = visit.result
        assert door
        world.hands.fault("adc dead")
        cabinet.run_until(60_000)
        faults = [record.door for record in journaled(cabinet) if record.kind == records.SENSOR_FAULT]
        assert door in faults
        assert len(faults) == len(set(faults)), "each once"
        assert cabinet.apps[0]._cabinet.away, "no parcel is put where nobody sees it"
        world.hands.keys(f"{door:02}{code_of(door, 1)}#")
        cabinet.run_until(66_000)
        assert world.doors[door].place != "shut"
        world.hands.take(door)
        world.hands.close(door)
        cabinet.run_until(70_000)
        world.hands.keys("1")  # taken
        cabinet.run_until(80_000)
        kinds = {record.kind for record in journaled(cabinet)}
        assert records.COLLECTED in kinds
        assert not WRONG & kinds
        assert world.chip.boots == 1


def test_a_screen_that_does_not_answer_is_told_once_and_comes_back(tmp_path: Path) -> None:
    make_flash(tmp_path / "flash")
    with Cabinet(tmp_path / "flash") as cabinet:
        host = TestHost(cabinet.world)
        cabinet.world.hands.fault("lcd dead")
        life = send(cabinet.world, life_in(cabinet.world), 6_000)
        cabinet.run_until(100_000)
        assert life.result[1:] == (False, True)
        assert parts(host) == [records.SCREEN]
        cabinet.world.faults.clear("lcd dead")
        cabinet.run_until(102_000)
        assert "Welcome" in screen_of(cabinet.world)[0]


def test_a_beeper_that_cannot_be_set_up_and_a_link_that_raises_are_told_and_cost_no_parcel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_flash(tmp_path / "flash")
    monkeypatch.setattr("host_tools.simulator.cpython_board.hal.SimulatedHal.tone", raises)
    with Cabinet(tmp_path / "flash") as cabinet:
        host = TestHost(cabinet.world)
        cabinet.run_until(5_000)
        with monkeypatch.context() as patch:
            for name in ("poll", "read_into", "write"):
                patch.setattr(f"host_tools.simulator.cpython_board.hal.SimulatedSerial.{name}", raises)
            life = send(cabinet.world, life_in(cabinet.world), 6_000)
            cabinet.run_until(100_000)
        assert life.result[1:] == (False, True)
        cabinet.run_until(160_000)
        assert parts(host) == [records.BEEPER, records.LINK]
        assert [kind for kind in host.kinds() if kind != records.PART_FAILED] == LIFE
