"""Coils: one at a time, short, seldom, and off whenever anything is wrong."""

from wires import Wire, driving

from locker.drivers.coils import CoilBank

PULSE_MS = 400
REST_MS = 300


def bank(doors=3, pulse_ms=PULSE_MS, rest_ms=REST_MS):
    wires = {door: Wire(1) for door in range(1, doors + 1)}
    return CoilBank(tuple(wires), driving(wires), pulse_ms, rest_ms), wires


def driven(coils, wires, until_ms, wish, step_ms=20):
    """Runs the bank in steps, asking for door `wish(now)` each time;
    the (door, start, end) of every pulse.
    """
    pulses = []
    running = {}
    for now in range(0, until_ms, step_ms):
        coils.step(now)
        for door, started in list(running.items()):
            if not wires[door].level:
                pulses.append((door, started, now))
                del running[door]
        door = wish(now)
        if door and coils.unlock(door, now):
            running[door] = now
        assert sum(wire.level for wire in wires.values()) <= 1
        assert coils.active == sum(running)
    return pulses


def test_every_coil_is_off_from_the_start():
    _, wires = bank()
    assert [wire.level for wire in wires.values()] == [0, 0, 0]


def test_a_pulse_lasts_its_time_and_is_reported_once():
    coils, wires = bank()
    assert coils.unlock(2, 1000)
    assert coils.active == 2
    assert [wires[door].level for door in (1, 2, 3)] == [0, 1, 0]
    assert coils.step(1000 + PULSE_MS - 1) == 0
    assert wires[2].level == 1
    assert coils.step(1000 + PULSE_MS) == 2
    assert wires[2].level == 0
    assert coils.active == 0
    assert coils.step(1000 + PULSE_MS + 1) == 0


def test_a_second_coil_waits_for_the_first_and_for_the_rest():
    coils, wires = bank()
    assert coils.unlock(1, 0)
    assert not coils.unlock(2, 10)
    assert not coils.unlock(1, 10)
    assert coils.step(PULSE_MS) == 1
    assert not coils.unlock(2, PULSE_MS + REST_MS - 1)
    assert wires[2].edges == [0]
    assert coils.unlock(2, PULSE_MS + REST_MS)


def test_a_coil_is_on_for_at_most_a_tenth_of_any_minute():
    for pulse_ms in (1, 333, 500, 1000):
        coils, wires = bank(1, pulse_ms, 0)
        pulses = driven(coils, wires, 200000, lambda now: 1)
        assert len(pulses) > 10
        for _, _, until in pulses:
            on_ms = sum(
                min(end, until) - max(start, until - 60000)
                for _, start, end in pulses
                if end > until - 60000 and start < until
            )
            assert on_ms <= 6000


def test_a_cabinet_pulses_at_most_thirty_times_in_any_minute():
    coils, wires = bank(24, 300, 0)
    pulses = driven(coils, wires, 300000, lambda now: now // 20 % 24 + 1)
    starts = [start for _, start, _ in pulses]
    assert max(sum(1 for other in starts if start - 60000 < other <= start) for start in starts) == 30
    assert len(starts) >= 4 * 30


def test_bursts_of_pulses_are_all_counted_while_any_part_of_them_is_in_the_minute():
    coils, wires = bank(24, 300, 0)
    bursts = (0, 5000), (40000, 45000), (60000, 140000), (170000, 250000)
    pulses = driven(
        coils,
        wires,
        250000,
        lambda now: now // 20 % 24 + 1 if any(start <= now < end for start, end in bursts) else 0,
    )
    starts = [start for _, start, _ in pulses]
    assert max(sum(1 for other in starts if start - 60000 < other <= start) for start in starts) == 30


def test_a_tired_coil_does_not_tire_the_others():
    coils, wires = bank(2, 1000, 0)
    pulses = driven(coils, wires, 20000, lambda now: 1)
    assert len(pulses) == 6
    assert not coils.unlock(1, 20000)
    assert coils.unlock(2, 20000)


def test_a_late_step_still_ends_the_pulse_and_counts_all_its_time():
    coils, wires = bank(1, 400, 0)
    assert coils.unlock(1, 0)
    assert coils.step(5800) == 1
    assert wires[1].level == 0
    assert not coils.unlock(1, 5900)
    assert not coils.unlock(1, 60010)
    assert coils.unlock(1, 5800 + 60000)


def test_a_clock_that_runs_backwards_turns_the_coil_off():
    coils, wires = bank()
    assert coils.unlock(1, 1000)
    assert coils.step(999) == 1
    assert wires[1].level == 0


def test_a_minute_of_silence_from_the_loop_hurts_nothing():
    coils, _wires = bank()
    assert coils.unlock(1, 0)
    assert not coils.unlock(2, 200000)
    assert coils.step(200001) == 1
    assert coils.unlock(2, 200001 + REST_MS)


def test_a_pulse_outside_its_limits_is_broken_code():
    for pulse_ms in (-1, 0, 1001, 60000):
        refused = False
        try:
            bank(1, pulse_ms)
        except AssertionError:
            refused = True
        assert refused, pulse_ms


class Sticky(Wire):
    """Does what it is told and then fails, as a bus does whose acknowledge is lost."""

    def __call__(self, level=None):
        Wire.__call__(self, level)
        if level:
            raise OSError(5)


def test_a_coil_whose_start_fails_halfway_is_off():
    wires = {1: Sticky(), 2: Wire()}
    coils = CoilBank((1, 2), driving(wires), PULSE_MS, REST_MS)
    failed = False
    try:
        coils.unlock(1, 0)
    except OSError:
        failed = True
    assert failed
    assert wires[1].edges == [1, 0]
    assert coils.active == 0
    assert coils.unlock(2, 1000 + REST_MS)


def test_an_end_that_fails_is_tried_again():
    coils, wires = bank()
    assert coils.unlock(1, 0)
    wires[1].broken = True
    failed = 0
    for now in (400, 420):
        try:
            coils.step(now)
        except OSError:
            failed += 1
    assert failed == 2
    wires[1].broken = False
    assert coils.step(440) == 1
    assert wires[1].level == 0


def test_all_off_reaches_every_coil_even_when_one_does_not_answer():
    coils, wires = bank()
    for wire in wires.values():
        wire.level = 1
    wires[2].broken = True
    failed = False
    try:
        coils.all_off()
    except OSError:
        failed = True
    assert failed
    assert [wires[door].level for door in (1, 2, 3)] == [0, 1, 0]


def test_a_pulse_cut_short_is_still_reported_when_its_time_is_over():
    coils, wires = bank()
    assert coils.unlock(1, 0)
    coils.all_off()
    assert wires[1].level == 0
    assert coils.step(100) == 0
    assert coils.step(PULSE_MS) == 1
    assert wires[1].edges == [0, 1, 0]


def test_pulses_of_an_earlier_boot_count_as_if_no_time_had_passed():
    coils, _ = bank()
    for i in range(13):
        coils.recount(1, -13000 + 1000 * i)
    assert not coils.unlock(1, 2000)  # more than 10 % of a minute
    assert coils.unlock(2, 2000)
    coils.step(2500)
    assert coils.unlock(1, 59000)


def test_thirty_pulses_before_a_reset_and_more_let_none_begin_until_they_are_old():
    coils, _ = bank()
    for i in range(32):
        coils.recount(1 + i % 3, -32000 + 1000 * i)
    assert not coils.unlock(1, 27000)
    assert coils.unlock(1, 32000)
