"""A board that an older image of its flash has put back says which ticket key it has,
before it takes parcels again.
"""

from cabinet_script import Story

from locker.contract import codes, commands, records
from locker.core import keypad, texts
from locker.core.effects import Record

HERS = 1
ODD = 1 << 16  # in records, of an odd generation


def test_a_turn_that_has_to_wait_says_which_key_is_present():
    story = Story()
    story.orders(commands.TURN_TICKETS, a=1)
    story.asks(story.ticket(HERS, 0) + "#")
    made = story.orders(commands.TURN_TICKETS, a=2)
    assert [effect for effect in made if type(effect) is Record] == [
        Record(records.TICKETS_TURNED, 0, 1, 0),
        Record(records.COMMAND_APPLIED, 0, 2, 1 << 1),
    ]


def test_a_journal_that_was_in_doubt_says_its_key_before_it_takes_parcels_again():
    """The image that was put back may be of before a turn, while the host counts from behind it."""
    story = Story()
    story.orders(commands.TURN_TICKETS, a=1)
    story.doubts()
    assert not deposits_are_taken(story)
    made = story.orders(commands.BEGIN_EPOCH, a=2 | codes.RULE << 18)
    kinds_made = [effect.kind for effect in made if type(effect) is Record]
    assert kinds_made == [records.TICKETS_TURNED, records.EPOCH_BEGUN, records.COMMAND_APPLIED]
    assert Record(records.TICKETS_TURNED, 0, 1, 0) in made
    assert deposits_are_taken(story)
    made = story.orders(commands.BEGIN_EPOCH, a=3 | codes.RULE << 18)
    assert records.TICKETS_TURNED not in [effect.kind for effect in made if type(effect) is Record]


def deposits_are_taken(story):
    story.cabinet.accepting = not story.state.doubt  # as the shell has it
    story.wait(5000)
    story.asks(story.ticket(HERS + story.state.command, 1) + "#")
    taken = story.cabinet.mode == keypad.CHOOSING
    story.types("*")
    return taken


def test_a_courier_who_still_chooses_when_the_journal_comes_into_doubt_gets_no_door():
    story = Story()
    story.asks(story.ticket(HERS) + "#")
    story.doubts()
    story.cabinet.accepting = False
    story.types("1")
    assert story.text == texts.FULL
    assert story.cabinet.mode == keypad.IDLE
    assert not story.coil
    story = Story("M")
    story.asks(story.ticket(HERS) + "#")
    story.types("1")
    assert story.text == texts.LARGER
    story.cabinet.accepting = False
    story.types("#")
    assert story.text == texts.FULL
    assert not story.coil


def test_the_ticket_of_a_parcel_that_was_adopted_before_its_key_is_spent_when_it_begins():
    story = Story()
    serial = ODD | HERS
    story.orders(commands.ADOPT, 2, 5, 1 << 18 | serial)
    assert serial not in story.spent
    story.orders(commands.TURN_TICKETS, a=1)
    assert story.spent == {serial}
    story.asks(story.ticket(HERS, 1) + "#")
    assert story.text == texts.USED
