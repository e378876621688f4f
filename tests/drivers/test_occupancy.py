"""Something inside: beams of either polarity, distances with hysteresis in either direction."""

from wires import Wire

from locker.drivers.occupancy import Beam, Distance


class Millivolts:
    def __init__(self, mv):
        self.mv = mv

    def __call__(self):
        return self.mv


def settled(sensor, now):
    """Polls for as long as any debounce lasts; how many changes were told, and the time after it."""
    return sum(sensor.poll(now + 20 * step) for step in range(20)), now + 400


def test_a_beam_of_either_polarity_sees_a_parcel_come_and_go():
    for occupied_level in (0, 1):
        wire = Wire(1 - occupied_level)
        beam = Beam(wire, occupied_level)
        assert not beam.occupied
        wire.level = occupied_level
        changes, now = settled(beam, 0)
        assert changes == 1
        assert beam.occupied
        wire.level = 1 - occupied_level
        changes, now = settled(beam, now)
        assert changes == 1
        assert not beam.occupied


def test_a_hand_that_passes_through_is_no_parcel():
    wire = Wire(0)
    beam = Beam(wire, 1)
    for now in range(0, 1000, 20):
        wire.level = 1 if 100 <= now < 280 else 0
        assert not beam.poll(now)
    assert not beam.occupied


def test_a_distance_changes_only_beyond_its_marks():
    for occupied_mv, clear_mv in ((1500, 1200), (600, 900)):
        millivolts = Millivolts(clear_mv)
        distance = Distance(millivolts, occupied_mv, clear_mv)
        assert not distance.occupied
        now = 0
        nearer = 1 if occupied_mv > clear_mv else -1
        script = (  # mV, occupied, changes
            (occupied_mv - nearer, False, 0),
            (occupied_mv, True, 1),
            (clear_mv + nearer, True, 0),
            (clear_mv, False, 1),
            (clear_mv + nearer, False, 0),
            (occupied_mv + 300 * nearer, True, 1),
            (clear_mv - 300 * nearer, False, 1),
        )
        for mv, occupied, changes in script:
            millivolts.mv = mv
            told, now = settled(distance, now)
            assert (distance.occupied, told) == (occupied, changes), mv


def test_a_first_reading_between_the_marks_counts_as_occupied():
    for occupied_mv, clear_mv in ((1500, 1200), (600, 900)):
        assert Distance(Millivolts((occupied_mv + clear_mv) // 2), occupied_mv, clear_mv).occupied
        assert Distance(Millivolts(occupied_mv), occupied_mv, clear_mv).occupied
        assert not Distance(Millivolts(clear_mv), occupied_mv, clear_mv).occupied
