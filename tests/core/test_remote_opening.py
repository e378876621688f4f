"""A host-ordered opening answers a fresh challenge of the board, shown only at the cabinet,
and the board limits how many there are.
"""

from cabinet_script import Story, kinds, pulses

from locker.contract import records
from locker.core import keypad, state, texts
from locker.core.effects import Challenge, Record, Spend
from locker.core.events import OpenConfirmed, OpenRequested


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
    effects = story.tell(OpenRequested(door, counter))
    (challenge,) = [effect for effect in effects if isinstance(effect, Challenge)]
    assert challenge.door == door
    return challenge.number


def test_the_door_opens_when_the_host_gives_back_what_the_screen_has_shown():
    story, door = waiting((0, 1234, 8765))
    challenge = challenged(story, door)
    assert challenge == 1235
    assert story.text == texts.HELP
    story.types("#")
    assert story.screen == ("Tell the helper this", "number: 8765")
    effects = story.tell(OpenConfirmed(challenge, 8765))
    assert Record(records.OPENINGS, 0, 1, 0) in effects
    assert Record(records.PICKUP_OPENED, door, records.BY_HOST, 1) in effects
    assert pulses(effects) == [door]
    assert story.text == texts.TAKE
    story.types("#")
    assert story.text == texts.WELCOME  # the digits have served


def test_who_is_helped_to_a_parcel_just_deposited_leaves_its_ticket_spent():
    story = Story()
    door = story.deposits(42)
    challenge = challenged(story, door)
    story.types("#")
    effects = story.tell(OpenConfirmed(challenge, story.cabinet.opening[1]))
    assert effects.index(Spend(42)) < effects.index(Record(records.PICKUP_OPENED, door, records.BY_HOST, 1))
    story.opens(door)
    story.power_on()
    story.takes(door)
    assert records.COLLECTED in kinds(story.closes(door))
    story.wait(5000)
    story.asks(story.ticket(42) + "#")
    assert story.text == texts.USED


def test_nothing_opens_when_nobody_at_the_cabinet_pressed_a_key():
    story, door = waiting((0, 1234, 8765))
    challenge = challenged(story, door)
    assert Challenge(0, 0) in story.tell(OpenConfirmed(challenge, 8765))  # told to the host
    assert story.coil == 0


def test_what_one_order_has_shown_is_no_answer_to_the_next():
    story, door = waiting((0, 1, 11, 2, 11))
    challenged(story, door)
    story.types("#")
    challenge = challenged(story, door)
    assert pulses(story.tell(OpenConfirmed(challenge, 11))) == []


def test_an_order_that_is_refused_ends_the_one_before():
    story, door = waiting((0, 1, 11))
    challenge = challenged(story, door)
    story.types("#")
    assert challenged(story, 99) == 0
    assert pulses(story.tell(OpenConfirmed(challenge, 11))) == []


def test_a_challenge_and_its_digits_are_compared_exactly():
    for more, digits_more in ((1, 0), (-1, 0), (0, 1), (0, -1)):
        story, door = waiting((0, 5, 55))
        challenge = challenged(story, door)
        story.types("#")
        assert pulses(story.tell(OpenConfirmed(challenge + more, 55 + digits_more))) == []


def test_a_challenge_is_valid_for_thirty_seconds():
    for late_ms in (0, 1):
        story, door = waiting((0, 1, 11))
        asked = story.now
        challenge = challenged(story, door)
        story.types("#")
        story.wait(asked + 29999 + late_ms - story.now)
        assert pulses(story.tell(OpenConfirmed(challenge, 11))) == ([] if late_ms else [door])
        story.types("#")
        assert story.text == texts.WELCOME


def test_the_digits_stay_on_the_screen_for_thirty_seconds():
    story, door = waiting()
    challenged(story, door)
    story.tell_key("#")
    story.wait(29999)
    assert story.text == texts.HELP_NUMBER
    story.wait(1)
    assert story.text == texts.WELCOME


def test_digits_that_open_nothing_any_more_leave_the_screen():
    for end in ("wrong", "another door", "late"):
        story, door = waiting((0, 1, 11))
        challenge = challenged(story, door)
        story.wait(20000)
        story.types("#")
        assert story.text == texts.HELP_NUMBER
        if end == "wrong":
            story.tell(OpenConfirmed(challenge, 12))
        elif end == "another door":
            assert challenged(story, 99) == 0
        story.wait(10000 if end == "late" else 1)
        assert story.text == texts.WELCOME, end
        story.types("#")
        assert story.text == texts.WELCOME, end


