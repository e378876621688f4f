"""A power cut anywhere: what was begun is resolved from the sensors,
nothing is opened, nothing is guessed.
"""

from cabinet_script import Story, kinds, pulses

from locker.contract import records
from locker.core import state, texts
from locker.core.effects import Light, Record, Spend, Unlock


def story_in(folded, closed, occupied):
    """A story whose only parcel was in `state` when the power was cut."""
    story = Story()
    if folded in (state.WAITING, state.GRANTED, state.TAKING):
        story.deposits(42)
        story.wait(61000)
    if folded in (state.GRANTED, state.TAKING):
        story.asks(story.code(1) + "#")
    if folded in (state.RESERVED, state.LOADING):
        story.begins_deposit(42)
    if folded in (state.RESERVED, state.GRANTED):  # the cut came before the pulse was recorded
        assert story.log.pop().kind == records.PULSED
        story.number -= 1
    assert story.folded().doors[1].state == folded
    story.closed[1] = closed
    story.occupied[1] = occupied
    return story


EMPTY, RESERVED, LOADING, WAITING, GRANTED, TAKING = range(6)
DEPOSITED = (records.DEPOSITED,)
CANCELLED = (records.CANCELLED,)
UNKNOWN_EMPTY = (records.SENSOR_FAULT, records.CANCELLED)
INSIDE = (records.STILL_INSIDE,)
UNKNOWN_INSIDE = (records.SENSOR_FAULT, records.STILL_INSIDE)
COLLECTED = (records.COLLECTED,)
OPENED = (records.DOOR_OPENED,)
FORCED = (records.DOOR_FORCED,)
DOUBT = (records.SENSOR_FAULT,)
RESOLVED = (
    # state,    closed, occupied: recorded,       state then
    (EMPTY, True, False, (), EMPTY),
    (EMPTY, True, True, DOUBT, EMPTY),
    (EMPTY, False, False, (), EMPTY),
    (EMPTY, False, True, (), EMPTY),
    (RESERVED, True, False, CANCELLED, EMPTY),
    (RESERVED, True, True, UNKNOWN_EMPTY, EMPTY),
    (RESERVED, False, False, OPENED, LOADING),
    (RESERVED, False, True, OPENED, LOADING),
    (LOADING, True, False, CANCELLED, EMPTY),
    (LOADING, True, True, DEPOSITED, WAITING),
    (LOADING, False, False, OPENED, LOADING),
    (LOADING, False, True, OPENED, LOADING),
    (WAITING, True, False, DOUBT, WAITING),
    (WAITING, True, True, (), WAITING),
    (WAITING, False, False, FORCED, WAITING),
    (WAITING, False, True, FORCED, WAITING),
    (GRANTED, True, False, UNKNOWN_INSIDE, WAITING),
    (GRANTED, True, True, INSIDE, WAITING),
    (GRANTED, False, False, OPENED, TAKING),
    (GRANTED, False, True, OPENED, TAKING),
    (TAKING, True, False, COLLECTED, EMPTY),
    (TAKING, True, True, INSIDE, WAITING),
    (TAKING, False, False, OPENED, TAKING),
    (TAKING, False, True, OPENED, TAKING),
)


def said(where, closed, occupied):
    """What the screen says at once when the power is back."""
    if not closed:
        return (
            texts.RESUMED
            if where in (RESERVED, LOADING)
            else texts.TAKE
            if where in (GRANTED, TAKING)
            else texts.CLOSE
        )
    if where == LOADING and occupied:
        return texts.DEPOSITED
    if where in (GRANTED, TAKING):
        return texts.COLLECTED if where == TAKING and not occupied else texts.STILL_INSIDE
    return texts.WELCOME


def test_every_state_resolves_with_every_reading_of_the_sensors():
    assert len({row[:3] for row in RESOLVED}) == 24
    for where, closed, occupied, recorded, after in RESOLVED:
        story = story_in(where, closed, occupied)
        effects = story.power_on()
        assert tuple(kinds(effects)) == recorded, (where, closed, occupied)
        assert story.state.doors[1].state == after
        assert pulses(effects) == []
        assert story.text == said(where, closed, occupied)
        assert not any(isinstance(effect, Unlock) for effect in story.wait(10000))


def test_a_door_found_open_is_judged_when_it_closes():
    for where, occupied, outcome in (
        (LOADING, True, records.DEPOSITED),
        (LOADING, False, records.CANCELLED),
        (RESERVED, True, records.DEPOSITED),
        (TAKING, True, records.STILL_INSIDE),
        (TAKING, False, records.COLLECTED),
        (GRANTED, False, records.COLLECTED),
    ):
        story = story_in(where, False, occupied)
        story.power_on()
        story.wait(20000)
        assert Record(outcome, 1, 42, 1) in story.closes(1)


def test_a_door_found_open_counts_as_opened_when_it_is_pulsed():
    story = story_in(WAITING, False, True)
    story.power_on()
    assert kinds(story.asks(story.code(1) + "#"))[-3:] == [
        records.PICKUP_OPENED,
        records.PULSED,
        records.DOOR_OPENED,
    ]


def test_a_forced_door_that_stands_open_since_is_told_to_stand_open_and_not_to_have_been_forced_again():
    story = story_in(WAITING, True, True)
    assert kinds(story.opens(1)) == [records.DOOR_FORCED]
    for told in ([records.DOOR_LEFT_OPEN],) * 2 + ([],) * 20:  # more power cuts than people need to know of
        assert kinds(story.power_on()) == told
        assert story.text == texts.CLOSE
    story.wait(3600000)
    assert kinds(story.closes(1)) == [records.DOOR_CLOSED]
    assert kinds(story.opens(1)) == [records.DOOR_FORCED]
    assert kinds(story.power_on()) == [records.DOOR_LEFT_OPEN]


