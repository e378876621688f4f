"""The seam on CPython, and the owner of the program behind it."""

import errno
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from host_tools.simulator.chip.chip import PowerLost
from host_tools.simulator.chip.flash import FlashImage
from host_tools.simulator.chip.network import Network
from host_tools.simulator.clock import VirtualClock
from host_tools.simulator.cpython_board.controller import Controller, VirtualController, simulate
from host_tools.simulator.cpython_board.hal import SimulatedHal
from host_tools.simulator.noise import stream
from host_tools.simulator.world import World, board_named
from locker.contract import records

MS = 1000


def no_chance(sides: int) -> int:
    return sides // 2


WALL, DEVKIT = board_named("wall_12"), board_named("devkit_4")


@pytest.fixture
def world() -> World:
    return World(WALL, VirtualClock(), 3)


@pytest.fixture
def flash(tmp_path: Path) -> Iterator[FlashImage]:
    with FlashImage(tmp_path / "flash.bin", flash_mb=4) as image:
        yield image


def test_an_output_is_driven_to_its_level_before_it_is_an_output() -> None:
    world = World(DEVKIT, VirtualClock(), 1)
    pin = SimulatedHal(world).output(DEVKIT.doors[0].lock, 0)
    assert world.trace.of("coil") == []
    pin(1)
    assert pin() == 1
    assert world.coils[1].energised


def test_a_boot_begins_at_0_ms_and_knows_why_it_began(world: World) -> None:
    world.clock.advance(5000 * MS)
    hal = SimulatedHal(world)
    assert (hal.now_ms(), hal.reset_cause()) == (0, records.RESET_POWER)
    world.clock.advance(1234 * MS)
    assert hal.now_ms() == 1234
    with pytest.raises(PowerLost):
        hal.reset()
    assert SimulatedHal(world).reset_cause() == records.RESET_HARD


def test_the_bus_moves_the_slices_it_was_given(world: World) -> None:
    hal = SimulatedHal(world)
    hal.output(WALL.expander_reset, 1)
    bus = hal.bus()
    assert bus.try_lock()
    assert not bus.try_lock()
    bus.writeto(0x20, bytearray(b"\xee\x14\x12\x34\xee"), start=1, end=4)
    answer = bytearray(6)
    bus.writeto_then_readfrom(0x20, b"\x00\x14\x00", answer, out_start=1, out_end=2, in_start=2, in_end=4)
    assert answer == b"\x00\x00\x12\x34\x00\x00"
    bus.writeto(0x20, b"\x00")
    bus.readfrom_into(0x20, answer, start=5)
    assert answer[5] == 0xFF
    bus.unlock()
    assert bus.try_lock()


def test_without_a_journal_partition_there_is_no_device(world: World, flash: FlashImage) -> None:
    with pytest.raises(OSError, match="journal") as error:
        SimulatedHal(world).journal()
    assert error.value.errno == errno.ENODEV
    journal = SimulatedHal(world, flash).journal()
    assert (journal.block_bytes, journal.block_count) == (4096, 128)
    journal.write(1, 2, b"\x0f")
    buffer = bytearray(2)
    journal.read(1, 1, memoryview(buffer))
    assert buffer == b"\xff\x0f"
    journal.erase(1)
    journal.read(1, 1, buffer)
    assert buffer == b"\xff\xff"


@pytest.mark.parametrize("end", ["reset", "power_cut"])
def test_a_dead_boot_reaches_nothing_any_more(world: World, flash: FlashImage, end: str) -> None:
    hal = SimulatedHal(world, flash)
    pin, journal, serial = (
        hal.output(WALL.expander_reset, 0),
        hal.journal(),
        hal.carrier({"serial": True}, no_chance),
    )
    bus, tone, feed, volts = hal.bus(), hal.tone(WALL.beeper), hal.watchdog(1000), hal.millivolts(1)
    before = journal._partition.dump()
    world.chip.reset(5) if end == "reset" else world.power_cut()
    for act in (
        pin,
        lambda: pin(1),
        lambda: journal.write(0, 0, b"\x00"),
        lambda: journal.erase(0),
        lambda: journal.marks.set_blob("key", b"value"),
        lambda: journal.marks.get_blob("key", bytearray(5)),
        journal.marks.commit,
        lambda: serial.write(b"x"),
        lambda: serial.poll(0),
        lambda: bus.writeto(0x20, b"\x00"),
        lambda: tone(1000),
        feed,
        volts,
        hal.now_ms,
        hal.reset,
        lambda: hal.entropy(1),
        lambda: hal.one_shot(1, lambda: None),
    ):
        with pytest.raises(PowerLost):
            act()
    assert journal._partition.dump() == before


