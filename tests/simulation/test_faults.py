"""What the whole firmware does when a part of the cabinet or its link fails for a while:
it goes on, and loses nothing.
"""

from pathlib import Path

from host_tools.simulator.people.people import courier, screen_of, send
from locker.contract import records
from tests.simulation.stage import Cabinet, TestHost, make_flash, ticket_of
from tests.simulation.test_parcel_life import LIFE, life_in

SERIAL = 31


def test_a_life_behind_an_unplugged_cable_reaches_the_host_whole_and_once(tmp_path: Path) -> None:
    make_flash(tmp_path / "flash")
    with Cabinet(tmp_path / "flash") as cabinet:
        host = TestHost(cabinet.world)
        cabinet.run_until(4_000)
        cabinet.world.serial.plugged = False
        life = send(cabinet.world, life_in(cabinet.world), 6_000)
        cabinet.run_until(80_000)
        assert life.error is None
        assert host.kinds() == LIFE[:1]
        cabinet.world.serial.plugged = True
        cabinet.run_until(160_000)
        assert host.kinds() == LIFE
        assert [record.number for record in host.events] == list(range(1, len(LIFE) + 1))


def test_a_courier_without_a_link_is_shown_a_receipt(tmp_path: Path) -> None:
    make_flash(tmp_path / "flash")
    with Cabinet(tmp_path / "flash") as cabinet:
        deposit = send(cabinet.world, courier(cabinet.world, ticket_of(SERIAL)), 6_000)
        cabinet.run_until(22_000)
        assert deposit.result is not None
        assert any("Ticket" in line for line in screen_of(cabinet.world))


def test_an_expander_that_is_gone_for_a_while_is_reported_once_and_taken_up_again(tmp_path: Path) -> None:
    make_flash(tmp_path / "flash")
    with Cabinet(tmp_path / "flash") as cabinet:
        host = TestHost(cabinet.world)
        cabinet.run_until(6_000)
        for expander in cabinet.world.expanders.values():
            expander.power(False)
        cabinet.world.hands.dark(True)
        cabinet.world.hands.keys("123")  # lights the lamp, which hangs on an expander
        cabinet.run_until(12_000)
        for expander in cabinet.world.expanders.values():
            expander.power(True)
        life = send(cabinet.world, life_in(cabinet.world), 45_000)
        cabinet.run_until(120_000)
        assert life.error is None
        assert life.result[1:] == (False, True)
        assert host.kinds().count(records.LEVEL_LOST) == 1
        assert cabinet.world.chip.boots == 1
        assert not cabinet.world.trace.violations
