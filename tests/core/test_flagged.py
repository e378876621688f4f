"""Where a sensor cannot tell, people are asked, and nobody's parcel is given away by a silence."""

from cabinet_script import Story, kinds

from locker.contract import records
from locker.core import keypad, state, texts
from locker.core.effects import Record


def flat_deposit(story, serial=42):
    """A courier whose parcel nothing sees; the door."""
    door = story.begins_deposit(serial)
    story.opens(door)
    story.wait(2000)
    story.closes(door)
    assert story.text == texts.NO_PARCEL
    effects = story.types("1") + story.wait(2100)
    assert Record(records.PARCEL_FLAGGED, door, 0, 1) in effects
    assert Record(records.DEPOSITED, door, serial, 1) in effects
    assert story.text == texts.DEPOSITED
    return door


def opens_and_closes(story, door):
    story.wait(61000)
    story.asks(story.code(door) + "#")
    story.opens(door)
    story.wait(3000)
    return story.closes(door)


def test_a_flat_parcel_is_deposited_by_the_couriers_word_and_collected_by_the_residents():
    story = Story()
    door = flat_deposit(story)
    opens_and_closes(story, door)
    assert story.text == texts.CONFIRM
    effects = story.types("1") + story.wait(2100)
    assert Record(records.COLLECTED, door, 42, 1) in effects
    assert story.text == texts.COLLECTED


def test_a_door_with_a_parcel_that_nothing_sees_is_not_given_out():
    story = Story("S")
    flat_deposit(story)
    story.wait(61000)
    story.asks(story.ticket(43) + "#")
    assert story.text == texts.FULL


def test_no_answer_another_answer_and_another_key_mean_still_inside():
    for keys in ("", "2", "#*"):
        story = Story()
        door = flat_deposit(story)
        opens_and_closes(story, door)
        effects = story.types(keys) + story.wait(61000)
        assert Record(records.STILL_INSIDE, door, 42, 1) in effects, keys
        assert records.COLLECTED not in kinds(effects)
        assert story.state.doors[door].state == state.WAITING


def test_the_beginning_of_somebodys_number_is_no_answer():
    story = Story()
    door = flat_deposit(story)
    opens_and_closes(story, door)
    effects = story.types("12")
    assert Record(records.STILL_INSIDE, door, 42, 1) in effects
    assert story.cabinet.mode == keypad.TYPING
    assert story.cabinet.typed == "12"
    story.types("*")
    opens_and_closes(story, door)
    assert Record(records.STILL_INSIDE, door, 42, 1) in story.types("7")  # no answer at all
    assert story.cabinet.typed == "7"
    assert records.COLLECTED not in kinds(story.wait(61000))


def test_the_beginning_of_a_ticket_deposits_nothing():
    story = Story()
    door = story.begins_deposit(42)
    story.opens(door)
    story.closes(door)
    effects = story.types("15")
    assert Record(records.CANCELLED, door, 42, 1) in effects
    assert story.cabinet.typed == "15"
    effects = story.wait(61000)
    assert records.DEPOSITED not in kinds(effects)


def test_when_somebody_else_is_typing_nobody_is_asked_and_the_code_stays_alive():
    story = Story()
    door = flat_deposit(story)
    story.wait(61000)
    story.asks(story.code(door) + "#")
    story.opens(door)
    story.types("9")
    effects = story.closes(door)
    assert Record(records.STILL_INSIDE, door, 42, 1) in effects
    assert story.cabinet.mode == keypad.TYPING


def test_a_parcel_that_vanishes_behind_a_closed_door_is_a_fault_told_once_and_asked_about():
    story = Story()
    door = story.deposits()
    story.wait(10000)
    # Nobody opened it: the beam has failed.
    assert Record(records.SENSOR_FAULT, door, 2, 1) in story.takes(door)
    assert kinds(story.puts(door)) == []
    assert kinds(story.takes(door)) == []
    opens_and_closes(story, door)
    assert story.text == texts.CONFIRM
    assert records.COLLECTED in kinds(story.types("1") + story.wait(2100))


def test_something_in_an_empty_closed_door_is_told_once_and_the_door_is_not_given_out():
    story = Story("S")
    assert kinds(story.puts(1)) == [records.SENSOR_FAULT]
    story.takes(1)
    assert kinds(story.puts(1)) == []
    story.asks(story.ticket(42) + "#")
    assert story.text == texts.FULL


def test_a_cut_right_behind_the_couriers_word_leaves_the_parcel_deposited():
    story = Story()
    door = story.begins_deposit(42)
    story.opens(door)
    story.closes(door)
    story.types("1")
    story.wait(2100)
    assert [record.kind for record in story.log[-2:]] == [records.PARCEL_FLAGGED, records.DEPOSITED]
    story.log.pop()
    story.number -= 1
    assert Record(records.DEPOSITED, door, 42, 1) in story.power_on()  # whatever the sensor sees


def test_a_cut_before_the_residents_answer_leaves_the_parcel_inside():
    story = Story()
    door = flat_deposit(story)
    opens_and_closes(story, door)
    assert story.text == texts.CONFIRM
    assert Record(records.STILL_INSIDE, door, 42, 1) in story.power_on()
    assert story.state.doors[door].sensor_unreliable
