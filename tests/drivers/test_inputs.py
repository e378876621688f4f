"""Contacts, occupancy sensors and the bell:
believed when they have settled, each for itself, all in one poll.
"""

from wires import Wire

from locker.drivers.inputs import Inputs

PLANES = (1, 2, 3, 4)


class Chip:
    """The levels of an expander as it has last read them."""

    def __init__(self):
        self.levels = bytearray(2)


class Millivolts:
    def __init__(self, mv):
        self.mv = mv

    def __call__(self):
        return self.mv


def one(level, inverted=0, planes=1, state=None):
    wire = Wire(level)
    return wire, Inputs((), (wire,), inverted, planes, state)


def polled(inputs, wire, levels):
    """What a poll says while the wire takes these levels, one a poll."""
    said = []
    for level in levels:
        wire.level = level
        said.append(inputs.poll())
    return said


def test_a_wire_is_known_from_the_start_in_either_polarity():
    for level in (0, 1):
        for inverted in (0, 1):
            _, inputs = one(level, inverted)
            assert inputs.state == level ^ inverted
            assert inputs.poll() == 0


def test_a_change_is_believed_after_it_has_lasted_and_told_once():
    for planes in PLANES:
        for level in (0, 1):
            for inverted in (0, 1):
                wire, inputs = one(level, inverted, planes)
                wire.level = 1 - level
                for _ in range(2**planes - 1):
                    assert inputs.poll() == 0
                    assert inputs.state == level ^ inverted
                assert inputs.poll() == 1
                assert inputs.state == 1 - (level ^ inverted)
                for _ in range(100):
                    assert inputs.poll() == 0


def test_a_change_that_does_not_last_is_never_told():
    for planes in PLANES:
        wire, inputs = one(1, 0, planes)
        for _ in range(50):
            assert not any(polled(inputs, wire, [0] * (2**planes - 1) + [1]))
        assert inputs.state == 1


def test_a_change_just_told_is_no_reason_to_believe_the_next_one_sooner():
    wire, inputs = one(1, 0, 2)
    assert polled(inputs, wire, (0, 0, 0, 0)) == [0, 0, 0, 1]
    assert polled(inputs, wire, (1, 1, 1, 0)) == [0, 0, 0, 0]
    assert inputs.state == 0


def test_each_swing_of_a_bouncing_door_is_one_change():
    wire, inputs = one(1)
    script = "1 0101 0000000 10 11111 010 0000"
    assert sum(polled(inputs, wire, [int(level) for level in script.replace(" ", "")])) == 3
    assert inputs.state == 0


def test_a_hand_that_passes_through_is_no_parcel():
    wire, inputs = one(0, 0, 4)
    assert not any(polled(inputs, wire, ([0] * 5 + [1] * 15) * 10))
    assert inputs.state == 0


def test_each_wire_is_debounced_for_itself():
    wires = [Wire(0) for _ in range(24)]
    inputs = Inputs((), tuple(wires), 0, 2)
    told = {}
    for turn in range(30):
        for place, wire in enumerate(wires):
            wire.level = 1 if turn >= place else 0  # the one after the other
        wires[3].level = turn & 1  # and one that never settles
        moved = inputs.poll()
        if moved:
            told[turn] = moved
    assert told == {place + 3: 1 << place for place in range(24) if place != 3}
    assert inputs.state == 0xFFFFFF & ~(1 << 3)


def test_wires_that_move_together_are_told_together():
    wires = [Wire(0) for _ in range(24)]
    inputs = Inputs((), tuple(wires), 0xAAAAAA, 1)
    assert inputs.state == 0xAAAAAA
    for wire in wires:
        wire.level = 1
    assert [inputs.poll(), inputs.poll(), inputs.poll()] == [0, 0xFFFFFF, 0]
    assert inputs.state == 0x555555


def test_each_pin_of_each_expander_is_read_as_what_it_is():
    chips = (Chip(), Chip(), Chip())
    for pin in range(48):
        for chip in chips:
            chip.levels[0] = chip.levels[1] = 0
        wire = Wire(0)
        inputs = Inputs(chips, (wire, pin), 0, 1)
        assert inputs.state == 0
        chips[pin // 16].levels[pin // 8 % 2] = 1 << pin % 8
        assert (inputs.poll(), inputs.poll()) == (0, 2)
        wire.level = 1
        for chip in chips:
            chip.levels[0] ^= 0xFF
            chip.levels[1] ^= 0xFF
        assert (inputs.poll(), inputs.poll()) == (0, 3)


def settled(inputs):
    """Polls for as long as any debounce lasts; the bits that were told."""
    told = 0
    for _ in range(40):
        told |= inputs.poll()
    return told


def test_a_distance_changes_only_beyond_its_marks():
    for occupied_mv, clear_mv in ((1500, 1200), (600, 900)):
        millivolts = Millivolts(clear_mv)
        inputs = Inputs((), (Wire(0), (millivolts, occupied_mv, clear_mv)), 0, 4)
        assert inputs.state == 0
        nearer = 1 if occupied_mv > clear_mv else -1
        script = (  # mV, occupied, told
            (occupied_mv - nearer, 0, 0),
            (occupied_mv, 2, 2),
            (clear_mv + nearer, 2, 0),
            (clear_mv, 0, 2),
            (clear_mv + nearer, 0, 0),
            (occupied_mv + 300 * nearer, 2, 2),
            (clear_mv - 300 * nearer, 0, 2),
        )
        for mv, occupied, told in script:
            millivolts.mv = mv
            assert (settled(inputs), inputs.state) == (told, occupied), mv


def test_a_spike_and_then_a_reading_between_the_marks_is_no_parcel():
    millivolts = Millivolts(1000)
    inputs = Inputs((), ((millivolts, 1500, 1200),), 0, 4)
    for mv in [1600] * 15 + [1350] * 100:
        millivolts.mv = mv
        assert inputs.poll() == 0


def test_a_first_reading_between_the_marks_counts_as_occupied():
    for occupied_mv, clear_mv in ((1500, 1200), (600, 900)):
        for mv, occupied in (((occupied_mv + clear_mv) // 2, 1), (occupied_mv, 1), (clear_mv, 0)):
            inputs = Inputs((), ((Millivolts(mv), occupied_mv, clear_mv),), 0, 4)
            assert inputs.state == occupied
            assert settled(inputs) == 0


def test_what_is_held_at_the_start_is_told_when_the_state_is_given():
    wire, bell = one(0, 1, 2, 0)
    assert bell.state == 0
    assert polled(bell, wire, [0] * 10) == [0, 0, 0, 1, 0, 0, 0, 0, 0, 0]
    assert bell.state == 1


def test_every_press_of_a_bell_is_told_once_however_long_it_lasts_and_its_release_too():
    wire, bell = one(1, 1, 2, 0)
    presses = ([0] * 500 + [1] * 5 + [0] * 5 + [1] * 5) * 7
    states = []
    for level in presses:
        wire.level = level
        if bell.poll():
            states.append(bell.state)
    assert states == [1, 0] * 14


def test_a_spark_on_the_wire_does_not_ring():
    wire, bell = one(1, 1, 2, 0)
    assert not any(polled(bell, wire, [1, 0, 0, 0] * 50))
