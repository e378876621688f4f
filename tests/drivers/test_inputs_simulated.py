"""Theorem: however its contact bounces, each movement of a door is one change, and no other door's."""

import random

from hypothesis import given
from hypothesis import strategies as st

from host_tools.simulator.cabinet.bounce import BouncingSwitch
from host_tools.simulator.cabinet.wires import EXTERNAL_PULL, Wires
from host_tools.simulator.clock import VirtualClock
from locker.drivers.inputs import Inputs

PINS = (4, 5, 6)
# A door stays put for at least 0.1 s between two movements; the loop looks every 20 ms, now and then late.
MOVES = st.lists(st.tuples(st.sampled_from(range(len(PINS))), st.integers(100, 700)), min_size=1, max_size=30)


@given(st.integers(0, 2**32), st.integers(0, 2 ** len(PINS) - 1), MOVES, st.integers(1, 20_000))
def test_each_movement_of_a_bouncing_contact_is_one_change(seed, closed_high, moves, longest_us):
    rng = random.Random(seed)
    clock = VirtualClock()
    wires = Wires(clock, seed)
    nodes = [wires.node(pin) for pin in PINS]
    switches = []
    for place, node in enumerate(nodes):
        node.bias = EXTERNAL_PULL
        switches.append(BouncingSwitch(clock, rng, wires.switch(node), longest_us))
        switches[-1].put(not closed_high >> place & 1)  # the switch pulls the wire to ground
    contacts = Inputs((), tuple(node.level for node in nodes), closed_high, 1)
    is_open = 0
    assert contacts.state == is_open
    for place, pause_ms in moves:
        is_open ^= 1 << place
        switches[place].move(bool(is_open >> place & 1) == bool(closed_high >> place & 1))
        until = clock.now_ms() + pause_ms
        told = []
        while clock.now_ms() < until:
            clock.advance(rng.choice((20_000, 20_000, 20_000, 25_000)))
            moved = contacts.poll()
            if moved:
                told.append(moved)
        assert told == [1 << place]
        assert contacts.state == is_open
