"""Theorem: however a contact bounces, each movement of a door is one change."""

import random

from hypothesis import given
from hypothesis import strategies as st

from host_tools.simulator.bounce import BouncingSwitch
from host_tools.simulator.clock import VirtualClock
from host_tools.simulator.wires import EXTERNAL_PULL, Wires
from locker.drivers.contact import Contact

PIN = 4
# A door stays put for at least 0.1 s between two movements; the loop looks every 20 ms, now and then late.
PAUSES_MS = st.lists(st.integers(100, 700), min_size=1, max_size=30)


@given(st.integers(0, 2**32), st.sampled_from((0, 1)), PAUSES_MS, st.integers(1, 20_000))
def test_each_movement_of_a_bouncing_contact_is_one_change(seed, closed_level, pauses_ms, longest_us):
    rng = random.Random(seed)
    clock = VirtualClock()
    wires = Wires(clock, seed)
    node = wires.node(PIN)
    node.bias = EXTERNAL_PULL
    switch = BouncingSwitch(clock, rng, wires.switch(node), longest_us)
    switch.put(closed_level == 0)  # the switch pulls the wire to ground
    contact = Contact(node.level, closed_level)
    assert contact.closed
    changes = []
    closed = True
    for pause_ms in pauses_ms:
        closed = not closed
        switch.move(closed == (closed_level == 0))
        until = clock.now_ms() + pause_ms
        while clock.now_ms() < until:
            clock.advance(rng.choice((20_000, 20_000, 20_000, 25_000)))
            if contact.poll(clock.now_ms()):
                changes.append(contact.closed)
        assert contact.closed == closed
    assert changes == [bool(i % 2) for i in range(len(pauses_ms))]
