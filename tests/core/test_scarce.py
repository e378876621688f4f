"""A journal with little room: it is kept for the pickups of the parcels that wait,
and nothing else is told until there is more.
"""

from cabinet_script import Story, kinds, sounds

from locker.contract import commands, records
from locker.core import events, texts
from locker.core.effects import BAD, Record, Send
from locker.core.state import GRANTED, RESERVE, State


def scarce(parcels=2):
    """A story with parcels behind the first doors, and room for their pickups only."""
    story = Story("SSSS")
    doors = []
    for serial in range(parcels):
        doors.append(story.deposits(serial))
        story.wait(61000)
    story.cabinet.accepting = False
    story.cabinet.room = RESERVE * parcels
    return story, doors


def test_a_minor_event_is_counted_and_told_as_a_number_when_there_is_room_again():
    story, _ = scarce()
    number = story.state.number
    for _ in range(3):
        assert kinds(story.rings()) == []
        story.wait(601000)
    assert (story.state.number, story.cabinet.dropped) == (number, 3)
    story.cabinet.room = 1000
    story.rings()
    told = [(record.kind, record.a) for record in story.log[-2:]]
    assert told == [(records.EVENTS_DROPPED, 3), (records.BELL_RUNG, 1)]
    assert story.cabinet.dropped == 0


def test_what_the_shell_has_seen_is_recorded_and_told_and_left_out_like_anything_else():
    story, _ = scarce()
    assert story.cabinet.note(records.LAMP_FAILED, story.now, 7, 8) == []
    story.cabinet.room = 1000
    effects = story.cabinet.note(records.LAMP_FAILED, story.now + 5, 7, 8)
    assert effects == [Record(records.LAMP_FAILED, 0, 7, 8), Send(False)]
    assert story.cabinet.now == story.now + 5
    assert story.cabinet.room == 999


def test_a_bell_that_was_not_recorded_has_no_connection_whatever_the_host_holds():
    story, _ = scarce()
    story.host_acknowledges()
    story.rings()
    story.wait(3000)
    assert story.text == texts.OFFLINE


def test_room_is_scarce_when_a_visit_would_take_what_the_parcels_of_others_keep():
    story, (hers, other) = scarce()
    kept = story.state.reserved(None)
    assert kept == 2 * RESERVE
    for room, is_scarce in ((kept + 12, False), (kept + 11, True)):
        story.cabinet.room = room
        assert story.cabinet.scarce(None) == is_scarce
        story.cabinet.room = room - RESERVE  # hers she may use
        assert story.cabinet.scarce(story.state.doors[hers]) == is_scarce
    assert story.state.reserved(story.state.doors[other]) == RESERVE


def test_what_happens_to_a_parcel_is_recorded_from_its_own_reserve():
    story, (hers, other) = scarce()
    room = story.cabinet.room
    for tries in range(1, 4):
        assert kinds(story.asks(story.wrong(hers) + "#")) == [records.CODE_TRIED]
        assert story.cabinet.room == room - tries
        assert story.state.reserved(None) == 2 * RESERVE - tries
        assert story.state.reserved(story.state.doors[other]) == RESERVE - tries
    story.asks(story.code(hers) + "#")
    assert story.state.reserved(None) == 2 * RESERVE - 3 - 3  # tried, opened, pulsed
    story.opens(hers)
    story.takes(hers)
    story.closes(hers)
    assert story.state.reserved(None) == RESERVE  # gone with its parcel
    story.cabinet.room, story.cabinet.accepting = 1000, True
    assert story.deposits(43) == hers
    assert story.state.reserved(None) == 2 * RESERVE  # and whole for the next one


def test_a_deposit_keeps_a_whole_reserve_from_its_beginning_whatever_is_typed_meanwhile():
    assert RESERVE == 32
    story = Story("S")
    story.deposits(1)
    story.collects(1)
    door = story.begins_deposit(42)
    assert story.state.reserved(None) == RESERVE
    story.opens(door)
    assert story.state.reserved(None) == RESERVE
    story.asks(story.wrong(door) + "#")
    story.puts(door)
    story.closes(door)
    assert story.state.reserved(None) == RESERVE


def test_a_reserve_that_is_used_up_is_not_owed():
    story, (hers, _) = scarce()
    story.cabinet.room = 1000
    for _ in range(12):
        story.asks(story.code(hers, 12) + "#")
        story.opens(hers)
        story.closes(hers)
    assert story.state.reserved(None) == RESERVE


