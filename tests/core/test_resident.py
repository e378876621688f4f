"""The resident's visit: her code works until her parcel is out, and only for her door."""

from cabinet_script import Story, kinds, pulses, sounds

from locker.contract import records
from locker.core import texts
from locker.core.effects import ATTENTION, GOOD, Record, Send, WakeAt


def test_collected_only_when_closed_and_clear():
    story = Story()
    door = story.deposits(42)
    story.asks(story.code(door) + "#")
    assert records.COLLECTED not in kinds(story.opens(door))
    assert records.COLLECTED not in kinds(story.takes(door))
    assert records.COLLECTED not in kinds(story.wait(20000))
    effects = story.closes(door)
    at = effects.index(Record(records.COLLECTED, door, 42, 1))
    assert type(effects[at + 1]) is Send
    assert not effects[at + 1].urgent
    assert story.text == texts.COLLECTED


def test_a_parcel_still_inside_keeps_its_code():
    story = Story()
    door = story.deposits(42)
    code = story.code(door)
    for _ in range(3):
        assert pulses(story.asks(code + "#")) == [door]
        story.opens(door)
        assert Record(records.STILL_INSIDE, door, 42, 1) in story.closes(door)
        assert story.text == texts.STILL_INSIDE


def test_a_code_opens_no_other_door():
    story = Story()
    first = story.deposits(1)
    second = story.deposits(2)
    crossed = story.code(second)[:2] + story.code(first)[2:]
    assert pulses(story.asks(crossed + "#")) == []


def test_a_try_is_recorded_before_it_is_compared():
    story = Story()
    door = story.deposits(42)
    for code in (story.wrong(door), story.code(door)):
        tried = story.types(code + "#")
        assert kinds(tried) == [records.CODE_TRIED]
        story.wait(5000)


def test_a_right_code_also_spends_a_count():
    story = Story()
    door = story.deposits(42)
    story.asks(story.wrong(door) + "#")
    story.asks(story.code(door) + "#")
    assert story.state.doors[door].failures == 2


def test_the_answer_to_right_wrong_empty_and_duress_comes_at_the_same_tick():
    ticks = []
    for kind in range(5):
        story = Story()
        door = story.deposits(42)
        story.wait(10000)
        entry = (story.code(door), story.wrong(door), story.wrong(3), "9912345678", story.ticket(43))[kind]
        story.types(entry)
        story.tell_key("#")
        asked = story.now
        while story.cabinet.mode == 2:
            story.wait(1)
        ticks.append(story.now - asked)
    assert ticks == [500] * 5


def test_the_host_hears_of_an_opening_at_the_answer_tick_before_the_coil_moves():
    story = Story()
    door = story.deposits(42)
    effects = story.asks(story.code(door) + "#")
    at = effects.index(Record(records.PICKUP_OPENED, door, 0, 1))
    assert type(effects[at + 1]) is Send
    assert effects[at + 1].urgent
    assert GOOD in sounds(effects)
    assert story.text == texts.TAKE
    story.opens(door)
    story.wait(50000)
    assert story.text == texts.TAKE  # it stays until the door is closed


def test_the_safe_tail_opens_exactly_as_always_but_for_one_number():
    shown = []
    for duress in (False, True):
        story = Story()
        door = story.deposits(42)
        code = story.code(door)
        if duress:
            code = story.duress(door)
        story.types(code)
        effects = story.asks("#")
        assert Record(records.PICKUP_OPENED, door, int(duress), 1) in effects
        shown.append([effect for effect in effects if type(effect) is not Record])
    assert shown[0] == shown[1]


def test_after_ten_tries_the_door_asks_for_all_digits_and_no_other_does():
    story = Story()
    door = story.deposits(1)
    other = story.deposits(2)
    for _ in range(10):
        story.asks(story.wrong(door) + "#")
        assert story.text == texts.UNKNOWN
    effects = story.asks(story.code(door) + "#")
    assert kinds(effects) == []
    assert pulses(effects) == []
    assert story.text == texts.ALL_DIGITS
    assert pulses(story.asks(story.code(other) + "#")) == [other]
    story.opens(other)
    effects = story.asks(story.wrong(door, 12) + "#")
    assert kinds(effects) == []
    assert story.text == texts.UNKNOWN
    assert pulses(story.asks(story.code(door, 12) + "#")) == [door]


def test_step_up_never_confirms_the_first_eight_digits():
    story = Story()
    door = story.deposits(1)
    for _ in range(10):
        story.asks(story.wrong(door) + "#")
    answers = []
    for code in (story.code(door), story.wrong(door)):
        story.types(code)
        asked = story.now
        answers.append(
            [effect for effect in story.asks("#") if type(effect) is not WakeAt] + [story.now - asked]
        )
    assert answers[0] == answers[1]


