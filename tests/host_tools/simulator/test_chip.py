"""The edge of the simulated chip: pins, buses, resets, watchdog, power."""

import errno
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from host_tools.simulator.chip.chip import HARD_RESET, PWRON_RESET, SOFT_RESET, WDT_RESET
from host_tools.simulator.chip.mcp23017 import IODIR, OLAT
from host_tools.simulator.clock import RealClock, VirtualClock
from host_tools.simulator.world import World, board_named

MS = 1000
DEVKIT, WALL, TOWER = board_named("devkit_4"), board_named("wall_12"), board_named("tower_24")
SPARE = 2  # a pin of every chip that no board uses


def world(board: Any = DEVKIT, seed: int = 1) -> World:
    return World(board, VirtualClock(), seed)


def test_a_latch_set_before_the_pin_becomes_an_output_makes_no_edge() -> None:
    one = world()
    coil = DEVKIT.doors[0].lock
    one.chip.pin_write(coil, 0)
    one.chip.pin_mode(coil, "out")
    assert one.trace.of("coil") == []
    one.chip.pin_write(coil, 1)
    assert [entry.value for entry in one.trace.of("coil")] == ["on"]


def test_pulls_hold_an_open_input_and_an_output_reads_what_is_on_the_pin() -> None:
    chip = world().chip
    for pull, level in ((1, 1), (-1, 0)):
        chip.pin_mode(SPARE, "in", pull)
        assert chip.pin_read(SPARE) == level
    chip.pin_write(SPARE, 1)
    chip.pin_mode(SPARE, "out")
    assert chip.pin_read(SPARE) == 1


def test_an_open_drain_pin_pulls_low_and_lets_go() -> None:
    chip = world().chip
    chip.pin_write(SPARE, 1)
    chip.pin_mode(SPARE, "open_drain", 1)
    assert chip.pin_read(SPARE) == 1
    chip.pin_write(SPARE, 0)
    assert chip.pin_read(SPARE) == 0


def test_an_input_only_pin_cannot_be_an_output_and_has_no_pull() -> None:
    one = world()
    with pytest.raises(ValueError, match="GPIO34 of an esp32 can only be an input"):
        one.chip.pin_mode(34, "out")
    one.chip.pin_mode(34, "in", 1)
    assert one.wires.node(34).pull == 0


def test_a_pin_that_the_chip_does_not_have_is_refused() -> None:
    with pytest.raises(ValueError, match="has no GPIO40"):
        world().chip.pin_read(40)
    with pytest.raises(ValueError, match="cannot be 'sideways'"):
        world().chip.pin_mode(SPARE, "sideways")


def test_a_reset_lets_every_pin_go_and_is_told_with_its_cause() -> None:
    one = world()
    told: list[int] = []
    one.chip.on_reset.append(told.append)
    coil = DEVKIT.doors[0].lock
    one.chip.pin_write(coil, 1)
    one.chip.pin_mode(coil, "out")
    one.chip.reset(SOFT_RESET)
    assert told == [one.chip.reset_cause] == [SOFT_RESET]
    assert [(entry.value, entry.cause) for entry in one.trace.of("coil")] == [
        ("on", "program"),
        ("off", "reset"),
    ]
    one.chip.pin_mode(coil, "out")
    assert not one.coils[1].energised  # the latch was cleared too


def test_an_expander_keeps_its_latch_through_a_reset_unless_its_reset_line_falls() -> None:
    wired, loose = world(WALL), world(WALL._replace(expander_reset=None))
    for one in (wired, loose):
        if one.board.expander_reset is not None:
            one.chip.pin_write(one.board.expander_reset, 1)
            one.chip.pin_mode(one.board.expander_reset, "out")
        one.chip.i2c_write(8, 9, 0x20, bytes((0x14, 0xFF, 0xFF)))
        one.chip.reset(HARD_RESET)
    assert loose.expanders[0x20].register(OLAT) == 0xFFFF
    assert wired.expanders[0x20].register(OLAT) == 0
    assert wired.expanders[0x20].register(IODIR) == 0xFFFF


@given(st.integers(0, 0xFFFF), st.integers(0, 0xFFFF))
def test_with_a_wired_reset_every_coil_is_off_the_moment_the_chip_floats(latch: int, direction: int) -> None:
    one = world(WALL)
    reset = WALL.expander_reset
    one.chip.pin_write(reset, 1)
    one.chip.pin_mode(reset, "out")
    for expander in one.expanders.values():
        expander.preset(OLAT=latch, IODIR=direction)
    one.chip.reset(HARD_RESET)
    assert not any(coil.energised for coil in one.coils.values())


def test_a_chip_that_holds_the_expanders_in_reset_finds_nobody_on_the_bus() -> None:
    chip = world(WALL).chip
    with pytest.raises(OSError, match="0x20") as error:
        chip.i2c_write(8, 9, 0x20, b"\x00")
    assert error.value.errno == errno.ENODEV


