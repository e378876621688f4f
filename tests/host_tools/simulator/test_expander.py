"""The MCP23017 at register level, against what its data sheet (DS20001952) says."""

import errno

import pytest
from hypothesis import given
from hypothesis import strategies as st

from host_tools.simulator.cabinet.wires import Wires
from host_tools.simulator.chip.i2c import I2CBus
from host_tools.simulator.chip.mcp23017 import GPPU, INTCAP, INTF, IOCON, IODIR, IPOL, MCP23017, OLAT
from host_tools.simulator.clock import VirtualClock

WORDS = st.integers(0, 0xFFFF)
PLAIN = [IODIR, IPOL, GPPU, OLAT, 2, 3, 4]


class Bench:
    """One expander on a bus, its pins open."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.wires = Wires(self.clock, 3)
        self.chip = MCP23017(0x20, self.wires)
        self.bus = I2CBus(self.clock, 8, 9, 400_000)
        self.bus.targets[0x20] = self.chip

    def write(self, *data: int) -> None:
        self.bus.write(0x20, bytes(data))

    def read(self, register: int, count: int = 1) -> bytes:
        self.write(register)
        return self.bus.read(0x20, count)

    def pin(self, bit: int) -> int:
        return self.wires.node((0x20, bit)).level()

    def edges(self) -> list[tuple[int, int]]:
        found: list[tuple[int, int]] = []
        for bit in range(16):
            node = self.wires.node((0x20, bit))
            node.fit_pull(-10)
            node.watch(lambda level, bit=bit: found.append((bit, level)))
        return found


def test_after_power_on_all_pins_are_inputs_and_all_latches_low() -> None:
    bench = Bench()
    assert bench.read(0x00, 22) == b"\xff\xff" + bytes(16) + bench.read(0x12, 2) + bytes(2)


def test_a_byte_at_iodir_makes_outputs_that_follow_their_latch() -> None:
    bench = Bench()
    bench.write(0x14, 0b0000_0101, 0b1000_0000)
    bench.write(0x00, 0x00, 0x00)
    assert [bench.pin(bit) for bit in range(16)] == [1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]


def test_writing_the_port_writes_the_latch_and_reading_the_latch_is_not_reading_the_port() -> None:
    bench = Bench()
    bench.write(0x00, 0xFE)
    bench.write(0x12, 0x03)
    assert bench.read(0x14)[0] == 0x03
    switch = bench.wires.switch(bench.wires.node((0x20, 1)))
    switch.set(True)
    assert bench.read(0x12)[0] & 0x03 == 0x01  # bit 1 is an input, held low from outside


def test_a_latch_written_before_the_direction_makes_no_edge_and_one_written_after_does() -> None:
    careful, careless = Bench(), Bench()
    for bench in (careful, careless):
        bench.chip.preset(OLAT=0xFFFF, IODIR=0xFFFF)
    quiet, noisy = careful.edges(), careless.edges()
    careful.write(0x14, 0, 0)
    careful.write(0x00, 0, 0)
    careless.write(0x00, 0, 0)
    careless.write(0x14, 0, 0)
    assert quiet == []
    assert len(noisy) == 32


def test_pull_ups_hold_open_inputs_high_and_polarity_turns_what_is_read() -> None:
    bench = Bench()
    bench.write(0x0C, 0xFF, 0x00)
    assert bench.read(0x12)[0] == 0xFF
    bench.write(0x02, 0x0F)
    assert bench.read(0x12)[0] == 0xF0


def test_an_open_input_without_pull_up_reads_noise() -> None:
    bench = Bench()
    seen = set()
    for _ in range(40):
        bench.clock.advance(1000)
        seen.add(bench.read(0x12)[0])
    assert len(seen) > 10


@given(st.sampled_from(PLAIN), WORDS, st.booleans())
def test_a_register_is_the_same_at_its_paired_and_at_its_banked_address(
    register: int, value: int, write_banked: bool
) -> None:
    bench = Bench()
    low, high = value & 0xFF, value >> 8
    if write_banked:
        bench.write(0x0A, 0x80)
        bench.write(register, low)
        bench.write(register | 0x10, high)
        bench.write(0x05, 0x00)
        assert bench.read(2 * register, 2) == bytes((low, high))
    else:
        bench.write(2 * register, low, high)
        bench.write(0x0A, 0x80)
        assert bench.read(register) + bench.read(register | 0x10) == bytes((low, high))
    assert bench.chip.register(register) == value


def test_byte_mode_toggles_between_the_ports_of_a_pair_and_stands_still_when_banked() -> None:
    bench = Bench()
    bench.write(0x0A, 0x20)
    bench.write(0x14, 1, 2, 3)  # A, B, A again
    assert bench.chip.register(OLAT) == 0x0203
    bench.write(0x0B, 0xA0)
    bench.write(0x1A, 7, 8, 9)
    assert bench.chip.register(OLAT) == 0x0903


def test_sequential_reads_run_around_the_end() -> None:
    bench = Bench()
    bench.write(0x14, 0x12, 0x34, 0xF0)  # the third byte lands on IODIRA
    assert bench.chip.register(OLAT) == 0x3412
    assert bench.chip.register(IODIR) == 0xFFF0


def test_iocon_is_one_register_at_two_addresses_and_interrupt_results_cannot_be_written() -> None:
    bench = Bench()
    bench.write(0x0B, 0x3F)
    assert bench.read(0x0A, 1) == b"\x3e"  # the lowest bit does not exist
    assert bench.chip.register(IOCON) == 0x3E3E
    bench.write(0x0A, 0x00)
    bench.write(0x0E, 0xFF, 0xFF, 0xFF, 0xFF)
    assert bench.chip.register(INTF) == bench.chip.register(INTCAP) == 0


@given(WORDS, WORDS)
def test_reset_low_lets_every_pin_go_and_nobody_answers_until_it_is_high(latch: int, direction: int) -> None:
    bench = Bench()
    bench.chip.preset(OLAT=latch, IODIR=direction)
    bench.chip.reset_line(0)
    assert all(bench.wires.node((0x20, bit)).drive is None for bit in range(16))
    with pytest.raises(OSError, match="acknowledges") as error:
        bench.read(0x00)
    assert error.value.errno == errno.ENODEV
    bench.chip.reset_line(1)
    assert bench.read(0x00, 2) == b"\xff\xff"
    assert bench.chip.register(OLAT) == 0


def test_nothing_acknowledges_an_address_where_nothing_is() -> None:
    bench = Bench()
    with pytest.raises(OSError, match="0x21"):
        bench.bus.write(0x21, b"\x00")


def test_a_byte_takes_nine_bits_of_bus_time() -> None:
    bench = Bench()
    moved = bench.bus.bytes_moved
    bench.write(0x14, 0, 0)
    assert bench.bus.bytes_moved - moved == 4
