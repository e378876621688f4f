"""Theorem: a bit changes at a poll exactly when its last 2**planes readings all contradict it;
no wire has a say in another.
"""

from hypothesis import given
from hypothesis import strategies as st
from wires import Wire

from locker.drivers.inputs import Inputs

WIRES = 24
# Runs of readings, so that both lasting and passing changes come up.
RUNS = st.lists(st.tuples(st.integers(0, 2**WIRES - 1), st.integers(1, 20)), min_size=1, max_size=30)


@given(st.integers(1, 4), st.integers(0, 2**WIRES - 1), st.integers(0, 2**WIRES - 1), RUNS)
def test_a_bit_changes_when_and_only_when_its_latest_readings_all_contradict_it(
    planes, first, inverted, runs
):
    wires = [Wire(first >> place & 1) for place in range(WIRES)]
    inputs = Inputs((), tuple(wires), inverted, planes)
    believed = first ^ inverted
    assert inputs.state == believed
    readings = []
    for levels, polls in runs:
        for place, wire in enumerate(wires):
            wire.level = levels >> place & 1
        for _ in range(polls):
            readings.append(levels ^ inverted)
            latest = readings[-(2**planes) :]
            contradicted = 2**WIRES - 1 if len(latest) == 2**planes else 0
            for reading in latest:
                contradicted &= reading ^ believed
            believed ^= contradicted
            assert inputs.poll() == contradicted
            assert inputs.state == believed
