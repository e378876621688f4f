"""What a chip on the bus gives in one piece is what it gives byte by byte,
at the same instants, whatever happens before and between.
"""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from host_tools.simulator.cabinet.wires import Wires
from host_tools.simulator.chip.i2c import I2CBus
from host_tools.simulator.chip.mcp23017 import IOCON, MCP23017, REGISTER_NAMES
from host_tools.simulator.clock import VirtualClock
from host_tools.simulator.noise import stream

ADDRESS = 0x20
BYTES = st.integers(0, 255)
REGISTERS = st.one_of(st.integers(0, 0x1A), BYTES)
BITS = st.integers(0, 15)
ACTS = st.one_of(
    st.tuples(st.just("write"), REGISTERS, st.lists(BYTES, max_size=4)),
    st.tuples(
        st.just("write"),
        st.sampled_from((0x05, 0x0A, 0x0B)),
        st.lists(st.sampled_from((0x00, 0x20, 0x80, 0xA0)), max_size=2),
    ),
    st.tuples(st.just("read"), st.integers(0, 50)),
    st.tuples(st.just("read"), st.integers(1, 14)),
    st.tuples(st.just("look"), REGISTERS, st.integers(0, 50)),
    st.tuples(st.just("look"), st.integers(0, 0x15), st.integers(1, 14)),
    st.tuples(
        st.just("midst"),
        REGISTERS,
        st.integers(0, 5),
        st.integers(1, 14),
        st.sampled_from(("dip", "reset", "preset", "nothing")),
    ),
    st.tuples(st.just("drive"), BITS, st.sampled_from((None, 0, 1)), st.sampled_from((-1, 0, 1))),
    st.tuples(st.just("join"), BITS, BITS, st.booleans()),
    st.tuples(st.just("pass"), st.integers(1, 3_000)),
    st.tuples(st.sampled_from(("dip", "reset", "preset"))),
)


class OneByOne(MCP23017):
    """A chip whose every byte is asked for, and whose every pin is looked at."""

    def read_block(self, count: int) -> bytes | None:
        return None

    def look(self, register: int, count: int) -> bytes | None:
        return None

    def _inputs(self) -> tuple[int, int]:
        levels = [node.level() for node in self._pins]
        word = (
            sum(level << bit for bit, level in enumerate(levels))
            if self.powered and not self.held_in_reset
            else 0
        )
        word ^= self._registers[2] | self._registers[3] << 8
        return word & 0xFF, word >> 8


class Bench:
    """One chip on a bus, its pins open but for switches between some."""

    def __init__(self, kind: type[MCP23017], hz: int) -> None:
        self.clock = VirtualClock()
        self.wires = Wires(self.clock, 5)
        self.chip = kind(ADDRESS, self.wires)
        self.bus = I2CBus(self.clock, 8, 9, hz)
        self.bus.targets[ADDRESS] = self.chip
        self.others = [self.wires.node(pin) for pin in range(16)]
        rng = stream(5, "switches")
        self.to_pins = [
            self.wires.switch(other, self.wires.node((ADDRESS, bit))) for bit, other in enumerate(self.others)
        ]
        pairs = [(a, b) for a in range(16) for b in range(a) if rng.random() < 0.3]
        self.between = {(a, b): self.wires.switch(self.others[a], self.others[b]) for a, b in pairs}
        for switch in self.to_pins:
            switch.set(True)

    def do(self, what: str, *how: Any) -> object:
        """Acts; all that can be seen of it."""
        if what == "write":
            self.bus.write(ADDRESS, bytes((how[0], *how[1])))
        elif what == "read":
            return self.bus.read(ADDRESS, *how)
        elif what == "look":
            return self._look(*how)
        elif what == "midst":
            return self._interrupted(*how)
        elif what == "drive":
            self.others[how[0]].set(*how[1:])
        elif what == "join":
            switch = self.between.get((max(how[:2]), min(how[:2]))) or self.to_pins[how[0]]
            switch.set(how[2])
        elif what == "pass":
            self.clock.advance(*how)
        else:
            self._disturb(what)
        return None

    def _look(self, register: int, count: int) -> bytes:
        """As a chip of the world does it."""
        block = self.bus.look(ADDRESS, register, count)
        if block is None:
            self.bus.write(ADDRESS, bytes((register,)))
            block = self.bus.read(ADDRESS, count)
        return block

    def _interrupted(self, register: int, first: int, then: int, what: str) -> list[bytes]:
        """A read in two parts, between which the chip is disturbed."""
        self.chip.started(False)
        self.chip.written(register, 0)
        self.chip.started(True)
        parts = [self._take(first)]
        self._disturb(what)
        return [*parts, self._take(then)]

    def _take(self, count: int) -> bytes:
        block = self.chip.read_block(count)
        return bytes(self.chip.read(0) for _ in range(count)) if block is None else block

    def _disturb(self, what: str) -> None:
        if what == "dip":
            self.chip.power(False)
            self.chip.power(True)
        elif what == "reset":
            self.chip.reset_line(0)
            self.chip.reset_line(1)
        elif what == "preset":
            self.chip.preset(OLAT=0x0180, IODIR=0x7F7E, GPPU=0x00FF, IOCON=self.chip.register(IOCON) ^ 0x2020)

    def seen(self) -> tuple[object, ...]:
        """The instant of the next byte among them."""
        return (
            self.bus.bytes_moved,
            self.bus._free_us,
            [self.chip.register(index) for index in range(len(REGISTER_NAMES))],
        )


@given(st.lists(ACTS, max_size=30), st.sampled_from((100_000, 400_000, 333_333)))
def test_a_block_is_what_its_bytes_are_one_by_one(acts: list[tuple[Any, ...]], hz: int) -> None:
    in_blocks, one_by_one = Bench(MCP23017, hz), Bench(OneByOne, hz)
    for act in acts:
        assert in_blocks.do(*act) == one_by_one.do(*act), act
        assert in_blocks.seen() == one_by_one.seen(), act
