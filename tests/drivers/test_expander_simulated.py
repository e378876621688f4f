"""Theorem: whatever a former program left in an MCP23017,
starting it makes no coil move but to switch off one left on.
"""

from contextlib import suppress
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wires import Bus

from host_tools.simulator.cabinet.wires import EXTERNAL_PULL, Wires
from host_tools.simulator.chip.i2c import I2CBus
from host_tools.simulator.chip.mcp23017 import GPPU, IOCON, IODIR, IPOL, MCP23017, OLAT
from host_tools.simulator.clock import VirtualClock
from locker.drivers.expander import Expander

ADDRESS = 0x20
WORDS = st.integers(0, 0xFFFF) | st.sampled_from((0, 0xFFFF))
CONFIGURATIONS = st.integers(0, 0xFF)
INPUT_BITS = [bit for bit in range(16) if bit & 7 != 7]


class Transfers:
    """Hands the bytes of a `wires.Bus` to the simulated bus; can go dead after some transactions."""

    def __init__(self, i2c):
        self.i2c = i2c
        self.left = None

    def written(self, data):
        if self.left is not None:
            if not self.left:
                raise OSError(19)
            self.left -= 1
        self.i2c.write(ADDRESS, data)

    def asked(self, count):
        return self.i2c.read(ADDRESS, count)


def refresh_twice(rig):
    for _ in range(2):
        rig.expander.refresh()


class Rig:
    """One chip with a gate pull-down at every pin that drives a coil,
    and a record of every level those gates take.
    """

    def __init__(self, coils, **registers):
        clock = VirtualClock()
        self.wires = Wires(clock, 1)
        self.levels = {bit: [] for bit in coils}
        for bit in coils:
            self.node(bit).bias = -EXTERNAL_PULL
        self.chip = MCP23017(ADDRESS, self.wires)
        self.chip.preset(**registers)
        for bit in coils:
            self.levels[bit].append(self.node(bit).level())
            self.node(bit).watch(self.levels[bit].append)
        i2c = I2CBus(clock, 8, 9, 400_000)
        i2c.targets[ADDRESS] = self.chip
        self.transfers = Transfers(i2c)
        self.expander = Expander(Bus(ADDRESS, self.transfers), ADDRESS)
        for bit in coils:
            self.expander.output(bit)

    def node(self, bit):
        return self.wires.node((ADDRESS, bit))

    def assert_no_coil_was_switched_on(self):
        for bit, levels in self.levels.items():
            assert levels in ([0], [1], [1, 0]), (bit, levels)

    def assert_all_coils_are_off(self):
        assert [self.node(bit).level() for bit in self.levels] == [0] * len(self.levels)


@given(st.sets(st.integers(0, 15), min_size=1), WORDS, WORDS, WORDS, WORDS, CONFIGURATIONS)
def test_a_start_switches_no_coil_on_whatever_the_chip_held(coils, olat, iodir, gppu, ipol, iocon):
    rig = Rig(coils, OLAT=olat, IODIR=iodir, GPPU=gppu, IPOL=ipol, IOCON=iocon * 0x101)
    rig.expander.start()
    rig.assert_no_coil_was_switched_on()
    rig.assert_all_coils_are_off()
    assert rig.chip.register(IODIR) == 0xFFFF & ~sum(1 << bit for bit in coils | {7, 15})
    assert [rig.chip.register(register) for register in (OLAT, GPPU, IPOL, IOCON)] == [0, 0, 0, 0]


def test_exhaustively_each_pin_by_itself_starts_without_an_edge():
    for bit, latch, direction, pull, polarity, bank, sequential in product(range(16), *[(0, 1)] * 6):
        rig = Rig(
            [bit],
            OLAT=latch << bit,
            IODIR=0xFFFF & ~((1 - direction) << bit),
            GPPU=pull << bit,
            IPOL=polarity << bit,
            IOCON=bank << 7 | sequential << 5,
        )
        was_on = latch and not direction
        rig.expander.start()
        assert rig.levels[bit] == ([1, 0] if was_on else [0])


@given(WORDS, WORDS, CONFIGURATIONS, st.integers(0, 7))
def test_a_start_that_is_cut_off_anywhere_switches_no_coil_on_and_the_next_one_ends_well(
    olat, iodir, iocon, transactions
):
    rig = Rig(range(16), OLAT=olat, IODIR=iodir, IOCON=iocon * 0x101)
    rig.transfers.left = transactions
    with suppress(OSError):
        rig.expander.start()
    rig.assert_no_coil_was_switched_on()
    rig.transfers.left = None
    rig.expander.start()
    rig.assert_no_coil_was_switched_on()
    rig.assert_all_coils_are_off()


@given(WORDS, CONFIGURATIONS)
def test_after_a_start_pins_do_what_they_are_told_and_read_what_is_there(levels, iocon):
    rig = Rig([7, 15], OLAT=0xFFFF, IODIR=0, IPOL=0xFFFF, IOCON=iocon * 0x101)
    for bit in INPUT_BITS:
        rig.node(bit).bias = EXTERNAL_PULL if levels >> bit & 1 else -EXTERNAL_PULL
        rig.expander.input(bit)
    rig.expander.start()
    read = int.from_bytes(rig.expander.levels, "little")
    assert [read >> bit & 1 for bit in INPUT_BITS] == [levels >> bit & 1 for bit in INPUT_BITS]
    rig.expander.write(15, 1)
    assert (rig.node(7).level(), rig.node(15).level()) == (0, 1)
    rig.expander.write(15, 0)
    rig.expander.write(7, 1)
    assert (rig.node(7).level(), rig.node(15).level()) == (1, 0)
    rig.expander.refresh()
    assert (rig.node(7).level(), rig.node(15).level()) == (1, 0)


@given(st.lists(st.tuples(st.integers(0, 15), st.integers(0, 1), st.booleans()), max_size=40))
def test_through_bus_errors_a_coil_is_never_on_that_was_told_off(script):
    rig = Rig(range(16))
    rig.expander.start()
    told = dict.fromkeys(range(16), 0)
    for bit, level, reaches in script:
        rig.transfers.left = None if reaches else 0
        with suppress(OSError):
            told[bit] = level
            rig.expander.write(bit, level)
        if reaches:
            assert {coil: rig.node(coil).level() for coil in told} == told
    rig.transfers.left = None
    rig.expander.refresh()
    assert {coil: rig.node(coil).level() for coil in told} == told


def test_a_chip_that_was_reset_by_its_line_is_noticed_and_set_up_again():
    rig = Rig([7])
    rig.expander.start()
    rig.chip.reset_line(0)
    rig.chip.reset_line(1)
    with pytest.raises(OSError, match="5"):
        rig.expander.refresh()
    rig.expander.start()
    refresh_twice(rig)
