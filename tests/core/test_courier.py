"""The courier's visit, with what can be otherwise than ordinary."""

from cabinet_script import Story, kinds, pulses, sounds

from locker.contract import records
from locker.core import events, keypad, texts
from locker.core.effects import BAD, GOOD, Record, Send, Spend


def test_a_parcel_counts_as_deposited_only_when_closed_and_seen():
    story = Story()
    door = story.begins_deposit()
    assert records.DEPOSITED not in kinds(story.opens(door))
    assert records.DEPOSITED not in kinds(story.puts(door))
    assert records.DEPOSITED not in kinds(story.wait(30000))
    assert Record(records.DEPOSITED, door, 42, 1) in story.closes(door)
    assert story.text == texts.DEPOSITED


def test_the_counter_is_reserved_before_the_door_moves():
    story = Story()
    story.asks(story.ticket(42) + "#")
    assert story.text == texts.SIZES
    effects = story.types("1")
    assert story.text == texts.PUT
    reserved = effects.index(Record(records.DEPOSIT_STARTED, 1, 42, 1))
    assert reserved < effects.index(Record(records.PULSED, 1, 1, 1))


def test_a_ticket_is_good_for_one_deposit():
    story = Story()
    story.deposits(42)
    story.wait(61000)
    assert story.spent == {42}
    story.asks(story.ticket(42) + "#")
    assert story.text == texts.USED
    assert pulses(story.types("1")) == []


def test_a_ticket_whose_door_is_still_open_opens_no_other():
    story = Story()
    story.opens(story.begins_deposit(42))
    story.asks(story.ticket(42) + "#")
    assert story.text == texts.USED


def test_a_ticket_whose_door_waits_for_its_turn_opens_no_other():
    story = Story()
    parcel = story.deposits(1)
    story.asks(story.code(parcel) + "#")
    story.pulse_end += 10000  # its coil takes very long
    story.asks(story.ticket(42) + "#")
    story.types("1")
    story.asks(story.ticket(42) + "#")
    assert story.text == texts.USED
    assert pulses(story.wait(12000))[0] == 2


def test_a_door_in_use_is_in_nobody_elses_way():
    story = Story("SSS")
    story.opens(story.begins_deposit(42))
    assert story.begins_deposit(41) == 2
    assert story.begins_deposit(43) == 3


def test_a_ticket_is_spent_by_the_next_number_at_the_latest():
    story = Story()
    story.deposits(42)
    assert story.spent == set()
    effects = story.asks(story.ticket(43) + "#")
    assert Spend(42) in effects
    story.types("*")
    story.asks(story.ticket(42) + "#")
    assert story.text == texts.USED


def test_the_same_ticket_opens_the_door_again_within_a_minute():
    story = Story()
    door = story.deposits(42)
    old_code = story.code(door)
    effects = story.asks(story.ticket(42) + "#")
    made = [effect for effect in effects if isinstance(effect, Record)]
    assert made == [
        Record(records.WITHDRAWN, door, 42, 1),
        Record(records.DEPOSIT_STARTED, door, 42, 2),
        Record(records.PULSED, door, 1, 2),
    ]
    assert story.text == texts.PUT
    story.opens(door)
    story.closes(door)
    assert story.state.doors[door].counter == 2
    assert pulses(story.asks(old_code + "#")) == []
    assert pulses(story.asks(story.code(door) + "#")) == [door]


def test_a_withdrawn_parcel_leaves_the_ticket_good():
    story = Story()
    door = story.deposits(42)
    story.asks(story.ticket(42) + "#")
    story.opens(door)
    story.takes(door)
    story.closes(door)
    assert kinds(story.types("*")) == [records.CANCELLED]
    story.wait(120000)
    assert story.spent == set()
    assert story.deposits(42) == door
    assert story.state.doors[door].counter == 3


def test_a_courier_cannot_reopen_later_or_after_someone_else():
    story = Story()
    story.deposits(42)
    story.wait(60000)
    assert pulses(story.asks(story.ticket(42) + "#")) == []
    other = Story()
    door = other.deposits(42)
    other.asks(other.wrong(door) + "#")
    assert pulses(other.asks(other.ticket(42) + "#")) == []