def test_a_challenge_that_ends_says_nothing_to_who_types():
    story, door = waiting((0, 1, 11))
    challenge = challenged(story, door)
    story.types("#9")
    story.tell(OpenConfirmed(challenge, 12))
    assert story.text == texts.ENTRY


def test_challenges_fit_four_bytes_and_digits_are_four():
    story, door = waiting()
    story.cabinet.draw = lambda sides: sides - 1
    assert challenged(story, door) == 0xFFFFFFFF
    assert story.cabinet.opening[1] == 9999


def test_an_order_of_the_host_disturbs_nobody_who_types():
    story, door = waiting()
    story.types("99")
    challenged(story, 99)
    challenged(story, door)
    assert story.text == texts.ENTRY
    story.wait(20000)
    assert story.cabinet.mode == keypad.IDLE


def test_a_door_that_jammed_can_be_opened_by_order_of_the_host():
    story, door = waiting()
    story.asks(story.code(door) + "#")
    assert records.DOOR_JAMMED in kinds(story.wait(12000))
    assert story.state.doors[door].state == state.GRANTED
    challenge = challenged(story, door)
    story.types("#")
    assert pulses(story.tell(OpenConfirmed(challenge, story.cabinet.opening[1]))) == [door]


def test_nothing_opens_for_wrong_digits_an_old_challenge_or_a_late_answer_and_each_challenge_serves_once():
    story, door = waiting((0, 1, 11, 2, 22, 3, 33, 4, 44))
    for given, wait_ms in ((12, 0), (11, 31000)):
        challenge = challenged(story, door)
        story.types("#")
        digits = story.cabinet.opening[1]
        story.wait(wait_ms)
        assert pulses(story.tell(OpenConfirmed(challenge, given if wait_ms == 0 else digits))) == []
        assert pulses(story.tell(OpenConfirmed(challenge, digits))) == []
    old = challenged(story, door)
    new = challenged(story, door)
    story.types("#")
    digits = story.cabinet.opening[1]
    assert pulses(story.tell(OpenConfirmed(old, digits))) == []
    assert pulses(story.tell(OpenConfirmed(new, digits))) == []  # the wrong answer has ended it


def test_it_is_bound_to_a_parcel_that_is_there():
    story, door = waiting()
    assert challenged(story, door, counter=2) == 0
    assert challenged(story, door, counter=0) == 0
    assert challenged(story, 99) == 0
    assert challenged(story, 2, counter=0) == 0
    challenge = challenged(story, door)
    story.types("#")
    digits = story.cabinet.opening[1]
    story.collects(door)
    assert pulses(story.tell(OpenConfirmed(challenge, digits))) == []
    assert story.state.doors[door].state == state.EMPTY


def opened(story, door):
    """Whether a host-ordered opening works now; somebody closes the door again, with the parcel inside."""
    challenge = challenged(story, door)
    if not challenge:
        return False
    story.types("#")
    effects = story.tell(OpenConfirmed(challenge, story.cabinet.opening[1]))
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


def test_four_a_minute_whatever_was_opened_before():
    story, door = waiting()
    assert opened(story, door)
    story.wait(61000)
    assert [opened(story, door) for _ in range(4)] == [True] * 4
    story.wait(59999 - (story.now - story.cabinet.openings[-4]))
    assert challenged(story, door) == 0
    story.wait(1)
    assert challenged(story, door)


def test_each_opening_counts_for_a_day_of_uptime():
    story, door = waiting()
    story.wait(100000000)
    for _ in range(6):
        assert opened(story, door)
        story.wait(600000)
    times = list(story.cabinet.openings)
    for time in times[:3]:
        story.wait(time + 86399999 - story.now)
        assert challenged(story, door) == 0
        story.wait(1)
        assert opened(story, door)


def test_openings_of_yesterday_are_forgotten_by_the_journal_too():
    story, door = waiting()
    assert opened(story, door)
    story.wait(3600000)
    assert opened(story, door)
    assert Record(records.OPENINGS, 0, 1, 0) in story.wait(86400000 - 3600000)
    assert story.folded().openings == 1
