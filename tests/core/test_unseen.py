"""Doors whose sensors cannot be read: the others serve, codes open, nothing is guessed,
and what is seen later is told as it is.
"""

from cabinet_script import Story, kinds, pulses
from test_restart import EMPTY, GRANTED, LOADING, RESERVED, RESOLVED, TAKING, WAITING, said, story_in

from locker.contract import records
from locker.core import state, texts
from locker.core.effects import Record
from locker.core.events import SensorFailed


def in_the_dark(where, closed, occupied):
    """The same as a story after a power cut in `where`, with door 1 out of reach since the boot."""
    story = story_in(where, closed, occupied)
    story.dark = (1,)
    story.cabinet.away = (1,)
    story.effects = story.power_on()
    story.cabinet.away = (1,)
    return story


def test_what_a_power_cut_interrupted_behind_a_door_out_of_reach_waits_until_it_is_seen():
    for where, closed, occupied, recorded, after in RESOLVED:
        story = in_the_dark(where, closed, occupied)
        assert kinds(story.effects) == []
        assert kinds(story.wait(3600000)) == []
        assert story.state.doors[1].state == where
        assert tuple(kinds(story.sees(1))) == recorded, (where, closed, occupied)
        assert story.state.doors[1].state == after
        assert story.text == said(where, closed, occupied)


def test_the_other_doors_serve_meanwhile():
    story = in_the_dark(LOADING, True, False)
    door = story.deposits(43)
    assert door == 2
    assert story.collects(door)[-1] is not None
    assert story.state.doors[door].state == state.EMPTY


def test_no_parcel_is_put_behind_a_door_out_of_reach_until_it_can_be_reached():
    story = Story("S")
    story.cabinet.away = (1,)
    story.asks(story.ticket(42) + "#")
    assert story.text == texts.FULL
    story.cabinet.away = ()
    assert story.deposits(42) == 1


def test_a_code_opens_a_door_whose_contact_nobody_can_read_and_nothing_false_is_recorded():
    for where in (WAITING, GRANTED, TAKING):
        story = in_the_dark(where, True, True)
        assert pulses(story.asks(story.code(1) + "#")) == [1]
        story.closed[1] = story.occupied[1] = False  # she takes her parcel, and leaves the door open
        told = kinds(story.wait(120000))
        assert {records.COLLECTED, records.DOOR_FORCED, records.DOOR_OPENED, records.SENSOR_FAULT} & set(
            told
        ) == set()
        assert story.state.doors[1].state == WAITING  # her code stays good
        assert kinds(story.sees(1)) == [records.DOOR_OPENED]
        assert kinds(story.closes(1)) == [records.DOOR_CLOSED, records.SENSOR_FAULT]
        assert story.state.doors[1].state == WAITING


def test_a_door_that_is_seen_in_the_midst_of_a_pickup_is_judged_as_ever():
    story = in_the_dark(WAITING, True, True)
    story.asks(story.code(1) + "#")
    story.wait(500)
    assert kinds(story.sees(1)) == []  # it has not moved yet
    story.closed[1] = False
    assert kinds(story.sees(1)) == [records.DOOR_OPENED]
    story.takes(1)
    assert Record(records.COLLECTED, 1, 42, 1) in story.closes(1)


def test_a_door_that_closes_out_of_sight_is_judged_when_it_is_seen():
    story = Story()
    door = story.deposits(42)
    story.asks(story.code(door) + "#")
    story.opens(door)
    story.closed[door], story.occupied[door] = True, False
    assert kinds(story.sees(door)) == []
    assert Record(records.COLLECTED, door, 42, 1) in story.wait(600)


def test_a_door_that_was_opened_out_of_sight_without_a_pulse_was_forced():
    story = Story()
    door = story.deposits(42)
    story.wait(61000)
    assert kinds(story.sees(door)) == []
    story.closed[door] = False
    assert kinds(story.sees(door)) == [records.DOOR_FORCED]


def test_a_parcel_that_went_out_of_sight_is_nobodys_guess():
    story = Story()
    door = story.deposits(42)
    story.wait(61000)
    story.occupied[door] = False
    assert kinds(story.sees(door)) == [records.SENSOR_FAULT]
    assert story.state.doors[door].state == WAITING


def test_a_door_that_is_seen_at_last_takes_the_screen_from_nobody():
    for where, closed in ((LOADING, True), (TAKING, False), (RESERVED, True), (EMPTY, True)):
        story = in_the_dark(where, closed, True)
        story.types("0")
        story.sees(1)
        assert story.text == texts.ENTRY
        story.types("*")
        assert story.text == (texts.TAKE if not closed else texts.WELCOME)


def test_a_sensor_that_cannot_be_read_makes_its_parcel_one_that_is_collected_by_key():
    story = Story()
    door = story.deposits(42)
    story.wait(61000)
    assert kinds(story.tell(SensorFailed(door))) == [records.SENSOR_FAULT]
    assert kinds(story.tell(SensorFailed(door))) == []
    story.asks(story.code(door) + "#")
    story.opens(door)
    story.closes(door)
    assert story.text == texts.CONFIRM
