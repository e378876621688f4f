"""A supply that cannot draw a latch: no coil is energised, the host hears of it, and no code is lost."""

from pathlib import Path

from host_tools.boards.board_file import find_board
from host_tools.simulator.people.people import courier, resident, screen_of, send
from locker.contract import records
from tests.simulation.stage import Cabinet, TestHost, code_of, make_flash, ticket_of

SERIAL = 5
WEAK_PERCENT = 75  # the board's limit lies at 80
PULL_IN_PERCENT = 78
GIVEN_UP_MS = 29_000  # three pulses, each waits 5 s for the supply and 3 s for the door


def pulses(cabinet: Cabinet) -> int:
    """How many pulses there have been."""
    return cabinet.world.trace.counts["coil", "on"]


def test_a_pulse_waits_for_the_supply_and_the_door_opens_when_it_is_back(tmp_path: Path) -> None:
    make_flash(tmp_path / "flash")
    with Cabinet(tmp_path / "flash") as cabinet:
        world, host = cabinet.world, TestHost(cabinet.world)
        door = cabinet.deposit(SERIAL)
        world.hands.supply(WEAK_PERCENT)
        visit = send(world, resident(world, door, code_of(door, 1)))
        cabinet.run_until(35_000)
        assert pulses(cabinet) == 1
        world.hands.supply(100)
        cabinet.run_until(45_000)
        assert visit.result is True
        assert pulses(cabinet) == 2
        (low,) = [record for record in host.events if record.kind == records.SUPPLY_LOW]
        lowest_mv = world.board.supply[1]
        assert low.door == door
        assert lowest_mv * WEAK_PERCENT / 80 - 10 < low.a < lowest_mv
        assert records.DOOR_JAMMED not in host.kinds()


def test_a_weak_supply_jams_the_door_and_leaves_the_code_good(tmp_path: Path) -> None:
    make_flash(tmp_path / "flash")
    with Cabinet(tmp_path / "flash") as cabinet:
        world, host = cabinet.world, TestHost(cabinet.world)
        door = cabinet.deposit(SERIAL)
        world.hands.supply(WEAK_PERCENT)
        first = send(world, resident(world, door, code_of(door, 1)))
        cabinet.run_until(30_000 + GIVEN_UP_MS)
        assert first.result is False
        assert screen_of(world)[1].rstrip() == "Your code stays good"
        assert host.kinds().count(records.SUPPLY_LOW) == 1
        assert records.DOOR_JAMMED in host.kinds()
        second = send(world, resident(world, door, code_of(door, 1)), 100_000)
        cabinet.run_until(100_000 + GIVEN_UP_MS)
        assert second.result is False
        assert host.kinds().count(records.SUPPLY_LOW) == 1  # the others of the hour become a number
        assert pulses(cabinet) == 1
        world.hands.supply(100)
        third = send(world, resident(world, door, code_of(door, 1)))
        cabinet.run_until(100_000 + 2 * GIVEN_UP_MS)
        assert third.result is True
        assert not world.trace.violations


def test_a_board_that_measures_nothing_pulses_whatever_the_supply_gives(tmp_path: Path) -> None:
    board = tmp_path / "unmeasured.toml"
    lines = find_board("wall_12").read_text().splitlines()
    board.write_text("\n".join(line for line in lines if not line.startswith(("sense", "lowest_mv"))))
    make_flash(tmp_path / "flash", str(board))
    with Cabinet(tmp_path / "flash", str(board)) as cabinet:
        world, host = cabinet.world, TestHost(cabinet.world)
        door = cabinet.deposit(SERIAL)
        world.hands.supply(WEAK_PERCENT)
        visit = send(world, resident(world, door, code_of(door, 1)))
        cabinet.run_until(30_000 + GIVEN_UP_MS)
        assert visit.result is False
        assert pulses(cabinet) == 4
        assert records.SUPPLY_LOW not in host.kinds()
        world.hands.supply(100)


def test_a_supply_between_the_latch_and_the_limit_is_not_tried(tmp_path: Path) -> None:
    """The limit keeps a margin: a pulse that would only just draw the latch is not given either."""
    make_flash(tmp_path / "flash")
    with Cabinet(tmp_path / "flash") as cabinet:
        world = cabinet.world
        cabinet.run_until(5_000)
        world.hands.supply(PULL_IN_PERCENT + 1)
        visit = send(world, courier(world, ticket_of(SERIAL)), 6_000)
        cabinet.run_until(40_000)
        assert visit.result is None
        assert pulses(cabinet) == 0