def test_a_forced_door_that_was_closed_meanwhile_and_is_open_after_the_next_power_cut_was_forced_again():
    story = story_in(WAITING, True, True)
    story.opens(1)
    story.closed[1] = True  # in the dark
    assert Record(records.DOOR_CLOSED, 1, 1, 1) in story.power_on()
    assert kinds(story.power_on()) == []
    story.closed[1] = False
    assert kinds(story.power_on()) == [records.DOOR_FORCED]


def test_a_forced_door_that_her_code_has_opened_since_is_hers():
    story = story_in(WAITING, True, True)
    story.opens(1)
    story.asks(story.code(1) + "#")
    assert story.state.doors[1].state == TAKING
    assert kinds(story.power_on()) == [records.DOOR_OPENED]
    story.takes(1)
    assert Record(records.COLLECTED, 1, 42, 1) in story.closes(1)


def test_an_empty_door_found_open_is_not_given_out_until_it_is_closed():
    story = story_in(EMPTY, False, False)
    story.power_on()
    story.wait(5000)
    assert story.begins_deposit(43) == 2
    story.types("**")
    assert kinds(story.closes(1)) == [records.DOOR_CLOSED]
    assert story.begins_deposit(44) == 1


def test_a_second_restart_changes_nothing_more():
    for where, closed, occupied, _, after in RESOLVED:
        story = story_in(where, closed, occupied)
        story.power_on()
        if closed:
            assert kinds(story.power_on()) == []
        else:
            story.power_on()
        assert story.state.doors[1].state == after


def test_the_code_works_after_any_restart_that_leaves_the_parcel():
    for where in (WAITING, GRANTED, TAKING):
        story = story_in(where, True, True)
        code = story.code(1)
        story.power_on()
        assert pulses(story.asks(code + "#")) == [1]


def test_a_ticket_is_spent_by_a_restart_after_its_deposit():
    story = Story()
    story.deposits(42)
    assert story.spent == set()
    assert Spend(42) in story.power_on()
    assert story.spent == {42}
    assert Spend(42) not in story.power_on()


def test_failures_survive_a_restart():
    story = Story()
    door = story.deposits(42)
    for _ in range(10):
        story.asks(story.wrong(door) + "#")
    story.power_on()
    story.asks(story.code(door) + "#")
    assert story.text == texts.ALL_DIGITS


def test_cutting_the_power_at_the_check_buys_no_free_guess():
    story = Story()
    door = story.deposits(42)
    for tries in range(1, 11):
        story.types(story.wrong(door) + "#")
        story.power_on()
        assert story.state.doors[door].failures == tries


def test_a_counter_is_not_used_again_after_a_cut():
    story = Story()
    counters = []
    for serial in range(5):
        door = story.begins_deposit(serial)
        assert door == 1
        counters.append(story.state.doors[door].counter)
        story.power_on()
        story.wait(5000)
    assert counters == [1, 2, 3, 4, 5]


def test_with_a_door_open_the_screen_says_for_a_minute_what_is_to_be_done_and_the_lamp_is_lit():
    for where in (EMPTY, RESERVED, LOADING, WAITING, GRANTED, TAKING):
        story = story_in(where, False, True)
        effects = story.power_on()
        assert [effect.on for effect in effects if isinstance(effect, Light)] == [False, True]
        for _ in range(59):
            assert story.text == said(where, False, True)
            story.wait(1000)
        story.wait(10 * 60000)
        assert story.text == texts.WELCOME  # whoever it was has gone, and the cabinet is for everybody


def test_what_became_of_an_interrupted_visit_is_said_for_twenty_seconds():
    for where in (LOADING, GRANTED, TAKING):
        story = story_in(where, True, True)
        story.power_on()
        story.wait(19900)
        assert story.text == said(where, True, True)
        story.wait(200)
        assert story.text == texts.WELCOME


def test_of_two_doors_that_are_open_each_is_spoken_of_until_it_is_closed():
    story = Story()
    story.deposits(42)
    story.wait(61000)
    story.begins_deposit(43)
    story.types("**")
    story.asks(story.code(1) + "#")
    assert [story.state.doors[number].state for number in (1, 2)] == [TAKING, LOADING]
    story.closed[1] = story.closed[2] = False
    story.power_on()
    assert (story.text, story.screen[0]) == (texts.TAKE, "Door 01 opens. Take")
    story.occupied[1] = False
    story.closes(1)
    story.wait(9000)
    assert (story.text, story.screen[0]) == (texts.RESUMED, "Door 02 is open. Put")
    story.types("1")
    story.wait(20000)
    assert story.text == texts.RESUMED
    story.closes(2)
    story.wait(9000)
    assert story.text == texts.WELCOME


def test_at_a_door_that_nobody_may_be_at_the_screen_asks_for_a_minute():
    story = story_in(WAITING, False, True)
    story.power_on()
    story.wait(59900)
    assert story.text == texts.CLOSE
    story.wait(100)
    assert story.text == texts.WELCOME


def test_somebody_at_the_keypad_does_not_make_that_minute_longer():
    story = story_in(WAITING, False, True)
    story.power_on()
    story.wait(59000)
    story.types("1")
    story.wait(61000)
    assert story.text == texts.WELCOME


def test_a_door_that_its_courier_has_left_open_is_spoken_of_no_more():
    story = story_in(LOADING, False, True)
    story.power_on()
    assert records.DOOR_LEFT_OPEN in kinds(story.wait(600000))
    story.wait(10000)
    assert story.text == texts.WELCOME
