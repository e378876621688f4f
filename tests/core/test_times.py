"""How long the cabinet waits for people, doors and the host, to the millisecond."""

from cabinet_script import PULSE_MS, Story, kinds, pulses, sounds

from locker.contract import commands, records
from locker.core import keypad, texts
from locker.core.effects import ATTENTION, Light
from locker.core.events import Commanded, ContactClosed


def until(story, happened):
    """Milliseconds until something is so; the cabinet changes nothing between its wake-ups."""
    began = story.now
    while not happened():
        times = [at for at in (story.wake, story.pulse_end) if at is not None]
        story.wait(min(times) - story.now)
    return story.now - began


def shows(story, text):
    return lambda: story.text == text


def made(story, kind):
    """Whether such a record has been made from now on."""
    before = len(story.log)
    return lambda: kind in [record.kind for record in story.log[before:]]


def at_the_couriers_question():
    story = Story()
    door = story.begins_deposit()
    story.opens(door)
    story.closed[door] = True
    story.tell(ContactClosed(door))
    assert until(story, shows(story, texts.NO_PARCEL)) == 500
    return story


def test_a_half_typed_number_is_cleared_after_twenty_seconds():
    story = Story()
    story.types("12")
    story.tell_key("3")
    assert until(story, shows(story, texts.WELCOME)) == 20000


def test_a_message_stays_for_eight_seconds():
    story = Story()
    story.types("1")
    story.tell_key("#")
    assert story.text == texts.LENGTH
    assert until(story, shows(story, texts.WELCOME)) == 8000


def test_a_courier_has_thirty_seconds_for_a_size_and_for_an_offer():
    story = Story("SM")
    story.types(story.ticket(1))
    story.tell_key("#")
    until(story, shows(story, texts.SIZES))
    assert until(story, shows(story, texts.WELCOME)) == 30000
    story.deposits(1)
    story.asks(story.ticket(2) + "#")
    story.tell_key("1")
    assert story.text == texts.LARGER
    assert until(story, shows(story, texts.WELCOME)) == 30000


def test_a_question_waits_for_a_minute_and_an_answer_counts_after_two_seconds():
    story = at_the_couriers_question()
    assert until(story, made(story, records.CANCELLED)) == 60000
    story = at_the_couriers_question()
    story.tell_key("1")
    assert until(story, made(story, records.DEPOSITED)) == 2000
    story.wait(61000)
    for keys, outcome, ms in (
        ("", records.STILL_INSIDE, 60000),
        ("2", records.STILL_INSIDE, 2000),
        ("1", records.COLLECTED, 2000),
    ):
        story.asks(story.code(1) + "#")
        story.opens(1)
        story.closed[1] = True
        story.tell(ContactClosed(1))
        assert until(story, shows(story, texts.CONFIRM)) == 500
        for key in keys:
            story.tell_key(key)
        assert until(story, made(story, outcome)) == ms


def test_a_ticket_after_ten_refused_ones_is_answered_after_fifteen_seconds():
    story = Story()
    invented = story.ticket(42)[:-1] + ("0" if story.ticket(42)[-1] != "0" else "1")
    for _ in range(10):
        story.asks(invented + "#")
    story.wait(10000)
    story.types(story.ticket(42))
    story.tell_key("#")
    assert until(story, shows(story, texts.SIZES)) == 15000


def test_a_receipt_comes_three_seconds_after_closing_and_stays_for_a_minute():
    story = Story()
    door = story.begins_deposit()
    story.opens(door)
    story.puts(door)
    story.closed[door] = True
    story.tell(ContactClosed(door))
    assert until(story, shows(story, texts.RECEIPT)) == 3000
    assert until(story, shows(story, texts.WELCOME)) == 60000


def test_a_receipt_that_waits_for_the_keypad_looks_again_every_second():
    story = Story()
    story.deposits()
    deposited = story.now - 100
    story.types("1")
    story.wait(deposited + 2500 + 1000 - story.now)  # it has looked twice
    story.tell_key("*")
    assert until(story, shows(story, texts.RECEIPT)) == 1000


