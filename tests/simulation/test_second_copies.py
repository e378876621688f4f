"""The journal's numbers have a second copy in the NVS: when one of the two is old,
deposits stop, pickups go on, and the host is told.
"""

import shutil
from pathlib import Path

import pytest

from host_tools.boards.partitions import find
from host_tools.link import messages
from host_tools.simulator.chip.flash import FlashImage
from host_tools.simulator.people.people import Script, courier, resident, screen_of, send
from locker.contract import commands, records
from tests.simulation.stage import Cabinet, TestHost, make_flash

REFUSED = "No free door now."
OPERATIONS = 15  # of the flash in a boot and a deposit; a test says when it is no longer so


def replace(flash: FlashImage, label: str, content: bytes | None = None) -> None:
    """Writes another content over a partition; erases it by default."""
    partition = find(flash.partitions, label)
    flash.replace(partition.offset, content or b"\xff" * partition.size)


def refused_courier(cabinet: Cabinet, serial: int, read: list[list[str]]) -> Script:
    """Types a ticket, reads the answer, leaves."""
    yield cabinet.world.hands.keys(cabinet.ticket(serial) + "#")
    yield cabinet.world.clock.now_us() + 2_000_000
    read.append(screen_of(cabinet.world))


def restart(cabinet: Cabinet, at_ms: int) -> None:
    """The power is gone for a second."""
    cabinet.world.clock.at(at_ms * 1000, cabinet.world.power_cut)
    cabinet.world.clock.at((at_ms + 1000) * 1000, cabinet.world.power_on)


def test_an_older_image_of_the_journal_stops_deposits_and_nothing_else(tmp_path: Path) -> None:
    make_flash(tmp_path / "flash")
    with Cabinet(tmp_path / "flash") as cabinet:
        host, world, read = TestHost(cabinet.world), cabinet.world, []
        first = send(world, courier(world, cabinet.ticket(5)), 6_000)
        restart(cabinet, 20_000)
        second = send(world, courier(world, cabinet.ticket(6)), 30_000)
        images: list[bytes] = []
        world.clock.at(20_500_000, lambda: images.append(cabinet.journal()))
        restart(cabinet, 50_000)
        world.clock.at(50_500_000, lambda: replace(cabinet.flash, "journal", images[0]))
        cabinet.run_until(50_400)
        held = len(host.events)
        send(world, refused_courier(cabinet, 7, read), 60_000)
        pickup = send(world, resident(world, first.result, cabinet.code(first.result, 1)), 80_000)
        restart(cabinet, 100_000)
        send(world, refused_courier(cabinet, 8, read), 110_000)
        cabinet.run_until(130_000)
        assert second.result not in (None, first.result)
        assert [lines[0].strip() for lines in read] == [REFUSED, REFUSED]
        assert pickup.result is True
        assert not world.trace.violations
        assert cabinet.apps[-1]._state.doubt
    assert [record.number for record in host.events] == list(range(1, len(host.events) + 1))
    told = [record for record in host.events if record.kind == records.JOURNAL_DOUBT]
    assert [record.a for record in told] == [records.DOUBT_BEHIND]
    after = [record.kind for record in host.events[held:] if record.kind != records.EVENT_LOST]
    assert after[:2] == [records.JOURNAL_DOUBT, records.BOOTED]
    assert after.count(records.COLLECTED) == 1
    assert records.DEPOSIT_STARTED not in after


def test_a_lost_second_copy_stops_deposits_too(tmp_path: Path) -> None:
    make_flash(tmp_path / "flash")
    with Cabinet(tmp_path / "flash") as cabinet:
        host, read = TestHost(cabinet.world), []
        restart(cabinet, 3_000)
        restart(cabinet, 6_000)
        cabinet.world.clock.at(6_500_000, lambda: replace(cabinet.flash, "nvs"))
        send(cabinet.world, refused_courier(cabinet, 7, read), 14_000)
        cabinet.run_until(30_000)
        assert [lines[0].strip() for lines in read] == [REFUSED]
    assert [(record.a, record.b) for record in host.events if record.kind == records.JOURNAL_DOUBT] == [
        (records.DOUBT_COPY, 0)
    ]


def test_a_new_epoch_ends_the_doubt_and_deposits_go_on(tmp_path: Path) -> None:
    make_flash(tmp_path / "flash")
    with Cabinet(tmp_path / "flash") as cabinet:
        host, world, read = TestHost(cabinet.world), cabinet.world, []
        restart(cabinet, 3_000)
        world.clock.at(3_500_000, lambda: replace(cabinet.flash, "nvs"))
        send(world, refused_courier(cabinet, 7, read), 14_000)
        cabinet.run_until(20_000)
        assert [lines[0].strip() for lines in read] == [REFUSED]
        world.clock.at(21_000_000, lambda: host.say(messages.Command(1, commands.BEGIN_EPOCH, 0, 99, 2)))
        first = send(world, courier(world, cabinet.ticket(7)), 22_000)
        restart(cabinet, 40_000)
        second = send(world, courier(world, cabinet.ticket(8)), 50_000)
        cabinet.run_until(65_000)
        assert first.result is not None
        assert second.result not in (None, first.result)
    assert host.kinds().count(records.JOURNAL_DOUBT) == 1
    assert records.EPOCH_BEGUN in host.kinds()


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("flash") / "flash"
    make_flash(path)
    return path


def test_a_boot_and_a_deposit_write_as_often_as_these_tests_cut_them(tmp_path: Path, fresh: Path) -> None:
    shutil.copyfile(fresh, tmp_path / "flash")
    with Cabinet(tmp_path / "flash") as cabinet:
        TestHost(cabinet.world)
        send(cabinet.world, courier(cabinet.world, cabinet.ticket(5)), 6_000)
        cabinet.run_until(15_000)
        assert cabinet.flash.operations == OPERATIONS


@pytest.mark.parametrize("at_operation", range(OPERATIONS))
def test_a_power_cut_between_journal_and_second_copy_is_no_disagreement(
    tmp_path: Path, fresh: Path, at_operation: int
) -> None:
    shutil.copyfile(fresh, tmp_path / "flash")
    with Cabinet(tmp_path / "flash") as cabinet:
        world, host = cabinet.world, TestHost(cabinet.world)

        def cut() -> None:
            world.power_cut()
            world.clock.after(1_000_000, world.power_on)

        cabinet.flash.cut_after(at_operation, cut)
        send(world, courier(world, cabinet.ticket(5)), 6_000)
        for door in world.doors:
            world.clock.at(
                24_000_000, lambda door=door: world.doors[door].place != "shut" and world.hands.close(door)
            )
        last = send(world, courier(world, cabinet.ticket(6)), 30_000)
        restart(cabinet, 40_000)
        cabinet.run_until(45_000)
        assert last.result is not None
        assert host.kinds().count(records.BOOTED) >= 2
        assert records.JOURNAL_DOUBT not in host.kinds()
        assert cabinet.apps[-1]._state.doubt == 0