def test_an_empty_door_behaves_like_a_full_one():
    story = Story()
    for _ in range(10):
        assert kinds(story.asks("0312345678#")) == [records.CODE_TRIED]
        assert story.text == texts.UNKNOWN
    assert kinds(story.asks("0312345678#")) == []
    assert story.text == texts.ALL_DIGITS


def test_all_twelve_digits_are_welcome_before_step_up():
    story = Story()
    door = story.deposits(1)
    assert pulses(story.asks(story.wrong(door, 12) + "#")) == []
    assert pulses(story.asks(story.code(door, 12) + "#")) == [door]


def test_the_next_parcel_starts_with_a_clean_count():
    story = Story("S")
    door = story.deposits(1)
    for _ in range(10):
        story.asks(story.wrong(door) + "#")
    story.asks(story.code(door, 12) + "#")
    story.opens(door)
    story.takes(door)
    story.closes(door)
    story.deposits(2)
    assert pulses(story.asks(story.code(door) + "#")) == [door]


def jams(story, door):
    """The door does not move in three pulses; the effects after the first."""
    assert pulses(story.asks(story.code(door) + "#")) == [door]
    effects = story.wait(3600)
    assert story.text == texts.PUSH
    effects = effects + story.wait(8000)
    assert kinds(effects) == [records.PULSED, records.PULSED, records.DOOR_JAMMED]
    assert ATTENTION in sounds(effects)
    assert story.text == texts.JAMMED
    return effects


def test_a_door_that_does_not_move_is_pulsed_three_times_and_the_code_stays_good():
    story = Story()
    door = story.deposits(42)
    for _ in range(3):
        jams(story, door)
        effects = story.wait(61000)
        at = effects.index(Record(records.STILL_INSIDE, door, 42, 1))
        assert kinds(effects) == [records.STILL_INSIDE]
        assert type(effects[at + 1]) is Send
    assert pulses(story.asks(story.code(door) + "#")) == [door]
    story.opens(door)
    story.takes(door)
    assert records.COLLECTED in kinds(story.closes(door))


def test_a_code_typed_again_at_a_jammed_or_open_door_is_told_as_her_opening_again():
    for act in (lambda story: story.wait(12000), lambda story: story.opens(1)):
        story = Story()
        door = story.deposits(42)
        story.asks(story.code(door) + "#")
        act(story)
        assert Record(records.PICKUP_OPENED, door, records.BY_CODE, 1) in story.asks(story.code(door) + "#")
        assert story.text == texts.TAKE


def test_the_host_hears_of_a_jam_at_once():
    story = Story()
    door = story.deposits(42)
    effects = jams(story, door)
    at = effects.index(Record(records.DOOR_JAMMED, door, 0, 1))
    assert type(effects[at + 1]) is Send
    assert effects[at + 1].urgent


def test_a_jammed_door_may_be_pulled_open_for_a_minute():
    story = Story()
    door = story.deposits(42)
    jams(story, door)
    story.wait(30000)
    assert kinds(story.opens(door)) == [records.DOOR_OPENED]
    story.takes(door)
    assert records.COLLECTED in kinds(story.closes(door))


def test_a_jammed_door_that_opens_later_was_forced():
    story = Story()
    door = story.deposits(42)
    jams(story, door)
    story.wait(61000)
    assert kinds(story.opens(door)) == [records.DOOR_FORCED]


def test_a_jam_never_burns_a_code_even_when_the_sensor_sees_nothing():
    story = Story()
    door = story.deposits(42)
    code = story.code(door)
    jams(story, door)
    story.takes(door)
    assert kinds(story.wait(61000)) == [records.SENSOR_FAULT, records.STILL_INSIDE]
    assert pulses(story.asks(code + "#")) == [door]


def test_a_jam_and_a_power_cut_never_burn_a_code():
    story = Story()
    door = story.deposits(42)
    code = story.code(door)
    jams(story, door)
    story.occupied[door] = False
    story.power_on()
    assert pulses(story.asks(code + "#")) == [door]


def test_a_broken_contact_that_reads_open_does_not_stop_her():
    story = Story()
    door = story.deposits(42)
    story.opens(door)
    effects = story.asks(story.code(door) + "#")
    assert pulses(effects) == [door]
    assert pulses(story.asks(story.code(door) + "#")) == [door]


def test_a_code_typed_again_while_the_door_is_open_opens_again():
    story = Story()
    door = story.deposits(42)
    story.asks(story.code(door) + "#")
    story.opens(door)
    assert pulses(story.asks(story.code(door) + "#")) == [door]
    story.takes(door)
    assert records.COLLECTED in kinds(story.closes(door))


def test_a_code_of_another_epoch_opens_nothing():
    story = Story()
    door = story.deposits(42)
    story.state.doors[door].epoch = 2
    assert pulses(story.asks(story.code(door) + "#")) == []
