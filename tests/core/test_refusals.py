"""Whoever invents tickets is slowed, across power cuts, and nobody else is."""

from cabinet_script import Story, kinds, pulses

from locker.contract import records
from locker.core import keypad, texts
from locker.core.effects import Record, Send


def test_an_invented_ticket_is_refused_and_counted():
    story = Story()
    invented = story.ticket(42)[:-1] + ("0" if story.ticket(42)[-1] != "0" else "1")
    effects = story.asks(invented + "#")
    assert Record(records.TICKET_REFUSED, 0, 1, 1) in effects
    assert story.text == texts.UNKNOWN
    assert pulses(story.types("1")) == []


def refused(story, times):
    """Asks with an invented ticket so often; the records that makes."""
    invented = story.ticket(42)[:-1] + ("0" if story.ticket(42)[-1] != "0" else "1")
    return [
        effect for _ in range(times) for effect in story.asks(invented + "#") if isinstance(effect, Record)
    ]


def test_ten_refused_tickets_are_journaled_at_once_and_more_once_an_hour():
    story = Story()
    assert refused(story, 10) == [Record(records.TICKET_REFUSED, 0, 1, 1 + count) for count in range(10)]
    assert refused(story, 40) == []
    effects = story.wait(3600000)
    assert any(isinstance(effect, Send) for effect in effects)
    made = [effect for effect in effects if isinstance(effect, Record)]
    assert made == [Record(records.TICKET_REFUSED, 0, 40, 10)]  # there were more: the answers stay slow
    made = [effect for effect in story.wait(3600000) if isinstance(effect, Record)]
    assert made == [Record(records.TICKET_REFUSED, 0, 0, 0)]  # an hour without any ends it
    assert kinds(story.wait(7200000)) == []


def test_after_ten_refused_tickets_every_ticket_takes_fifteen_seconds_and_a_code_does_not():
    story = Story()
    door = story.deposits(41)
    refused(story, 10)
    story.wait(10000)
    story.types(story.ticket(42) + "#")
    assert story.text == texts.WAIT
    story.wait(14800)
    assert story.text == texts.WAIT
    story.wait(200)
    assert story.text == texts.SIZES
    story.types("*")
    story.types(story.ticket(42) + "#*")
    assert story.text == texts.WELCOME
    assert story.cabinet.mode == keypad.IDLE
    story.wait(20000)
    assert story.text == texts.WELCOME  # the star has ended it
    story.types(story.ticket(42) + "#")
    story.wait(3000)
    story.asks(story.code(door) + "#")  # somebody does not wait for a ticket of somebody else
    assert story.text == texts.TAKE


def test_a_power_cut_does_not_make_tickets_fast_again():
    story = Story()
    refused(story, 6)
    story.power_on()
    story.wait(5000)
    refused(story, 4)
    story.power_on()
    story.wait(5000)
    story.types(story.ticket(42) + "#")
    story.wait(14000)
    assert story.text == texts.WAIT
    story.wait(3600000)
    assert story.state.refused == 0


def test_after_ten_refused_tickets_a_code_of_either_length_is_answered_as_fast_as_ever():
    for digits in (8, 12):
        story = Story()
        door = story.deposits(41)
        refused(story, 10)
        story.wait(10000)
        story.types(story.code(door, digits) + "#")
        story.wait(400)
        assert story.text == texts.TAKE
