"""A look of staff at a cabinet in service leaves its journal as it was;
whatever else starts it anew is told.
"""

from pathlib import Path

import pytest

from host_tools.simulator.chip.chip import HARD_RESET, PWRON_RESET, SOFT_RESET, WDT_RESET
from locker.contract import records
from locker.shell.app import App
from tests.simulation.stage import Cabinet, make_flash


def in_service(tmp_path: Path, until_ms: int = 10_000) -> Cabinet:
    make_flash(tmp_path / "flash.bin", "wall_12")
    cabinet = Cabinet(tmp_path / "flash.bin")
    cabinet.run_until(until_ms)
    return cabinet


def restart(cabinet: Cabinet, *, signed: bool, cause: int = HARD_RESET, ended: bool = True) -> None:
    """What Ctrl-C makes the program do, what a tool does to its note,
    and the reset, all in a moment of the cabinet's time.
    """

    def act() -> None:
        app = cabinet.apps[-1]
        if ended:
            app.pause()
        if signed:
            cabinet.world.chip.rtc_memory = b"L" + cabinet.world.chip.rtc_memory[1:]
        if cause == PWRON_RESET:
            cabinet.world.power_cut()
            cabinet.world.clock.after(500_000, cabinet.world.power_on)
        else:
            cabinet.world.chip.reset(cause)

    cabinet.world.clock.after(1000, act)


def report(app: App) -> tuple[int, int, int]:
    """Boot, uptime in tenths of a second and next number of the Report that the app would send now."""
    found = app._report()
    return found[8], found[10], found[4]


def test_a_look_leaves_the_journal_as_it_was_and_the_host_hears_of_the_same_boot(tmp_path: Path) -> None:
    with in_service(tmp_path) as cabinet:
        boot, uptime, number = report(cabinet.apps[-1])
        before = cabinet.journal()
        for second in (20, 30, 40):
            restart(cabinet, signed=True)
            cabinet.run_until(second * 1000)
            assert cabinet.journal() == before
        assert len(cabinet.apps) == 4
        assert report(cabinet.apps[-1]) == (boot, pytest.approx(uptime + 300, abs=3), number)


@pytest.mark.parametrize("cause", [HARD_RESET, SOFT_RESET, WDT_RESET])
def test_a_start_after_anything_else_is_told(tmp_path: Path, cause: int) -> None:
    with in_service(tmp_path) as cabinet:
        boot, _, number = report(cabinet.apps[-1])
        restart(cabinet, signed=False, cause=cause)
        cabinet.run_until(20_000)
        assert report(cabinet.apps[-1])[::2] == (boot + 1, number + 1)


def test_a_note_is_good_for_one_start_and_not_for_one_after_a_power_cut(tmp_path: Path) -> None:
    with in_service(tmp_path) as cabinet:
        boot, _, _ = report(cabinet.apps[-1])
        restart(cabinet, signed=True)
        cabinet.run_until(20_000)
        assert report(cabinet.apps[-1])[0] == boot
        restart(cabinet, signed=False, cause=WDT_RESET, ended=False)
        cabinet.run_until(30_000)
        assert report(cabinet.apps[-1])[0] == boot + 1
        restart(cabinet, signed=True, cause=PWRON_RESET)
        cabinet.run_until(40_000)
        assert report(cabinet.apps[-1])[0] == boot + 2


def test_what_happens_after_a_look_has_the_time_of_the_boot(tmp_path: Path) -> None:
    with in_service(tmp_path) as cabinet:
        restart(cabinet, signed=True)
        cabinet.world.clock.at(20_000_000, cabinet.world.hands.bell)
        cabinet.run_until(21_000)
        journal = cabinet.apps[-1]._journal
        rung = [
            record
            for record in map(records.unpack, journal.events_from(1, 100))
            if record.kind == records.BELL_RUNG
        ]
        assert [record.uptime for record in rung] == [pytest.approx(200, abs=3)]