def test_a_one_shot_runs_once_unless_it_is_armed_again_or_disarmed(world: World) -> None:
    hal, ran = SimulatedHal(world), []
    hal.one_shot(10, lambda: ran.append("first"))
    world.clock.advance(5 * MS)
    hal.one_shot(10, lambda: ran.append("second"))
    world.clock.advance(9 * MS)
    assert ran == []
    world.clock.advance(20 * MS)
    assert ran == ["second"]
    hal.one_shot(10, lambda: ran.append("third"))
    hal.one_shot(0, lambda: None)
    world.clock.advance(20 * MS)
    assert ran == ["second"]


def test_a_one_shot_that_resets_the_chip_does_so_and_one_of_a_dead_boot_does_nothing(world: World) -> None:
    hal = SimulatedHal(world)
    hal.one_shot(10, hal.reset)
    world.clock.advance(20 * MS)
    assert world.chip.boots == 2
    ran: list[int] = []
    SimulatedHal(world).one_shot(10, lambda: ran.append(1))
    world.chip.reset(5)
    world.clock.advance(20 * MS)
    assert ran == []


def test_the_serial_carrier_moves_frames_both_ways(world: World) -> None:
    carrier = SimulatedHal(world).carrier({"serial": True}, no_chance)
    assert carrier.poll(0)
    assert carrier.write(memoryview(b"up"))
    world.serial.host.write(b"down")
    world.clock.advance(10 * MS)
    buffer = bytearray(8)
    assert carrier.read_into(buffer) == 4
    assert buffer[:4] == b"down"
    assert world.serial.host.read(8) == b"up"