def test_every_resident_gets_her_parcel_after_all_wrong_tries_and_each_step_is_recorded():
    story, doors = scarce(3)
    for door in doors:
        for _ in range(10):
            story.asks(story.wrong(door) + "#")
    for door in doors:
        since = len(story.log)
        story.asks(story.code(door, 12) + "#")
        story.opens(door)
        story.takes(door)
        story.closes(door)
        steps = [record.kind for record in story.log[since:] if record.kind != records.EVENTS_DROPPED]
        assert steps[:3] == [records.PICKUP_OPENED, records.PULSED, records.DOOR_OPENED]
        assert steps[-1] == records.COLLECTED
        assert story.cabinet.room > 0


def test_whoever_has_used_up_the_room_of_her_pickup_is_told_to_call_and_takes_nothing_from_others():
    story, (hers, other) = scarce()
    looks = 0
    while True:
        story.asks(story.code(hers) + "#")
        if story.text == texts.JAMMED:
            break
        looks += 1
        story.opens(hers)
        story.closes(hers)
    assert looks >= 3
    tries = story.state.doors[hers].failures
    assert kinds(story.asks(story.code(hers) + "#")) == []
    assert story.folded().doors[hers].failures == tries - 1
    assert records.COLLECTED in kinds(story.collects(other))
    assert records.COLLECTED in kinds(story.collects(hers))  # the other's room is hers now


def test_without_room_full_and_empty_doors_ask_for_all_digits_alike():
    story, (hers, _) = scarce()
    story.cabinet.room = 0
    for number, answer in ((hers, texts.JAMMED), (4, texts.UNKNOWN)):
        for _ in range(10):
            assert kinds(story.asks(f"{number:02}12345678#")) == []
            assert story.text == answer
        story.asks(f"{number:02}12345678#")
        assert story.text == texts.ALL_DIGITS
        story.asks(f"{number:02}123456789012#")
        assert story.text == answer


def test_without_room_a_parcel_behind_a_jammed_door_is_said_to_need_help():
    story, (hers, _) = scarce()
    story.cabinet.room = 1000
    story.asks(story.code(hers) + "#")
    story.wait(12000)
    assert story.state.doors[hers].state == GRANTED
    story.cabinet.room = 0
    assert sounds(story.asks(story.code(hers) + "#"))[-1] == BAD
    assert story.text == texts.JAMMED


def test_a_door_is_opened_by_order_of_the_host_from_the_reserve_of_its_own_parcel_only():
    for room, opened in ((RESERVE + 12, True), (RESERVE + 11, False)):
        story, (hers, _) = scarce()
        story.tell(events.OpenRequested(hers, story.state.doors[hers].counter))
        story.types("#")
        challenge, digits = story.cabinet.opening[:2]
        story.cabinet.room = room
        effects = story.tell(events.OpenConfirmed(challenge, digits))
        assert (records.PICKUP_OPENED in kinds(effects)) == opened


def test_without_room_a_courier_cannot_come_back():
    story = Story("SS")
    story.deposits(5)
    story.cabinet.accepting, story.cabinet.room = False, 0
    assert kinds(story.asks(story.ticket(5) + "#")) == []
    assert story.text == texts.FULL


def test_without_room_the_host_opens_nothing_and_its_commands_wait():
    story, (hers, _) = scarce()
    story.cabinet.room = 0
    command = events.Commanded(1, commands.REISSUE, hers, story.state.doors[hers].counter, 1)
    assert kinds(story.tell(command)) == []
    story.cabinet.room = 1000
    assert kinds(story.tell(command)) == [records.REISSUED, records.COMMAND_APPLIED]


def test_openings_with_no_cause_take_nothing_from_the_room_of_a_pickup():
    story, (hers, _) = scarce()
    for _ in range(5):
        assert kinds(story.opens(hers) + story.closes(hers)) == []
    assert not story.state.used.get(hers)


def test_doubt_grows_is_carried_over_an_erased_block_and_ends_with_a_new_epoch():
    state = State((1,))
    for doubt in (records.DOUBT_BEHIND, records.DOUBT_DAMAGED):
        state.fold(records.JOURNAL_DOUBT, 0, doubt, 0)
    again = State((1,))
    for record in state.door_records():
        again.fold(record.kind, record.door, record.a, record.b)
    assert again.doubt == records.DOUBT_BEHIND | records.DOUBT_DAMAGED
    again.fold(records.EPOCH_BEGUN, 0, 2, 0)
    assert again.doubt == 0