def test_two_pins_that_are_no_bus_have_nobody_on_them() -> None:
    with pytest.raises(OSError, match="0x27"):
        world().chip.i2c_read(0, 2, 0x27, 1)


def test_a_watchdog_that_is_fed_is_quiet_and_one_that_is_not_resets_the_chip() -> None:
    one = world()
    one.chip.watchdog(1000)
    for _ in range(10):
        one.clock.advance(900 * MS)
        one.chip.watchdog_feed()
    assert one.chip.boots == 1
    one.clock.advance(1001 * MS)
    assert (one.chip.boots, one.chip.reset_cause) == (2, WDT_RESET)
    one.clock.advance(10_000 * MS)
    assert one.chip.boots == 2  # a reset stops the watchdog


def test_a_watchdog_started_anew_after_a_reset_is_one_watchdog() -> None:
    one = world()
    one.chip.watchdog(5000)
    one.clock.advance(1000 * MS)
    one.chip.reset(HARD_RESET)
    one.chip.watchdog(8000)
    one.clock.advance(7000 * MS)
    assert one.chip.boots == 2
    one.clock.advance(1500 * MS)
    assert one.chip.boots == 3


def test_a_power_cut_ends_the_program_first_and_power_on_starts_it() -> None:
    one = world(WALL)
    story: list[object] = []
    one.chip.on_power_cut.append(lambda: story.append("cut"))
    one.chip.on_reset.append(story.append)
    one.power_cut()
    one.power_cut()
    assert one.chip.pin_read(SPARE) == 0
    one.chip.pin_write(4, 1)
    one.chip.reset(HARD_RESET)
    one.power_on()
    one.power_on()
    assert story == ["cut", PWRON_RESET]


def test_entropy_is_of_the_seed_and_of_nothing_else() -> None:
    one, same, other = world(seed=5), world(seed=5), world(seed=6)
    same.chip.pin_read(SPARE)
    same.hands.keys("123")
    assert one.chip.entropy(16) == same.chip.entropy(16) != other.chip.entropy(16)
    assert one.chip.uid == same.chip.uid != other.chip.uid
    assert len(one.chip.uid) == 6


def test_a_tone_sounds_until_it_is_stopped_or_the_chip_is_reset() -> None:
    one = world(WALL)
    one.chip.pwm(WALL.beeper, 2000, 32768)
    assert one.state()["beeper"] == 2000
    one.chip.pwm(WALL.beeper, 0, 0)
    assert one.state()["beeper"] == 0
    one.chip.pwm(WALL.beeper, 3000, 1)
    one.chip.reset(SOFT_RESET)
    assert one.state()["beeper"] == 0


def test_a_square_wave_on_a_coil_pin_energises_the_coil() -> None:
    one = world()
    one.chip.pwm(DEVKIT.doors[1].lock, 1000, 100)
    assert one.coils[2].energised


def test_the_second_uart_reaches_the_host_only_on_the_wired_pins() -> None:
    one = world(WALL)
    uart, tx, rx, baud = WALL.link
    one.chip.uart_open(uart, rx, tx, baud)
    one.chip.uart_write(uart, b"swapped")
    one.chip.uart_open(uart, tx, rx, baud)
    one.chip.uart_write(uart, b"hello")
    one.serial.host.write(b"welcome")
    one.clock.advance(10 * MS)
    assert one.serial.host.read(100) == b"hello"
    assert one.chip.uart_read(uart, 3) == b"wel"
    assert one.chip.uart_read(uart, 100) == b"come"


def test_an_analogue_pin_reads_millivolts_within_the_range_of_the_converter() -> None:
    one = world()
    sensor = DEVKIT.doors[0].sensor
    assert one.chip.adc_mv(sensor) < DEVKIT.doors[0].occupied[1]
    assert one.chip.adc_mv(SPARE) in (0, 3100)


def test_a_weak_supply_takes_the_chip_down_and_the_coil_with_it() -> None:
    one = world()
    one.supply.resistance = 2.0
    coil = DEVKIT.doors[0].lock
    one.chip.pin_mode(coil, "out")
    one.chip.pin_write(coil, 1)
    one.clock.advance(50 * MS)
    assert (one.chip.boots, one.chip.reset_cause) == (2, PWRON_RESET)
    assert [(entry.value, entry.cause) for entry in one.trace.of("coil")] == [
        ("on", "program"),
        ("off", "brown-out"),
    ]
    assert one.supply.voltage == 1.0


def test_an_order_that_comes_too_late_for_its_boot_is_not_carried_out() -> None:
    """Under a real clock the world may find, when it catches up,
    that the program that calls has just been ended.
    """
    ns = [0]
    one = World(DEVKIT, RealClock(lambda: ns[0]), 1)
    coil = DEVKIT.doors[0].lock
    one.chip.pin_mode(coil, "out")
    one.chip.watchdog(100)
    ns[0] = 1_000_000_000
    one.chip.pin_write(coil, 1)
    assert one.chip.boots == 2
    assert one.trace.of("coil") == []