def test_a_deposit_may_be_withdrawn_for_a_minute():
    story = Story()
    door = story.begins_deposit(42)
    story.opens(door)
    story.puts(door)
    story.closed[door] = True
    story.tell(ContactClosed(door))
    assert until(story, lambda: 42 in story.spent) == 500 + 60000


def test_a_door_has_three_seconds_to_move_before_it_is_pulsed_again_and_a_minute_when_it_jams():
    story = Story()
    story.begins_deposit()
    story.wait(story.pulse_end - story.now)
    for _ in range(2):
        assert until(story, lambda: story.coil) == 3000
        story.wait(PULSE_MS)
    assert until(story, made(story, records.DOOR_JAMMED)) == 3000
    story.types("*")
    door = story.deposits()
    story.asks(story.code(door) + "#")
    until(story, made(story, records.DOOR_JAMMED))
    assert until(story, made(story, records.STILL_INSIDE)) == 60000


def test_an_open_door_is_reminded_of_after_a_minute_then_every_15_seconds_and_reported_after_two_minutes():
    story = Story()
    door = story.begins_deposit()
    story.opens(door)
    opened = story.now
    heard = []
    while not heard or heard[-1] < 105000:
        before = len(story.effects)
        story.wait(story.wake - story.now)
        if ATTENTION in sounds(story.effects[before:]):
            heard.append(story.now - opened)
    assert heard == [60000, 75000, 90000, 105000]
    assert until(story, made(story, records.DOOR_LEFT_OPEN)) == 15000


def test_a_forced_door_that_bounces_is_reminded_of_and_reported_like_any_other():
    story = Story()
    story.opens(1)
    story.tell(ContactClosed(1))
    assert kinds(story.opens(1)) == []
    assert until(story, made(story, records.DOOR_LEFT_OPEN)) == 120000


def test_patience_is_for_people_and_not_for_doors():
    story = Story()
    story.tell(Commanded(1, commands.SET_PATIENCE, 0, 0, 2))
    story.begins_deposit()
    story.wait(story.pulse_end - story.now)
    assert until(story, lambda: story.coil) == 3000
    story.opens(1)
    assert until(story, shows(story, texts.CLOSE)) == 120000
    story.closed[1] = True
    story.tell(ContactClosed(1))
    assert until(story, made(story, records.DOOR_CLOSED)) == 500
    assert until(story, made(story, records.CANCELLED)) == 120000
    door = story.deposits()
    story.asks(story.code(door) + "#")
    until(story, made(story, records.DOOR_JAMMED))
    assert until(story, made(story, records.STILL_INSIDE)) == 60000


def test_the_bell_waits_three_seconds_for_the_host_and_what_it_says_stays_for_a_minute():
    story = Story()
    story.rings()
    assert until(story, shows(story, texts.OFFLINE)) == 3000
    story.host_acknowledges()
    assert story.text == texts.BELL
    assert until(story, shows(story, texts.WELCOME)) == 60000
    story.rings()
    story.host_acknowledges()
    assert until(story, shows(story, texts.WELCOME)) == 60000
    story.rings()
    story.answers_the_bell()
    assert until(story, shows(story, texts.WELCOME)) == 60000


def test_the_light_stays_for_thirty_seconds():
    story = Story()
    for _ in range(2):
        effects = story.tell_key("1")
        assert [effect.on for effect in effects if isinstance(effect, Light)] == [True]
        assert until(story, lambda: not story.lit) == 30000


def test_the_bell_rung_after_ten_quiet_minutes_calls_again():
    story = Story()
    story.rings()
    story.wait(599999)
    assert kinds(story.rings()) == []
    story.wait(600000)
    assert kinds(story.rings()) == [records.BELL_RUNG]


def test_what_is_only_counted_is_recorded_an_hour_after_the_first():
    story = Story()
    began = story.now
    for _ in range(4):
        story.opens(2)
        story.closes(2)
    until(story, made(story, records.DOOR_FLAPPED))
    assert story.now - began == 3600000


def test_nothing_is_waited_for_when_nobody_has_come():
    story = Story()
    story.types("1")
    until(story, lambda: story.wake is None)
    assert story.cabinet.mode == keypad.IDLE
    assert pulses(story.effects) == []
