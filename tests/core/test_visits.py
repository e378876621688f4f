"""The ordinary course: a courier deposits, a resident collects."""

from cabinet_script import Story, kinds, pulses

from locker.contract import records
from locker.core import texts
from locker.core.effects import Record, Send, Unlock


def test_a_parcel_lives_from_ticket_to_collection():
    story = Story()
    door = story.deposits()
    assert door == 1
    story.collects(door)
    assert [record.kind for record in story.log] == [
        records.BOOTED,
        records.DEPOSIT_STARTED,
        records.PULSED,
        records.DOOR_OPENED,
        records.DOOR_CLOSED,
        records.DEPOSITED,
        records.CODE_TRIED,
        records.PICKUP_OPENED,
        records.PULSED,
        records.DOOR_OPENED,
        records.DOOR_CLOSED,
        records.COLLECTED,
    ]
    assert story.text == texts.COLLECTED


def test_a_code_opens_its_door_exactly_once():
    story = Story()
    door = story.deposits()
    code = story.code(door)
    assert pulses(story.asks(code + "#")) == [door]
    story.opens(door)
    story.takes(door)
    story.closes(door)
    assert pulses(story.asks(code + "#")) == []
    assert story.text == texts.UNKNOWN


def test_every_step_is_recorded_before_the_coil_moves():
    story = Story()
    door = story.deposits()
    effects = story.asks(story.code(door) + "#")
    opened = effects.index(Record(records.PICKUP_OPENED, door, 0, 1))
    assert type(effects[opened + 1]) is Send
    assert effects[opened + 1].urgent
    pulsed = effects.index(Record(records.PULSED, door, 1, 1))
    assert type(effects[pulsed + 1]) is Unlock
    assert kinds(effects) == [records.CODE_TRIED, records.PICKUP_OPENED, records.PULSED]