def two_couriers(story):
    """Ticket 1 at a door that was left open, ticket 2 at another that is still open; both doors."""
    first = story.begins_deposit(1)
    story.opens(first)
    second = story.begins_deposit(2)
    story.opens(second)
    return first, second


def test_a_deposit_at_another_door_does_not_end_this_couriers_visit():
    story = Story()
    first, second = two_couriers(story)
    story.puts(first)
    assert records.DEPOSITED in kinds(story.closes(first))
    assert story.text == texts.PUT
    assert records.CANCELLED not in kinds(story.closes(second))
    assert story.text == texts.NO_PARCEL


def test_the_door_that_was_closed_last_is_the_one_that_opens_again():
    story = Story()
    first, second = two_couriers(story)
    story.puts(first)
    story.closes(first)
    assert first != second
    assert pulses(story.asks(story.ticket(1) + "#")) == [first]


def test_two_deposits_without_a_number_between_spend_both_tickets():
    story = Story()
    first, second = two_couriers(story)
    for door in (second, first):
        story.puts(door)
        story.closes(door)
    assert story.spent == {2}
    story.wait(61000)
    assert story.spent == {1, 2}


def test_a_jam_at_another_door_does_not_disturb_this_courier():
    story = Story()
    story.begins_deposit(1)
    second = story.begins_deposit(2)
    story.opens(second)
    assert records.DOOR_JAMMED in kinds(story.wait(12000))
    assert story.text == texts.PUT


def test_a_courier_hears_what_the_cabinet_thinks():
    story = Story()
    assert GOOD in sounds(story.asks(story.ticket(42) + "#"))
    story.types("1")
    story.opens(1)
    assert BAD in sounds(story.closes(1))
    story.types("#")
    story.opens(1)
    story.puts(1)
    assert GOOD in sounds(story.closes(1))
    assert BAD in sounds(story.asks("123456789#"))


def test_closing_an_empty_door_asks_to_open_again_or_cancel():
    story = Story()
    door = story.begins_deposit(42)
    story.opens(door)
    effects = story.closes(door)
    assert records.CANCELLED not in kinds(effects)
    assert story.text == texts.NO_PARCEL
    assert pulses(story.types("#")) == [door]
    assert story.text == texts.PUT
    story.opens(door)
    story.puts(door)
    assert Record(records.DEPOSITED, door, 42, 1) in story.closes(door)


def test_cancelling_leaves_the_ticket_good_and_the_counter_used():
    story = Story()
    door = story.begins_deposit(42)
    story.opens(door)
    story.closes(door)
    effects = story.types("*")
    at = effects.index(Record(records.CANCELLED, door, 42, 1))
    assert type(effects[at + 1]) is Send
    assert story.spent == set()
    assert story.deposits(42) == door
    assert story.state.doors[door].counter == 2


def test_a_courier_who_walks_away_from_an_empty_closed_door_has_cancelled():
    story = Story()
    door = story.begins_deposit(42)
    story.opens(door)
    story.closes(door)
    assert records.CANCELLED in kinds(story.wait(60000))
    assert story.text == texts.WELCOME


def test_a_number_typed_at_the_question_cancels_and_counts_as_typed():
    story = Story()
    parcel = story.deposits(1)
    door = story.begins_deposit(2)
    story.opens(door)
    story.closes(door)
    effects = story.asks(story.code(parcel) + "#")
    assert records.CANCELLED in kinds(effects)
    assert pulses(effects) == [parcel]


def test_whichever_digit_a_number_begins_with_it_is_no_answer_to_the_couriers_question():
    for keys in ("0", "2", "3", "9", "11"):
        story = Story()
        story.opens(story.begins_deposit(42))
        story.closes(1)
        assert records.CANCELLED in kinds(story.types(keys))
        assert story.cabinet.mode == keypad.TYPING
        assert story.cabinet.typed == keys


def test_a_star_at_the_open_door_leads_to_another_size():
    story = Story()
    door = story.begins_deposit(42, "1")
    story.opens(door)
    story.types("*")
    assert story.text == texts.CHANGE
    assert records.CANCELLED in kinds(story.closes(door))
    assert story.text == texts.SIZES
    assert pulses(story.types("3")) == [4]


