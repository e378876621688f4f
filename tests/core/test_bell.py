"""The bell raises an alarm at once, and the screen promises nothing.

Theorem: whatever the order of rings, their way to the host, its answer and its way back, each ring is told
once, and what was rung after a call was taken is never part of what the screen says is answered.
"""

import random

from cabinet_script import Story, kinds, pulses, sounds

from locker.contract import commands, records
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
    call = story.number
    story.wait(1000)
    story.rings()
    story.wait(3600000)
    assert (story.log[-1].kind, story.log[-1].b) == (records.BELL_RUNG, call)
    story.host_acknowledges(call)
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
    assert kinds(story.answers_the_bell()) == [records.COMMAND_APPLIED]
    assert story.text == texts.ANSWERED
    assert Record(records.BELL_RUNG, 0, 1, 0) in story.rings()


def test_who_rings_after_the_call_was_taken_is_heard_though_the_answer_is_still_on_its_way():
    story = Story()
    story.rings()
    call = story.number
    story.host_acknowledges()
    story.wait(20000)  # a person takes the call, and the link goes away
    effects = story.rings()
    at = effects.index(Record(records.BELL_RUNG, 0, 1, 0))
    assert effects[at + 1].urgent
    story.wait(5000)
    assert story.text == texts.OFFLINE
    story.orders(commands.ANSWER_BELL, a=call)
    assert not story.log[-1].b & 1
    assert story.text == texts.OFFLINE
    story.host_acknowledges()
    story.answers_the_bell()
    assert story.text == texts.ANSWERED


def test_an_answer_that_finds_ringing_which_was_only_counted_brings_it_to_the_host_as_another_call():
    story = Story()
    story.rings()
    call = story.number
    for _ in range(3):  # before the host is known to hold the call
        story.wait(1000)
        assert kinds(story.rings()) == []
    effects = story.orders(commands.ANSWER_BELL, a=call)
    assert kinds(effects) == [records.BELL_RUNG, records.COMMAND_APPLIED]
    assert Record(records.BELL_RUNG, 0, 3, 0) in effects
    assert not story.log[-1].b & 1
    assert story.text == texts.BELL


def test_a_burst_of_rings_is_told_before_a_person_can_have_taken_the_call_so_that_one_answer_serves_it():
    story = Story()
    for _ in range(5):
        story.rings()
        story.host_acknowledges()
        story.wait(700)
    story.wait(12000)
    assert sum(record.a for record in story.log if record.kind == records.BELL_RUNG) == 5
    story.host_acknowledges()
    assert kinds(story.answers_the_bell()) == [records.COMMAND_APPLIED]
    assert story.text == texts.ANSWERED


def test_ringing_that_is_told_later_takes_the_screen_from_nobody_who_has_come_to_the_keypad_meanwhile():
    story = Story()
    story.rings()
    story.host_acknowledges()
    story.wait(1000)
    story.rings()
    story.types("0")
    story.wait(8000)  # it was told at 3 s, and the host is silent
    assert story.text == texts.ENTRY
    story.types("*")
    assert story.text == texts.OFFLINE


def test_who_rings_all_day_where_the_host_hears_it_is_told_seldom():
    story = Story()
    told = []
    for seconds in range(0, 3600, 4):
        story.rings()
        story.tell(HostAcknowledged(story.number))
        story.wait(4000)
        told += [(seconds, one.a) for one in story.effects if type(one) is Record and one.a]
        story.effects = []
    assert len([1 for seconds, _ in told if seconds < 600]) < 12
    assert len([1 for seconds, _ in told if seconds >= 600]) < 7
    assert sum(rings for _, rings in told) + story.cabinet.counted[records.BELL_RUNG] == 900


class _Host:
    """Hears the records of a story in their order, when the link lets them pass; a person takes the last
    call, and the order that answers it arrives later.
    """

    def __init__(self, story):
        self.story = story
        self.heard = self.rings_heard = self.call = self.taken = 0
        self.pressed = 0
        self.pressed_at_take = 0

    def press(self):
        self.pressed += 1
        self.story.rings()

    def hear(self):
        for record in self.story.log[self.heard :]:
            if record.kind == records.BELL_RUNG:
                self.rings_heard += record.a
                if not record.b:
                    self.call = record.number
        self.heard = len(self.story.log)

    def acknowledge(self):
        self.hear()
        self.story.host_acknowledges()
        self.heard += 1

    def take(self):
        if self.call:
            self.taken, self.call, self.pressed_at_take = self.call, 0, self.pressed

    def answer(self):
        if self.taken:
            self.story.orders(commands.ANSWER_BELL, a=self.taken)
            self.taken = 0
            return self.story.log[-1].b & 1
        return 0


def test_no_ring_is_lost_whatever_the_order_of_take_answer_press_and_link():
    for seed in range(40):
        random.seed(seed)
        story = Story()
        host = _Host(story)
        host.hear()
        for _ in range(60):
            act = random.getrandbits(8) % 6
            if act < 2:
                host.press()
            elif act == 2:
                host.acknowledge()
            elif act == 3:
                host.hear()  # and its word of that is lost
                host.take()
            elif act == 4:
                if host.answer():
                    assert host.pressed == host.pressed_at_take, seed
            else:
                story.wait((200, 4000, 40000, 700000)[random.getrandbits(2)])
        for _ in range(4):
            host.acknowledge()
            host.take()
            host.answer()
            story.wait(1300000)
            host.acknowledge()
        assert host.rings_heard == host.pressed, seed
        assert not (host.call or host.taken), seed


def test_the_bell_interrupts_no_visit():
    story = Story()
    door = story.deposits(42)
    code = story.code(door)
    story.types(code[:5])
    story.rings()
    assert pulses(story.asks(code[5:] + "#")) == [door]
