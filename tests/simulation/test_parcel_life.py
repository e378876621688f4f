"""One parcel's life in virtual time, with the whole firmware, a simulated cabinet and human hands."""

from pathlib import Path

from host_tools.simulator.people.people import Script, courier, resident, send
from host_tools.simulator.world import World
from locker.contract import records
from tests.simulation.stage import Cabinet, TestHost, code_of, make_flash, ticket_of

SERIAL = 5  # which has no safe tail, so that no slip is a call for help
LIFE = [
    records.BOOTED,
    records.DEPOSIT_STARTED,
    records.PULSED,
    records.DOOR_OPENED,
    records.DOOR_CLOSED,
    records.DEPOSITED,
    records.CODE_TRIED,
    records.CODE_TRIED,
    records.PICKUP_OPENED,
    records.PULSED,
    records.DOOR_OPENED,
    records.DOOR_CLOSED,
    records.COLLECTED,
]


def life_in(world: World) -> Script:
    """A courier comes, and eleven seconds later the resident, who first mistypes her code.

    Returns the door, and which try opened it.
    """
    door = yield from courier(world, ticket_of(SERIAL))
    code = code_of(door, 1)
    yield world.clock.now_us() + 11_000_000
    wrong = yield from resident(world, door, code[:-1] + str((int(code[-1]) + 1) % 10))
    right = yield from resident(world, door, code)
    return door, wrong, right


def test_a_parcel_is_deposited_and_collected_and_the_host_hears_each_step_once(tmp_path: Path) -> None:
    make_flash(tmp_path / "flash")
    with Cabinet(tmp_path / "flash") as cabinet:
        host = TestHost(cabinet.world)
        life = send(cabinet.world, life_in(cabinet.world), 6_000)
        cabinet.run_until(80_000)
    assert life.error is None
    door, wrong, right = life.result
    assert (wrong, right) == (False, True)
    assert host.kinds() == LIFE
    assert [record.kind for record in host.urgent] == [records.PICKUP_OPENED]
    assert not cabinet.world.doors[door].parcel
    assert not cabinet.world.trace.violations


def journal_of_a_life(path: Path, seed: int) -> bytes:
    make_flash(path)
    with Cabinet(path, seed=seed) as cabinet:
        TestHost(cabinet.world)
        send(cabinet.world, life_in(cabinet.world), 6_000)
        cabinet.run_until(80_000)
        return cabinet.journal()


def test_the_same_seed_gives_the_same_journal_and_another_seed_another(tmp_path: Path) -> None:
    first = journal_of_a_life(tmp_path / "first", 1)
    assert first == journal_of_a_life(tmp_path / "again", 1)
    assert first != journal_of_a_life(tmp_path / "other", 2)
