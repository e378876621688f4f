"""A cabinet whose power comes and goes all day fills no journal with its boots, and forgets none of them."""

from pathlib import Path

from locker.contract import records
from locker.shell.journal import Journal
from tests.simulation.stage import Cabinet, TestHost, make_flash

SMALL = "devkit_4"  # an hour of it takes half as long to live as one of a wall
NOBODY = {"host": "10.0.0.2", "port": 26746}
EVERY_MS = 10_000
BOOTS = 30
AT_ONCE = 10
HOUR_MS = 3_600_000


def flicker(cabinet: Cabinet, boots: int) -> int:
    """Cuts the power so often; when it is over."""
    world = cabinet.world
    for number in range(1, boots):
        world.clock.at(number * EVERY_MS * 1000, world.power_cut)
        world.clock.at((number * EVERY_MS + 1000) * 1000, world.power_on)
    return boots * EVERY_MS


def boots_of(cabinet: Cabinet) -> list[records.Record]:
    found: list[records.Record] = []
    partition = cabinet.flash.partition("journal")
    assert partition is not None
    Journal(partition, found.append, None)
    return [record for record in found if record.kind == records.BOOTED]


def test_ten_boots_are_journaled_at_once_and_the_others_as_a_number_when_one_has_lasted_an_hour(
    tmp_path: Path,
) -> None:
    make_flash(tmp_path / "flash", SMALL)
    with Cabinet(tmp_path / "flash", SMALL, network=NOBODY) as cabinet:
        over_ms = flicker(cabinet, BOOTS)
        cabinet.run_until(over_ms)
        assert [record.a >> 8 for record in boots_of(cabinet)] == [0] * AT_ONCE
        cabinet.run_until(over_ms + HOUR_MS)
        told = boots_of(cabinet)
        assert [record.a >> 8 for record in told] == [0] * AT_ONCE + [BOOTS - AT_ONCE - 1]
        assert [record.boot for record in told] == list(range(1, AT_ONCE + 2))
        cabinet.world.clock.after(1_000_000, cabinet.world.power_cut)
        cabinet.world.clock.after(2_000_000, cabinet.world.power_on)
        cabinet.run_until(over_ms + HOUR_MS + EVERY_MS)
        assert [record.a >> 8 for record in boots_of(cabinet)][AT_ONCE + 1 :] == [0]


def test_a_boot_that_the_host_hears_of_is_journaled_whenever_it_is(tmp_path: Path) -> None:
    make_flash(tmp_path / "flash")
    with Cabinet(tmp_path / "flash") as cabinet:
        cabinet.world.serial.plugged = False
        over_ms = flicker(cabinet, BOOTS)
        cabinet.run_until(over_ms)
        host = TestHost(cabinet.world)
        cabinet.world.serial.plugged = True
        cabinet.run_until(over_ms + EVERY_MS)
        assert host.events[-1].kind == records.BOOTED
        assert host.events[-1].a >> 8 == BOOTS - AT_ONCE - 1
    assert [record.number for record in host.events] == list(range(1, AT_ONCE + 2))
