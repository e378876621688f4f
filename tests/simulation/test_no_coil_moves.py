"""No coil moves unless a code or a ticket moves it:
not in boot, reset, power cut or brown-out, whatever was before.
"""

import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from host_tools.simulator.chip.chip import HARD_RESET, SOFT_RESET, WDT_RESET
from host_tools.simulator.clock import VirtualClock
from host_tools.simulator.people.people import courier, send
from host_tools.simulator.trace import Entry
from host_tools.simulator.world import World, board_named
from tests.simulation.stage import Cabinet, make_flash

WALL = board_named("wall_12")
RESETS = (HARD_RESET, WDT_RESET, SOFT_RESET)
DISTURBANCES = st.sampled_from(("cut", "keys", "bell", *RESETS))
SLOW = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def disturb(world: World, what: str | int, wait_ms: int) -> None:
    if what == "cut":
        world.power_cut()
        world.clock.after(wait_ms * 1000, world.power_on)
    elif what == "keys":
        world.hands.keys("147*")
    elif what == "bell":
        world.hands.bell()
    else:
        world.chip.reset(int(what))


@SLOW
@given(st.integers(0, 1000), st.lists(st.tuples(DISTURBANCES, st.integers(1, 700)), min_size=1, max_size=8))
def test_however_often_a_board_is_reset_or_loses_its_power_no_coil_moves(
    tmp_path: Path, seed: int, disturbances: list[tuple[str | int, int]]
) -> None:
    path = tmp_path / "flash"
    path.unlink(missing_ok=True)
    make_flash(path)
    with Cabinet(path, seed=seed) as cabinet:
        world, at_ms = cabinet.world, 0
        for what, wait_ms in disturbances:
            at_ms += wait_ms
            world.clock.at(at_ms * 1000, lambda what=what, wait_ms=wait_ms: disturb(world, what, wait_ms))
        cabinet.run_until(at_ms + 1500)
        assert world.trace.of("coil") == []
        assert world.trace.violations == []
        assert world.supply.on
        assert any(world.state()["screen"])


@pytest.fixture(scope="module")
def used_flash(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A provisioned flash, to copy."""
    path = tmp_path_factory.mktemp("flash") / "flash"
    make_flash(path)
    return path


@SLOW
@given(st.integers(0, 399), st.sampled_from(("cut", *RESETS)))
def test_a_pulse_ends_the_instant_the_board_is_reset_or_loses_its_power_and_is_not_resumed(
    tmp_path: Path, used_flash: Path, into_ms: int, what: str | int
) -> None:
    path = tmp_path / "flash"
    shutil.copyfile(used_flash, path)
    with Cabinet(path) as cabinet:
        world = cabinet.world

        planned: list[int] = []

        def pulsed(entry: Entry) -> None:
            if entry.kind == "coil" and not planned:
                planned.append(entry.us + into_ms * 1000)
                world.clock.at(planned[0], lambda: disturb(world, what, 300))

        world.trace.listeners.append(pulsed)
        send(world, courier(world, cabinet.ticket(1)), 3000)
        cabinet.run_until(9000)
        edges = [(entry.value, entry.us) for entry in world.trace.of("coil")]
        assert edges == [("on", planned[0] - into_ms * 1000), ("off", planned[0])]
        assert world.trace.violations == []


@SLOW
@given(
    st.sets(st.integers(0, 11), max_size=2), st.integers(0, 0xFFFF), st.sampled_from((0x00, 0x20, 0x80, 0xA0))
)
def test_coils_that_an_earlier_program_left_on_are_off_within_50_ms_even_without_a_wired_reset(
    tmp_path: Path, used_flash: Path, coils: set[int], others: int, iocon: int
) -> None:
    """Such a board is refused by its definition; the firmware does what it can all the same."""
    path = tmp_path / "flash"
    shutil.copyfile(used_flash, path)
    latch = others & 0xF000 | sum(1 << coil for coil in coils)
    with Cabinet(path) as cabinet:
        world = cabinet.world = World(WALL._replace(expander_reset=None), VirtualClock(), 1)
        world.expanders[0x20].preset(OLAT=latch, IODIR=0x0000, IOCON=iocon * 0x0101)
        assert sum(coil.energised for coil in world.coils.values()) == len(coils)
        cabinet.run_until(50)
        assert not any(coil.energised for coil in world.coils.values())
        cabinet.run_until(1000)
        assert sum(entry.value == "on" for entry in world.trace.of("coil")) == len(coils)


def test_a_supply_too_weak_for_a_coil_ends_in_a_reboot_and_not_in_a_loop_of_pulses(
    tmp_path: Path, used_flash: Path
) -> None:
    path = tmp_path / "flash"
    shutil.copyfile(used_flash, path)
    with Cabinet(path) as cabinet:
        world = cabinet.world
        world.supply.resistance = 2.0
        send(world, courier(world, cabinet.ticket(1)), 3000)
        owner = cabinet.run_until(20_000)
        assert owner.boots == 2
        assert [entry.value for entry in world.trace.of("coil")] == ["on", "off"]
        assert world.trace.of("latch") == []