def test_the_tcp_carrier_comes_back_by_itself_after_every_break(world: World) -> None:
    network = Network(world.clock, stream(1, "network"))
    heard: list[bytes] = []
    network.listen("10.0.0.2", 26746, lambda far: setattr(far, "on_bytes", heard.append))
    hal = SimulatedHal(world, network=network)
    carrier = hal.carrier({"host": "10.0.0.2", "port": 26746}, no_chance)

    def live(ms: int) -> int:
        up = 0
        for _ in range(ms // 20):
            world.clock.advance(20 * MS)
            if carrier.poll(hal.now_ms()):
                up += 1
                carrier.read_into(bytearray(8))  # which is how an end is noticed
        return up

    assert live(1000) > 40
    assert carrier.write(b"one")
    live(100)
    network.cut()
    assert not carrier.write(b"lost")
    assert live(5000) > 100
    network.up = False
    network.cut()
    live(20)  # is when it is noticed
    assert live(60_000) == 0
    network.up = True
    assert live(120_000) > 1000
    assert carrier.write(b"two")
    live(1000)
    assert heard == [b"one", b"two"]


async def ticking(hal: SimulatedHal, log: list[Any]) -> None:
    try:
        log.append(("boot", hal.reset_cause()))
        while True:
            await hal.sleep_ms(100)
            log.append(hal.now_ms())
    finally:
        log.append("finally")
        hal.output(2, 1)  # a dead program's last wish


def test_a_power_cut_kills_the_program_where_it_stands_and_power_on_boots_it_anew(world: World) -> None:
    log: list[Any] = []
    world.clock.at(250 * MS, world.power_cut)
    world.clock.at(1000 * MS, world.power_on)
    owner = simulate(world, lambda hal: ticking(hal, log), 1250)
    assert log == [("boot", 1), 100, 200, "finally", ("boot", 1), 100, 200, "finally"]
    assert owner.boots == 2


def test_a_reset_from_outside_and_one_from_inside_both_boot_anew(world: World) -> None:
    log: list[Any] = []

    async def program(hal: SimulatedHal) -> None:
        log.append(hal.reset_cause())
        await hal.sleep_ms(100)
        if len(log) == 2:
            hal.reset()
        await hal.sleep_ms(10_000)

    world.clock.at(50 * MS, lambda: world.chip.reset(5))
    simulate(world, program, 1000)
    assert log == [records.RESET_POWER, records.RESET_SOFT, records.RESET_HARD]


def test_a_program_that_stops_feeding_its_watchdog_is_started_again(world: World) -> None:
    boots: list[int] = []

    async def program(hal: SimulatedHal) -> None:
        boots.append(hal.reset_cause())
        feed = hal.watchdog(1000)
        for _ in range(5):
            feed()
            await hal.sleep_ms(500)
        await hal.sleep_ms(1_000_000)

    simulate(world, program, 8000)
    assert boots == [records.RESET_POWER, records.RESET_WATCHDOG, records.RESET_WATCHDOG]


def test_a_torn_write_cuts_the_power_and_the_program_never_sees_its_end(
    world: World, flash: FlashImage
) -> None:
    log: list[str] = []

    async def program(hal: SimulatedHal) -> None:
        journal = hal.journal()
        log.append("boot")
        if len(log) == 1:
            flash.cut_after(0, world.power_cut)
            try:
                journal.write(0, 0, bytes(32))
            except Exception:  # what a program may try
                log.append("caught")
            log.append("went on")
        await hal.sleep_ms(60_000)

    world.clock.at(500 * MS, world.power_on)
    simulate(world, program, 1000, flash)
    assert log == ["boot", "boot"]


def test_what_goes_wrong_in_a_program_is_raised_at_once(world: World) -> None:
    async def program(hal: SimulatedHal) -> None:
        await hal.sleep_ms(100)
        raise KeyError("a bug")

    with pytest.raises(KeyError, match="a bug"):
        simulate(world, program, 10_000)
    assert world.clock.now_ms() == 100


def test_a_program_that_ends_just_stops(world: World) -> None:
    async def program(hal: SimulatedHal) -> None:
        await hal.sleep_ms(100)

    assert simulate(world, program, 10_000).boots == 1


def test_a_program_lives_on_when_more_time_is_given_and_another_one_finds_a_reset_chip(world: World) -> None:
    log: list[Any] = []
    with VirtualController(world, lambda hal: ticking(hal, log)) as owner:
        owner.live_until(150)
        owner.live_until(250)
        assert log == [("boot", records.RESET_POWER), 100, 200]
    simulate(world, lambda hal: ticking(hal, log), 300)
    assert log[3:] == ["finally", ("boot", records.RESET_HARD), "finally"]
    assert world.chip.boots == 2


def test_virtual_time_is_asked_for_with_a_virtual_clock() -> None:
    from host_tools.simulator.clock import RealClock

    world = World(WALL, RealClock(), 1)
    with pytest.raises(TypeError, match="VirtualClock"):
        simulate(world, lambda hal: hal.sleep_ms(1), 10)
    assert Controller(world, lambda hal: hal.sleep_ms(1)).boots == 0


def test_the_tcp_carrier_leaves_a_connection_that_has_died_without_a_word(world: World) -> None:
    network = Network(world.clock, stream(1, "network"))
    far_ends: list[Any] = []
    network.listen("10.0.0.2", 26746, far_ends.append)
    hal = SimulatedHal(world, network=network)
    carrier = hal.carrier({"host": "10.0.0.2", "port": 26746}, no_chance)
    buffer = bytearray(256)

    def live(ms: int) -> None:
        for _ in range(ms // 20):
            world.clock.advance(20 * MS)
            if carrier.poll(hal.now_ms()):
                carrier.read_into(buffer)

    live(1000)
    assert carrier.write(b"one")
    far_ends[0].write(b"answered")
    live(200_000)
    assert len(far_ends) == 1
    network.forget()
    assert carrier.write(b"two")
    live(24_000)
    assert len(far_ends) == 1
    live(5_000)
    assert len(far_ends) == 2
    assert not far_ends[0].closed  # nobody has told the host
