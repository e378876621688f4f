"""What the firmware notices at doors and bell, and what of it reaches the host."""

from pathlib import Path

from host_tools.simulator.people.people import Script, courier, send
from host_tools.simulator.world import World
from locker.contract import records
from tests.simulation.stage import Cabinet, TestHost, make_flash


def test_the_host_is_told_which_doors_are_open_and_which_hold_something(tmp_path: Path) -> None:
    make_flash(tmp_path / "flash")
    with Cabinet(tmp_path / "flash") as cabinet:
        world, host = cabinet.world, TestHost(cabinet.world)
        visit = send(world, courier(world, cabinet.ticket(1)), 6_000)
        cabinet.run_until(30_000)
        full = visit.result
        numbers = sorted(world.doors)
        forced = [number for number in numbers if number != full][3:5]
        for number in forced:
            world.hands.force(number)
        cabinet.run_until(700_000)
        told = host.statuses[-1]
        assert told.doors_open == sum(1 << numbers.index(number) for number in forced)
        assert told.doors_occupied == 1 << numbers.index(full)


def presses(world: World) -> Script:
    """Rings, and twice more, of which the host is told as soon as it holds what was rung before; then once
    after ten quiet minutes, which is another call.
    """
    for pause_us in (5_000_000, 5_000_000, 601_000_000, 0):
        yield world.hands.bell()
        yield world.clock.now_us() + pause_us


def test_each_press_of_the_bell_is_counted_once(tmp_path: Path) -> None:
    make_flash(tmp_path / "flash")
    with Cabinet(tmp_path / "flash") as cabinet:
        host = TestHost(cabinet.world)
        errand = send(cabinet.world, presses(cabinet.world), 6_000)
        cabinet.run_until(700_000)
        assert errand.done
        assert errand.error is None
    assert [record.a for record in host.events if record.kind == records.BELL_RUNG] == [1] * 4


def test_doors_forced_at_the_same_time_are_each_journaled(tmp_path: Path) -> None:
    make_flash(tmp_path / "flash")
    with Cabinet(tmp_path / "flash") as cabinet:
        host = TestHost(cabinet.world)
        cabinet.run_until(5_000)
        for number in cabinet.world.doors:
            cabinet.world.hands.force(number)
        cabinet.run_until(20_000)
        assert sorted(record.door for record in host.events if record.kind == records.DOOR_FORCED) == sorted(
            cabinet.world.doors
        )


def test_each_opening_of_the_inside_sounds_the_alarm_and_the_first_is_told_at_once(tmp_path: Path) -> None:
    make_flash(tmp_path / "flash")
    with Cabinet(tmp_path / "flash") as cabinet:
        world, host = cabinet.world, TestHost(cabinet.world)
        cabinet.run_until(6_000)
        for at_ms in (6_000, 20_000, 70_000):
            cabinet.run_until(at_ms)
            world.hands.tamper(True)
            cabinet.run_until(at_ms + 500)
            assert world.beeper is not None
            assert world.beeper.hz
            world.hands.tamper(False)
        cabinet.run_until(80_000)
        assert host.kinds().count(records.TAMPERED) == 1
        assert [record.kind for record in host.urgent] == [records.TAMPERED]


def test_an_inside_that_is_open_at_the_start_is_told_and_no_door_is_forced(tmp_path: Path) -> None:
    """Whoever cuts the loop while the power is off is noticed when it is back."""
    make_flash(tmp_path / "flash")
    with Cabinet(tmp_path / "flash") as cabinet:
        host = TestHost(cabinet.world)
        cabinet.world.hands.tamper(True)
        cabinet.run_until(10_000)
        assert host.kinds() == [records.BOOTED, records.TAMPERED]


def test_a_loop_that_chatters_when_a_door_is_slammed_is_no_tampering(tmp_path: Path) -> None:
    make_flash(tmp_path / "flash")
    with Cabinet(tmp_path / "flash") as cabinet:
        world, host = cabinet.world, TestHost(cabinet.world)
        for at_ms in range(6_000, 9_000, 300):
            cabinet.run_until(at_ms)
            world.hands.tamper(True)
            cabinet.run_until(at_ms + 50)
            world.hands.tamper(False)
        cabinet.run_until(12_000)
        assert records.TAMPERED not in host.kinds()


def test_a_lamp_that_draws_no_current_is_told_once_an_hour(tmp_path: Path) -> None:
    make_flash(tmp_path / "flash")
    with Cabinet(tmp_path / "flash") as cabinet:
        world, host = cabinet.world, TestHost(cabinet.world)
        cabinet.run_until(6_000)
        world.hands.keys("1")
        cabinet.run_until(60_000)
        assert world.trace.counts["lamp", "on"] == 1
        assert records.LAMP_FAILED not in host.kinds()
        assert world.lamp is not None
        world.lamp.fail(True)
        for at_ms in (60_000, 120_000):  # the lamp is switched off after 30 s
            world.hands.keys("1")
            cabinet.run_until(at_ms + 60_000)
        assert world.trace.counts["lamp", "on"] == 1
        assert host.kinds().count(records.LAMP_FAILED) == 1


def test_a_lamp_that_fails_while_it_burns_is_told_within_two_seconds(tmp_path: Path) -> None:
    make_flash(tmp_path / "flash")
    with Cabinet(tmp_path / "flash") as cabinet:
        world, host = cabinet.world, TestHost(cabinet.world)
        cabinet.run_until(6_000)
        world.hands.keys("1")
        cabinet.run_until(8_000)
        assert world.lamp is not None
        world.lamp.fail(True)
        cabinet.run_until(9_000)
        world.lamp.fail(False)  # a loose contact that makes again is no failure
        cabinet.run_until(11_000)
        assert records.LAMP_FAILED not in host.kinds()
        world.lamp.fail(True)
        cabinet.run_until(13_000)
        assert host.kinds().count(records.LAMP_FAILED) == 1


def test_a_lamp_on_an_expander_that_was_reset_burns_again_and_has_not_failed(tmp_path: Path) -> None:
    make_flash(tmp_path / "flash", "tower_24")
    with Cabinet(tmp_path / "flash", "tower_24") as cabinet:
        world, host = cabinet.world, TestHost(cabinet.world)
        cabinet.run_until(6_000)
        world.hands.keys("1")
        cabinet.run_until(8_000)
        lamp_at, _ = world.board.lamp
        world.expanders[lamp_at].power(False)
        world.expanders[lamp_at].power(True)
        assert world.lamp is not None
        assert not world.lamp.on
        cabinet.run_until(12_000)
        assert world.lamp.on
        assert records.LAMP_FAILED not in host.kinds()
