"""Theorem: whatever is asked for, whenever, and whichever pin fails for a while,
the coils stay within their limits.
"""

import itertools
from contextlib import suppress

from hypothesis import given
from hypothesis import strategies as st
from wires import Wire, driving

from locker.drivers.coils import CoilBank

DOORS = 4
LOOP_MS = 20
WINDOW_MS = 60_000
ACTIONS = st.sampled_from(("pulse", "pulse", "pulse", "all off", "break", "heal"))
MOVES = st.lists(
    st.tuples(st.sampled_from((1, 2, 5, 30, 300)), ACTIONS, st.integers(1, DOORS)), min_size=10, max_size=200
)


class Coil(Wire):
    """Remembers from when to when it was on.

    While it is broken nothing reaches it, and the backstop timer ends what runs.
    """

    def __init__(self, clock):
        super().__init__()
        self.clock = clock
        self.pulses = []

    def __call__(self, level=None):
        before = self.level
        result = super().__call__(level)
        if self.level and not before:
            self.pulses.append([self.clock.now, None])
        elif before and not self.level:
            self.pulses[-1][1] = self.clock.now
        return result

    def backstop(self):
        if self.level and self.clock.now - self.pulses[-1][0] >= 1000:
            self.level = 0
            self.pulses[-1][1] = self.clock.now


class Clock:
    now = 0


@given(st.sampled_from((1, 50, 300, 500, 1000)), st.sampled_from((0, 100, 5000)), MOVES)
def test_coils_stay_within_their_limits_whatever_is_asked_for(pulse_ms, rest_ms, moves):
    clock = Clock()
    wires = {door: Coil(clock) for door in range(1, DOORS + 1)}
    coils = CoilBank(tuple(wires), driving(wires), pulse_ms, rest_ms)
    for loops, action, door in [*moves, (60, "heal", 1)]:
        for _ in range(loops):
            clock.now += LOOP_MS
            with suppress(OSError):
                coils.step(clock.now)
            for wire in wires.values():
                wire.backstop()
        with suppress(OSError):
            if action == "pulse":
                coils.unlock(door, clock.now)
            elif action == "all off":
                coils.all_off()
            else:
                wires[door].broken = action == "break"
        assert sum(wire.level for wire in wires.values()) <= 1
    check_limits([wire.pulses for wire in wires.values()], pulse_ms, rest_ms)


def check_limits(coils, pulse_ms, rest_ms):
    for pulses in coils:
        assert all(end - start <= 1000 for start, end in pulses)
        for _, until in pulses:
            assert (
                sum(max(0, end - max(start, until - WINDOW_MS)) for start, end in pulses if start < until)
                <= 6000
            )
    every = sorted(pulse for pulses in coils for pulse in pulses)
    starts = [start for start, _ in every]
    assert all(sum(start - WINDOW_MS < other <= start for other in starts) <= 30 for start in starts)
    for (_, end), (start, _) in itertools.pairwise(every):
        assert start >= end + rest_ms


@given(MOVES)
def test_with_sound_pins_a_pulse_is_never_longer_than_its_time_and_one_loop(moves):
    clock = Clock()
    wires = {door: Coil(clock) for door in range(1, DOORS + 1)}
    coils = CoilBank(tuple(wires), driving(wires), 400, 100)
    told = []
    for loops, _, door in moves:
        for _ in range(loops):
            clock.now += LOOP_MS
            told.append(coils.step(clock.now))
        coils.unlock(door, clock.now)
    pulses = [pulse for wire in wires.values() for pulse in wire.pulses if pulse[1] is not None]
    assert all(end - start == 400 for start, end in pulses)
    assert len(pulses) == sum(1 for door in told if door)
