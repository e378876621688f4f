"""A coil that is on and should be off: it is freed if it can be, a person is told,
and no other coil is energised beside it.
"""

from pathlib import Path

from host_tools.simulator.people.people import courier, resident, send
from locker.contract import records
from tests.simulation.stage import Cabinet, TestHost, code_of, make_flash, ticket_of

SERIAL = 9
DOOR = 5
NOTICED_MS = 300
LOCKS = 0x20  # the wall's expander that drives the coils


def latch_on(cabinet: Cabinet) -> None:
    """A spark sets a bit in the latches of the expander, and no write of the program did it."""
    bit = cabinet.world.board.doors[DOOR - 1].lock[1]
    cabinet.world.expanders[LOCKS].preset(OLAT=1 << bit)


def stuck(host: TestHost) -> list[records.Record]:
    """What the host was told of stuck coils."""
    return [record for record in host.events if record.kind == records.COIL_STUCK]


def test_a_coil_that_a_latch_holds_is_off_before_its_door_springs_and_the_expander_is_told(
    tmp_path: Path,
) -> None:
    make_flash(tmp_path / "flash")
    with Cabinet(tmp_path / "flash") as cabinet:
        world, host = cabinet.world, TestHost(cabinet.world)
        cabinet.run_until(6_000)
        latch_on(cabinet)
        assert world.coils[DOOR].energised
        cabinet.run_until(6_000 + 25)
        assert not world.coils[DOOR].energised
        cabinet.run_until(6_000 + NOTICED_MS)
        assert world.doors[DOOR].place == "shut"
        assert [event.a for event in host.events if event.kind == records.LEVEL_LOST] == [LOCKS]
        visit = send(world, courier(world, ticket_of(SERIAL)), 12_000)
        cabinet.run_until(30_000)
        assert visit.result is not None
        assert not stuck(host)
        assert records.DOOR_FORCED not in host.kinds()
        assert world.chip.boots == 1
        assert not world.trace.violations


def test_a_welded_switch_is_told_once_and_no_other_coil_is_energised_beside_it(tmp_path: Path) -> None:
    make_flash(tmp_path / "flash")
    with Cabinet(tmp_path / "flash") as cabinet:
        world, host = cabinet.world, TestHost(cabinet.world)
        door = cabinet.deposit(SERIAL)
        other = DOOR if door != DOOR else DOOR + 1
        world.coils[other].weld(True)
        cabinet.run_until(30_000 + NOTICED_MS)
        (told,) = [record for record in host.urgent if record.kind == records.COIL_STUCK]
        assert told.a > world.board.current[1]
        pulses = world.trace.counts["coil", "on"]
        kept_out = send(world, resident(world, door, code_of(door, 1)))
        cabinet.run_until(40_000)
        world.coils[other].weld(False)  # staff have put a new one in before it burnt
        cabinet.run_until(60_000)
        assert kept_out.result is True
        assert world.trace.counts["coil", "on"] == pulses + 1
        assert len(stuck(host)) == 1
        assert {entry.value for entry in world.trace.violations} == {
            f"the coil of door {other:02} is on for longer than 1000 ms"
        }


def test_a_switch_that_welded_while_the_power_was_off_is_told_after_the_start(tmp_path: Path) -> None:
    make_flash(tmp_path / "flash")
    with Cabinet(tmp_path / "flash") as cabinet:
        world, host = cabinet.world, TestHost(cabinet.world)
        for at_ms, act in (
            (6_000, world.power_cut),
            (6_500, lambda: world.coils[DOOR].weld(True)),
            (7_000, world.power_on),
        ):
            world.clock.at(at_ms * 1000, act)
        cabinet.run_until(10_000)
        assert [record.boot for record in stuck(host)] == [2]
        assert world.chip.boots == 2


def test_no_pulse_of_its_own_is_taken_for_a_stuck_coil(tmp_path: Path) -> None:
    make_flash(tmp_path / "flash")
    with Cabinet(tmp_path / "flash") as cabinet:
        world, host = cabinet.world, TestHost(cabinet.world)
        world.hands.block(DOOR)
        for serial, at_ms in ((SERIAL, 6_000), (SERIAL + 1, 40_000)):
            send(world, courier(world, ticket_of(serial)), at_ms)
        cabinet.run_until(80_000)
        assert world.trace.counts["coil", "on"] >= 2
        assert not stuck(host)
