"""docs/operations.md says what the beeper plays, and the five sounds differ even for who hears no pitch."""

from itertools import combinations

from host_tools.docs.sounds import PAGE, WHEN, rhythm, table, tunes
from locker.core import effects

LONGER = 2  # two lengths that differ by this factor are told apart without comparing them


def test_the_table_is_on_the_page() -> None:
    assert table() in PAGE.read_text(encoding="utf-8")


def test_the_beeper_has_a_tune_for_each_sound_of_the_core_under_its_number() -> None:
    names = {
        getattr(effects, name): name for name in dir(effects) if name.isupper() and name != "TYPE_CHECKING"
    }
    assert [tune.name for tune in tunes()] == [names[number] for number in sorted(names)] == list(WHEN)


def test_any_two_sounds_differ_in_rhythm_alone() -> None:
    """Theorem: take the pitch away, and two sounds still differ in how many beeps they have,
    or in one that is twice as long.
    """
    for one, other in combinations(tunes(), 2):
        beeps, others = rhythm(one)[::2], rhythm(other)[::2]
        ratios = [max(pair) / min(pair) for pair in zip(beeps, others, strict=False)]
        assert len(beeps) != len(others) or max(ratios) >= LONGER, (one.name, other.name)


def test_any_two_sounds_differ_in_pitch_alone() -> None:
    melodies = [tuple(hz for hz, _ in tune.notes if hz) * (2 if tune.times > 1 else 1) for tune in tunes()]
    assert len(set(melodies)) == len(melodies)


def test_what_can_be_confused_least_is_the_alarm() -> None:
    lengths = {tune.name: sum(rhythm(tune)) for tune in tunes()}
    assert lengths["ALARM"] >= 10 * max(length for name, length in lengths.items() if name != "ALARM")
