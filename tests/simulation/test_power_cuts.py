"""The power may fail in the middle of any write of a parcel's life:
afterwards everything is as the journal says, and no coil has moved.
"""

import shutil
from pathlib import Path

import pytest

from host_tools.simulator.people.people import Script, courier, resident, send
from locker.contract import records
from tests.simulation.stage import Cabinet, TestHost, make_flash

SERIAL = 815
OFF_MS = 1500
STEPS_OF_A_LIFE = 23  # flash operations of `life`; a test says when it is no longer so


def life(cabinet: Cabinet) -> Script:
    """Deposit and pickup, without lingering."""
    door = yield from courier(cabinet.world, cabinet.ticket(SERIAL))
    yield cabinet.world.clock.now_us() + 3_000_000
    yield from resident(cabinet.world, door or 1, cabinet.code(door or 1, 1))
    return door


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("flash") / "flash"
    make_flash(path)
    return path


def test_a_life_writes_as_often_as_these_tests_cut_it(tmp_path: Path, fresh: Path) -> None:
    shutil.copyfile(fresh, tmp_path / "flash")
    with Cabinet(tmp_path / "flash") as cabinet:
        TestHost(cabinet.world)
        send(cabinet.world, life(cabinet), 3000)
        cabinet.run_until(35_000)
        assert cabinet.flash.operations == STEPS_OF_A_LIFE


def cut_life(path: Path, at_operation: int, seed: int) -> None:
    """One life with a torn write, power for the rest of the story,
    and a resident who tries once more with the right code.
    """
    with Cabinet(path, seed=seed) as cabinet:
        world = cabinet.world
        host = TestHost(world)
        cuts: list[int] = []

        def cut() -> None:
            cuts.append(world.clock.now_us())
            world.power_cut()
            world.clock.after(OFF_MS * 1000, world.power_on)

        cabinet.flash.cut_after(at_operation, cut)
        first = send(world, life(cabinet), 3000)
        cabinet.run_until(40_000)
        assert first.done
        assert len(cuts) == 1
        number = next((entry.door for entry in world.trace.of("parcel")), 1)
        again = send(world, second_try(cabinet, number), 41_000)
        cabinet.run_until(90_000)
        assert again.done
        check_story(cabinet, host, cuts[0], number)


def second_try(cabinet: Cabinet, door: int) -> Script:
    if cabinet.world.doors[door].place != "shut":
        yield cabinet.world.hands.close(door)
    yield cabinet.world.clock.now_us() + 5_000_000
    yield from resident(cabinet.world, door, cabinet.code(door, 1))


def check_story(cabinet: Cabinet, host: TestHost, cut_us: int, door: int) -> None:
    world, kinds = cabinet.world, host.kinds()
    assert world.trace.violations == []
    booting = range(cut_us + 1, cut_us + (OFF_MS + 1000) * 1000)
    assert [entry for entry in world.trace.of("coil") if entry.us in booting] == []
    pulses = sum(entry.value == "on" for entry in world.trace.of("coil"))
    assert pulses <= kinds.count(records.PULSED)  # each was written down before it was
    assert [record.number for record in host.events] == list(range(1, len(host.events) + 1))
    assert kinds.count(records.BOOTED) in (1, 2)  # the first boot may have been torn before it was written
    assert records.JOURNAL_DOUBT not in kinds
    assert kinds.count(records.COLLECTED) <= kinds.count(records.DEPOSITED) <= 1
    if records.DEPOSITED in kinds:  # the host was told: then her code opened the door, once at least
        assert records.COLLECTED in kinds
        assert not world.doors[door].parcel


@pytest.mark.parametrize("at_operation", [1, 2, 4, 7, 10, 13, 16, 19, 22])
def test_a_write_torn_by_a_power_cut_costs_no_parcel(tmp_path: Path, fresh: Path, at_operation: int) -> None:
    shutil.copyfile(fresh, tmp_path / "flash")
    cut_life(tmp_path / "flash", at_operation, 1)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("at_operation", range(STEPS_OF_A_LIFE))
def test_no_write_torn_by_a_power_cut_costs_a_parcel(
    tmp_path: Path, fresh: Path, at_operation: int, seed: int
) -> None:
    shutil.copyfile(fresh, tmp_path / "flash")
    cut_life(tmp_path / "flash", at_operation, seed)
