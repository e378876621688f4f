"""The bell raises an alarm at once, and the screen promises nothing."""

from cabinet_script import Story, kinds, pulses, sounds

from locker.contract import records
from locker.core import texts
from locker.core.effects import ALARM, Light, Record, Send
from locker.core.events import HostAcknowledged, KeysLeftOut


def test_the_bell_is_told_at_once_and_lights_the_cabinet():
    story = Story()
    effects = story.rings()
    at = effects.index(Record(records.BELL_RUNG, 0, 1, 0))
    assert type(effects[at + 1]) is Send
    assert effects[at + 1].urgent
    assert ALARM in sounds(effects)
    assert [effect.on for effect in effects if isinstance(effect, Light)] == [True]
    assert story.text == texts.BELL


def test_without_the_host_the_screen_says_whom_to_call():
    story = Story()
    story.rings()
    story.wait(2900)
    assert story.text == texts.BELL
    story.wait(100)
    assert story.text == texts.OFFLINE
    assert story.screen == ("No connection. Call", "112 / 119. Go where", "people are.", "Help: @")


def test_the_screen_says_otherwise_when_the_call_arrives_after_all():
    story = Story()
    story.rings()
    story.wait(20000)
    assert story.text == texts.OFFLINE
    story.host_acknowledges()
    assert story.text == texts.BELL
    story.wait(61000)
    assert story.text == texts.WELCOME


def test_the_screen_says_so_for_as_long_as_the_call_has_not_arrived():
    story = Story()
    story.rings()
    for _ in range(24):
        story.wait(3600000)
        assert story.text == texts.OFFLINE
    assert story.rings()
    story.wait(4000)
    assert story.text == texts.OFFLINE
    story.host_acknowledges()
    assert story.text == texts.BELL


def test_a_visit_in_between_hides_a_call_that_has_not_arrived_only_while_it_lasts():
    story = Story()
    door = story.deposits(42)
    story.host_acknowledges()
    story.wait(61000)
    story.rings()
    story.wait(4000)
    story.types("0")
    assert story.text == texts.ENTRY
    story.types("*")
    assert story.text == texts.OFFLINE
    assert story.collects(door)
    story.wait(61000)
    assert story.text == texts.OFFLINE


def test_a_call_that_has_not_arrived_is_one_still_when_the_power_comes_back():
    story = Story()
    story.rings()
    story.power_on()
    story.wait(2900)
    assert story.text == texts.WELCOME
    story.wait(200)
    assert story.text == texts.OFFLINE
    story.power_on()
    story.wait(1000)
    story.host_acknowledges()
    story.wait(5000)
    assert story.text == texts.WELCOME
    story.answers_the_bell()
    assert story.text == texts.ANSWERED


def test_ringing_again_for_a_call_that_has_arrived_is_no_call_of_its_own_after_a_power_cut():
    story = Story()
    story.rings()
    story.host_acknowledges()
    story.wait(1000)
    story.rings()
    story.wait(3600000)
    assert story.log[-1].kind == records.BELL_RUNG
    story.power_on()
    story.wait(5000)
    assert story.text == texts.WELCOME


def test_a_call_that_arrives_late_takes_the_screen_from_nobody():
    story = Story()
    story.rings()
    story.wait(4000)
    story.types("0")  # somebody goes on to her parcel
    assert story.text == texts.ENTRY
    story.host_acknowledges()
    assert story.text == texts.ENTRY


def test_the_word_that_other_events_have_arrived_is_not_taken_for_the_call():
    story = Story()
    story.opens(1)
    before = story.number
    story.rings()
    story.wait(4000)
    story.tell(HostAcknowledged(before))
    assert story.text == texts.OFFLINE


def test_the_word_that_other_events_have_arrived_changes_nothing_on_the_screen():
    story = Story()
    story.opens(1)
    story.closes(1)
    story.wait(61000)
    before = story.number
    story.rings()
    story.tell(HostAcknowledged(before))
    assert story.text == texts.BELL
    story.wait(64000)
    assert story.text == texts.OFFLINE
    story.host_acknowledges()
    story.wait(64000)
    assert story.text == texts.WELCOME
    story.tell(HostAcknowledged(before))
    assert story.text == texts.WELCOME
    story.tell(KeysLeftOut("5"))
    story.tell(HostAcknowledged(before))
    assert story.text == texts.KEYS_LEFT_OUT


def test_with_the_host_the_screen_still_promises_nothing():
    story = Story()
    story.rings()
    story.host_acknowledges()
    story.wait(5000)
    assert story.text == texts.BELL
    story.wait(61000)
    story.rings()
    assert kinds(story.opens(1)) == [records.DOOR_FORCED]  # something later
    story.rings()
    story.host_acknowledges()
    story.wait(5000)
    assert story.text == texts.BELL


def test_ringing_again_is_heard_but_journaled_once_an_hour_with_the_call_that_it_belongs_to():
    story = Story()
    story.rings()
    call = story.number
    for _ in range(20):
        story.wait(60000)
        effects = story.rings()
        assert kinds(effects) == []
        assert ALARM in sounds(effects)
    assert Record(records.BELL_RUNG, 0, 20, call) in story.wait(3600000)
    story.wait(7200000)
    assert Record(records.BELL_RUNG, 0, 1, 0) in story.rings()  # as if it were the first


def test_ringing_after_ten_quiet_minutes_is_another_call():
    story = Story()
    story.rings()
    story.wait(1000)
    story.rings()
    story.wait(700000)
    assert Record(records.BELL_RUNG, 0, 2, 0) in story.rings()


def test_ringing_after_a_person_has_answered_is_another_call():
    story = Story()
    story.rings()
    story.rings()
    story.answers_the_bell()
    assert Record(records.BELL_RUNG, 0, 1, 0) in story.rings()


def test_the_bell_interrupts_no_visit():
    story = Story()
    door = story.deposits(42)
    code = story.code(door)
    story.types(code[:5])
    story.rings()
    assert pulses(story.asks(code[5:] + "#")) == [door]
