"""A host-ordered opening answers a fresh challenge of the board, shown only at the cabinet, and the board limits how many there are."""

from cabinet_script import Story, pulses

from locker.core import journal, records, texts
from locker.core.effects import Challenge, Record
from locker.core.events import OpeningAsked, OpeningGiven


def drawing(numbers):
    """A source of randomness that gives these, each once, then 7."""
    left = list(numbers)
    return lambda sides: left.pop(0) % sides if left else 7


def waiting(draws=(0,)):
    story = Story(draw=drawing(draws))
    door = story.deposits()
    story.wait(61000)
    return story, door


def challenged(story, door, counter=1):
    """The challenge for the host, 0 for none."""
    effects = story.tell(OpeningAsked(door, counter))
    return next(effect.number for effect in effects if isinstance(effect, Challenge))


def test_the_door_opens_when_the_host_gives_back_what_the_screen_has_shown():
    story, door = waiting((0, 1234, 8765))
    challenge = challenged(story, door)
    assert challenge == 1235
    assert story.text == texts.HELP
    story.types("#")
    assert story.screen == ("Tell the helper this", "number: 8765")
    effects = story.tell(OpeningGiven(challenge, 8765))
    assert Record(records.OPENINGS, 0, 1, 0) in effects
    assert Record(records.PICKUP_OPENED, door, records.BY_HOST, 1) in effects
    assert pulses(effects) == [door]


def test_nothing_opens_when_nobody_at_the_cabinet_pressed_a_key():
    story, door = waiting((0, 1234, 8765))
    challenge = challenged(story, door)
    assert pulses(story.tell(OpeningGiven(challenge, 8765))) == []


def test_nothing_opens_for_wrong_digits_an_old_challenge_or_a_late_answer_and_each_challenge_serves_once():
    story, door = waiting((0, 1, 11, 2, 22, 3, 33, 4, 44))
    for given, wait_ms in ((12, 0), (11, 31000)):
        challenge = challenged(story, door)
        story.types("#")
        digits = story.cabinet.opening[1]
        story.wait(wait_ms)
        assert pulses(story.tell(OpeningGiven(challenge, given if wait_ms == 0 else digits))) == []
        assert pulses(story.tell(OpeningGiven(challenge, digits))) == []
    old = challenged(story, door)
    new = challenged(story, door)
    story.types("#")
    digits = story.cabinet.opening[1]
    assert pulses(story.tell(OpeningGiven(old, digits))) == []
    assert pulses(story.tell(OpeningGiven(new, digits))) == []  # the wrong answer has ended it


def test_it_is_bound_to_a_parcel_that_is_there():
    story, door = waiting()
    assert challenged(story, door, counter=2) == 0
    assert challenged(story, 99) == 0
    assert challenged(story, 2, counter=0) == 0
    challenge = challenged(story, door)
    story.types("#")
    digits = story.cabinet.opening[1]
    story.collects(door)
    assert pulses(story.tell(OpeningGiven(challenge, digits))) == []
    assert story.state.doors[door].state == journal.EMPTY


def opened(story, door):
    """Whether a host-ordered opening works now; somebody closes the door again, with the parcel inside."""
    challenge = challenged(story, door)
    if not challenge:
        return False
    story.types("#")
    effects = story.tell(OpeningGiven(challenge, story.cabinet.opening[1]))
    if not pulses(effects):
        return False
    story.opens(door)
    story.closes(door)
    return True


def test_more_than_four_a_minute_and_six_a_day_are_refused_whoever_asks():
    story, door = waiting()
    begun = story.now
    assert [opened(story, door) for _ in range(5)] == [True, True, True, True, False]
    assert story.now - begun < 60000
    story.wait(61000)
    assert [opened(story, door) for _ in range(3)] == [True, True, False]
    story.wait(3600000)
    assert not opened(story, door)
    story.wait(86400000)
    assert opened(story, door)


def test_a_power_cut_gives_no_more_openings():
    story, door = waiting()
    for _ in range(4):
        assert opened(story, door)
    story.power_on()
    story.wait(61000)
    assert [opened(story, door) for _ in range(3)] == [True, True, False]
    story.power_on()
    story.wait(80000000)
    assert not opened(story, door)
    story.wait(7000000)
    assert opened(story, door)
