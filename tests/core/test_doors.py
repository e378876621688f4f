"""Doors that are left open, forced or slow, and coils that take turns."""

from cabinet_script import PULSE_MS, Story, kinds, pulses, sounds

from locker.contract import records
from locker.core import events, keypad, texts
from locker.core.effects import ALARM, ATTENTION, Record, Send


def test_an_open_door_is_reminded_of_after_a_minute_and_reported_after_two():
    story = Story()
    door = story.deposits(42)
    story.asks(story.code(door) + "#")
    story.opens(door)
    assert ATTENTION not in sounds(story.wait(59900))
    assert ATTENTION in sounds(story.wait(100))
    assert story.text == texts.CLOSE
    effects = story.wait(59900)
    assert sounds(effects).count(ATTENTION) == 3
    assert records.DOOR_LEFT_OPEN not in kinds(effects)
    effects = story.wait(100)
    at = effects.index(Record(records.DOOR_LEFT_OPEN, door, 0, 1))
    assert type(effects[at + 1]) is Send
    assert story.text == texts.CLOSE
    assert kinds(story.wait(600000)) == []
    assert story.text == texts.WELCOME


def test_a_door_that_closes_after_the_last_reminder_is_closed():
    story = Story()
    door = story.deposits(42)
    story.asks(story.code(door) + "#")
    story.opens(door)
    story.wait(110000)
    story.takes(door)
    assert kinds(story.closes(door)) == [records.DOOR_CLOSED, records.COLLECTED]


def test_a_door_that_moves_after_the_third_pulse_has_opened():
    story = Story()
    door = story.deposits(42)
    story.asks(story.code(door) + "#")
    assert pulses(story.wait(9000)) == [door, door]
    assert kinds(story.opens(door)) == [records.DOOR_OPENED]
    assert kinds(story.wait(5000)) == []


def test_a_door_left_open_is_judged_when_it_closes_at_last():
    story = Story()
    door = story.deposits(42)
    story.asks(story.code(door) + "#")
    story.opens(door)
    story.takes(door)
    story.wait(3600000)
    assert Record(records.COLLECTED, door, 42, 1) in story.closes(door)


def test_a_door_that_opens_with_no_cause_is_an_urgent_alarm():
    story = Story()
    door = story.deposits(42)
    effects = story.opens(door)
    at = effects.index(Record(records.DOOR_FORCED, door, 0, 1))
    assert type(effects[at + 1]) is Send
    assert effects[at + 1].urgent
    assert ALARM in sounds(effects)
    assert story.text == texts.CLOSE
    story.takes(door)
    assert kinds(story.closes(door)) == [records.DOOR_CLOSED, records.SENSOR_FAULT]
    assert pulses(story.asks(story.code(door) + "#")) == [door]


def test_a_door_that_bounces_while_closing_is_open_still():
    story = Story()
    door = story.begins_deposit(42)
    story.opens(door)
    story.puts(door)
    for _ in range(5):
        story.closed[door] = True
        story.tell(events.ContactClosed(door))
        story.wait(300)
        assert kinds(story.opens(door)) == []
    assert kinds(story.closes(door)) == [records.DOOR_CLOSED, records.DEPOSITED]


def test_a_door_that_bounced_open_is_reminded_of_too():
    story = Story()
    door = story.begins_deposit(42)
    story.opens(door)
    story.closed[door] = True
    story.tell(events.ContactClosed(door))
    story.wait(300)
    story.opens(door)
    assert ATTENTION not in sounds(story.wait(59900))
    assert ATTENTION in sounds(story.wait(100))


def test_a_couriers_door_left_open_frees_the_keypad():
    story = Story()
    door = story.begins_deposit(42)
    story.opens(door)
    effects = story.wait(120000)
    assert story.text == texts.CLOSE
    assert records.DOOR_LEFT_OPEN in kinds(effects)
    story.types("*")
    assert story.text == texts.WELCOME
    assert kinds(story.closes(door)) == [records.DOOR_CLOSED, records.CANCELLED]
    assert story.text == texts.WELCOME


def test_a_door_waits_for_its_turn_while_another_coil_is_on():
    story = Story()
    first = story.deposits(1)
    second = story.deposits(2)
    story.asks(story.code(first) + "#")
    began = story.pulse_end - PULSE_MS
    story.types(story.code(second))
    story.wait(began + 3000 - story.now)
    story.tell_key("#")  # answered 500 ms later, when the first door, which did not move, is pulsed again
    effects = story.wait(790)
    assert pulses(effects) == [first]
    assert kinds(effects) == [records.PULSED, records.PICKUP_OPENED]
    assert story.coil == first
    effects = story.wait(20)
    assert pulses(effects) == [second]
    assert story.coil == second


def test_an_end_of_a_pulse_that_nobody_began_means_nothing():
    story = Story()
    assert story.tell(events.UnlockEnded(2)) == []
    assert story.begins_deposit() == 1
    assert story.tell(events.UnlockEnded(2)) == []
    assert story.cabinet.unlocking == 1
    other = Story("MS")
    assert other.begins_deposit() == 2
    assert other.tell(events.UnlockEnded(1)) == []
    assert other.cabinet.unlocking == 2


def test_a_jammed_door_gets_no_parcel_until_it_has_moved():
    story = Story("SS")
    story.asks(story.ticket(42) + "#")
    story.types("1")
    story.wait(12000)
    story.types("*")
    for _ in range(2):
        story.asks(story.ticket(42) + "#")
        assert pulses(story.types("1")) == [2]
        story.opens(2)
        story.types("*")
        story.closes(2)
        story.types("*")
        story.wait(61000)
    story.opens(1)
    story.closes(1)
    story.asks(story.ticket(42) + "#")
    assert pulses(story.types("1")) == [1]


def test_a_jam_with_nobody_at_the_keypad_cancels_the_deposit():
    story = Story()
    parcel = story.deposits(1)
    story.begins_deposit(2)
    story.types(story.code(parcel))
    effects = story.wait(12000)
    assert kinds(effects)[-2:] == [records.DOOR_JAMMED, records.CANCELLED]
    assert story.text == texts.ENTRY


def test_a_parcel_put_in_through_a_door_whose_contact_is_stuck_is_deposited():
    story = Story()
    door = story.begins_deposit(42)
    story.puts(door)  # the contact says closed all the time
    effects = story.wait(12000)
    assert kinds(effects)[-2:] == [records.DOOR_JAMMED, records.DEPOSITED]
    assert story.text == texts.DEPOSITED
    assert story.cabinet.mode == keypad.IDLE
    assert pulses(story.asks(story.code(door) + "#")) == [door]
