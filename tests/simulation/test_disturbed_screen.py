"""Whatever a spark does to the screen's controller, people read the right words again soon,
and nothing flickers when none has struck.
"""

from pathlib import Path

import pytest

from host_tools.simulator.people.people import screen_of, send
from host_tools.simulator.trace import Entry
from locker.contract import records
from locker.core import texts
from tests.simulation.stage import Cabinet, TestHost, make_flash
from tests.simulation.test_languages import page
from tests.simulation.test_parcel_life import LIFE, life_in

STATES = ("nibble", "bits", "off")
MINUTE_MS = 60_000


def test_an_idle_screen_is_right_again_within_a_minute(tmp_path: Path) -> None:
    """Whatever has struck, and whenever in the minute between two times that it is set up again."""
    make_flash(tmp_path / "flash")
    with Cabinet(tmp_path / "flash") as cabinet:
        welcome = page("en", texts.WELCOME)
        cabinet.run_until(10_000)
        assert tuple(screen_of(cabinet.world)) == welcome
        struck_ms = 10_000
        for state in 2 * (*STATES, "shift", "garbage"):
            cabinet.run_until(struck_ms)
            cabinet.world.hands.fault(f"lcd {state}")
            cabinet.run_until(struck_ms + MINUTE_MS + 500)
            assert tuple(screen_of(cabinet.world)) == welcome, state
            struck_ms += MINUTE_MS + 10_500


def test_an_idle_screen_that_no_spark_has_reached_never_changes(tmp_path: Path) -> None:
    make_flash(tmp_path / "flash")
    with Cabinet(tmp_path / "flash") as cabinet:
        TestHost(cabinet.world)
        cabinet.run_until(5_000)
        shown = cabinet.world.trace.counts.total()
        sent = cabinet.world.chip.buses[0].bytes_moved
        cabinet.run_until(400_000)
        pages = [entry for entry in cabinet.world.trace.of("screen") if entry.us > 5_000_000]
        assert not pages
        assert cabinet.world.trace.counts.total() == shown
        assert cabinet.world.chip.buses[0].bytes_moved > sent


@pytest.mark.parametrize("state", STATES)
def test_a_screen_that_each_coil_disturbs_says_what_it_should_at_every_stage_of_a_life(
    tmp_path: Path, state: str
) -> None:
    """The spark strikes when the coil lets go;
    half a second later the words are those of a life without sparks.
    """
    make_flash(tmp_path / "calm")
    make_flash(tmp_path / "flash")
    read: list[list[tuple[str, ...]]] = []
    for name in ("calm", "flash"):
        with Cabinet(tmp_path / name) as cabinet:
            world, host = cabinet.world, TestHost(cabinet.world)
            life = send(world, life_in(world), 6_000)
            looks: list[tuple[str, ...]] = []

            def strike(entry: Entry, world=world, spoilt=name == "flash", looks=looks) -> None:
                if (entry.kind, entry.value) == ("coil", "off"):
                    if spoilt:
                        world.hands.fault(f"lcd {state}")
                    world.clock.after(500_000, lambda: looks.append(tuple(screen_of(world))))

            world.trace.listeners.append(strike)
            cabinet.run_until(80_000)
            assert life.error is None
            assert life.result[1:] == (False, True)
            assert host.kinds() == LIFE
            looks.append(tuple(screen_of(world)))
            read.append(looks)
    assert read[0] == read[1]
    assert len(read[0]) == 1 + LIFE.count(records.PULSED)


@pytest.mark.parametrize("state", STATES)
def test_a_disturbed_screen_is_right_with_the_next_thing_that_it_says(tmp_path: Path, state: str) -> None:
    make_flash(tmp_path / "flash")
    with Cabinet(tmp_path / "flash") as cabinet:
        cabinet.run_until(6_000)
        cabinet.world.hands.fault(f"lcd {state}")
        cabinet.world.hands.keys("1")
        cabinet.run_until(6_500)
        assert tuple(screen_of(cabinet.world)) == page("en", texts.ENTRY, "1")
