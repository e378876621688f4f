"""What a vandal can do over and over is counted into one record an hour: the journal has room for the parcels."""

from cabinet_script import Story, kinds

from locker.core import records, texts
from locker.core.effects import ALARM, Record
from locker.core.events import BellAnswered, SupplyLow, Tampered


def test_wrong_codes_after_the_tenth_are_counted_into_one_record_an_hour():
    story = Story()
    door = story.deposits()
    story.wait(61000)
    made = [kind for _ in range(60) for kind in kinds(story.asks(story.wrong(door, 12) + "#"))]
    assert made == [records.CODE_TRIED] * 10
    effects = story.wait(3600000)
    assert [effect for effect in effects if isinstance(effect, Record)] == [Record(records.CODES_TRIED, 0, 50, 0)]
    assert kinds(story.wait(7200000)) == []


def test_a_door_that_flaps_is_told_three_times_and_then_counted():
    story = Story()
    made = []
    for _ in range(20):
        made += kinds(story.opens(2))
        made += kinds(story.closes(2))
        story.wait(5000)
    assert made == [records.DOOR_FORCED, records.DOOR_CLOSED] * 3
    assert Record(records.DOOR_FLAPPED, 0, 17, 0) in story.wait(3600000)
    assert kinds(story.opens(2)) == [records.DOOR_FORCED]  # a new hour


def test_the_closing_of_a_door_with_a_visit_is_always_told():
    story = Story()
    for _ in range(5):
        story.opens(1)
        story.closes(1)
        story.wait(5000)
    assert story.begins_deposit(42) == 1
    story.opens(1)
    story.puts(1)
    assert kinds(story.closes(1)) == [records.DOOR_CLOSED, records.DEPOSITED]


def test_tampering_and_a_low_supply_are_told_once_a_minute():
    story = Story()
    assert kinds(story.tell(Tampered())) == [records.TAMPERED]
    assert any(getattr(effect, "sound", 0) == ALARM for effect in story.tell(Tampered()))
    assert kinds(story.tell(Tampered())) == []
    assert Record(records.SUPPLY_LOW, 3, 9100, 0) in story.tell(SupplyLow(3, 9100))
    assert kinds(story.tell(SupplyLow(3, 9000))) == []
    story.wait(61000)
    assert kinds(story.tell(Tampered())) == [records.TAMPERED]


def test_a_person_at_the_host_answers_the_bell_and_the_screen_says_so():
    story = Story()
    story.rings()
    assert story.text == texts.BELL
    story.tell(BellAnswered())
    assert story.text == texts.ANSWERED
    story.wait(5000)
    assert story.text != texts.OFFLINE
