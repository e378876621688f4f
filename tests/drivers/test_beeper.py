"""The beeper: five tunes that differ, end by themselves, and an alarm that a key press does not hide."""

from locker.drivers.beeper import Beeper

KEY, GOOD, BAD, ATTENTION, ALARM = 1, 2, 3, 4, 5


def heard(script, until_ms):
    """What is heard, as (Hz, ms), when sounds are played at the times of the script {ms: sound}."""
    tones = []
    beeper = Beeper(tones.append)
    assert tones == [0]
    notes = []
    last, since = 0, 0
    for now in range(0, until_ms, 10):
        if now in script:
            beeper.play(script[now], now)
        beeper.step(now)
        if tones[-1] != last:
            notes.append((last, now - since))
            last, since = tones[-1], now
    assert last == 0, "every sound ends"
    return notes


def test_each_sound_is_told_from_the_others_by_ear():
    tunes = [tuple(heard({0: sound}, 20000)) for sound in (KEY, GOOD, BAD, ATTENTION, ALARM)]
    assert len(set(tunes)) == 5
    assert tunes[0] == ((0, 0), (2000, 30))
    assert tunes[1] == ((0, 0), (1500, 80), (2000, 80), (2500, 160))
    assert tunes[2] == ((0, 0), (800, 150), (0, 60), (500, 300))
    assert tunes[3] == ((0, 0), (2000, 120), (0, 120), (2000, 120))
    assert sum(ms for _, ms in tunes[4]) == 10000


def test_a_new_sound_takes_the_place_of_the_old():
    assert heard({0: BAD, 100: KEY}, 2000) == [(0, 0), (800, 100), (2000, 30)]


def test_a_key_press_does_not_hide_an_alarm():
    assert heard({0: ALARM, 1000: KEY, 2000: GOOD}, 20000) == heard({0: ALARM}, 20000)


def test_silence_ends_an_alarm():
    assert sum(ms for _, ms in heard({0: ALARM, 1000: 0}, 20000)) == 1000


def test_an_alarm_can_begin_again():
    assert sum(ms for _, ms in heard({0: ALARM, 5000: ALARM}, 30000)) == 15000


def test_a_stalled_loop_delays_a_tune_and_does_not_break_it():
    tones = []
    beeper = Beeper(tones.append)
    beeper.play(GOOD, 0)
    for now in (500, 1000, 1500, 2000):
        beeper.step(now)
    assert tones == [0, 1500, 2000, 2500, 0]