def test_a_courier_who_wanted_another_size_may_type_a_number_or_find_the_door_stuck():
    story = Story()
    story.opens(story.begins_deposit(42, "1"))
    story.types("*7")
    assert story.text == texts.ENTRY
    assert story.cabinet.typed == "7"
    story = Story()
    story.begins_deposit(42, "1")
    story.types("*")
    assert records.DOOR_JAMMED in kinds(story.wait(12000))
    assert story.text == texts.STUCK
    assert pulses(story.types("3")) == [4]


def test_what_the_screen_offers_of_an_empty_door_is_what_can_be_had():
    story = Story()
    door = story.begins_deposit(42)
    for _ in range(2):
        story.opens(door)
        story.closes(door)
        assert story.text == texts.NO_PARCEL
        assert pulses(story.types("#")) == [door]
    story.opens(door)
    story.closes(door)
    assert story.text == texts.NO_PARCEL_AGAIN
    assert not any("#" in row for row in story.screen)
    assert pulses(story.types("#")) == []
    assert story.text == texts.NO_PARCEL_AGAIN
    assert records.CANCELLED in kinds(story.types("*"))
    assert story.begins_deposit(42)  # the ticket is as good as before


def test_whatever_happens_at_the_door_meanwhile_the_courier_is_asked_about_what_is_inside():
    for inside in (False, True):
        story = Story()
        door = story.begins_deposit(42)
        story.opens(door)
        story.closes(door)
        assert story.text == texts.NO_PARCEL
        story.opens(door)  # pulled open once more
        if inside:
            story.puts(door)
        effects = story.closes(door)
        assert (records.DEPOSITED in kinds(effects)) == inside
        assert story.text == (texts.DEPOSITED if inside else texts.NO_PARCEL)
        assert story.cabinet.mode == (keypad.IDLE if inside else keypad.ASKING)


def test_two_stars_at_the_open_door_end_the_visit():
    story = Story()
    door = story.begins_deposit(42, "1")
    story.opens(door)
    story.types("**")
    assert story.text == texts.WELCOME
    assert records.CANCELLED in kinds(story.closes(door))
    assert story.text == texts.WELCOME


def test_a_parcel_left_in_a_cancelled_door_is_deposited_all_the_same():
    story = Story()
    door = story.begins_deposit(42)
    story.opens(door)
    story.puts(door)
    story.types("*")
    assert records.DEPOSITED in kinds(story.closes(door))


def test_sizes_are_cancelled_by_a_star_or_by_waiting():
    for act in (lambda story: story.types("*"), lambda story: story.wait(30000)):
        story = Story()
        story.asks(story.ticket(42) + "#")
        act(story)
        assert story.text == texts.WELCOME
        assert pulses(story.types("1")) == []


def test_other_keys_choose_no_size():
    story = Story()
    story.asks(story.ticket(42) + "#")
    assert pulses(story.types("#AB")) == []
    assert pulses(story.types("2")) == [3]


def test_a_digit_that_is_no_size_begins_somebodys_number():
    for digit in "0456789":
        story = Story()
        story.asks(story.ticket(42) + "#")
        assert pulses(story.types(digit)) == []
        assert story.cabinet.mode == keypad.TYPING
        assert story.cabinet.typed == digit


def test_the_host_is_told_of_a_deposit_at_once():
    story = Story()
    door = story.begins_deposit(42)
    story.opens(door)
    story.puts(door)
    effects = story.closes(door)
    told = effects[effects.index(Record(records.DEPOSITED, door, 42, 1)) + 1]
    assert type(told) is Send
    assert not told.urgent


def test_a_door_that_does_not_move_is_pulsed_three_times_then_another_is_offered():
    story = Story()
    story.asks(story.ticket(42) + "#")
    story.types("1")
    effects = story.wait(12000)
    assert pulses(effects) == [1, 1]
    made = kinds(effects)
    assert made[-2:] == [records.DOOR_JAMMED, records.CANCELLED]
    assert story.text == texts.STUCK
    assert pulses(story.types("1")) == [2]


def test_a_late_closing_still_deposits():
    story = Story()
    door = story.begins_deposit(42)
    story.opens(door)
    story.puts(door)
    assert records.DOOR_LEFT_OPEN in kinds(story.wait(300000))
    assert Record(records.DEPOSITED, door, 42, 1) in story.closes(door)
    assert story.tell(events.Woke()) is not None
