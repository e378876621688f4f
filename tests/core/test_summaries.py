"""What a vandal can do over and over is counted into one record an hour:
the journal has room for the parcels.
"""

from cabinet_script import Story, kinds, pulses

from locker.contract import records
from locker.core import keypad, texts
from locker.core.effects import ALARM, Record
from locker.core.events import SupplyLow, Tampered


def test_wrong_codes_after_the_tenth_are_counted_into_one_record_an_hour():
    story = Story()
    door = story.deposits()
    story.wait(61000)
    made = [kind for _ in range(60) for kind in kinds(story.asks(story.wrong(door, 12) + "#"))]
    assert made == [records.CODE_TRIED] * 10
    effects = story.wait(3600000)
    assert [effect for effect in effects if isinstance(effect, Record)] == [
        Record(records.CODES_TRIED, 0, 50, 0)
    ]
    story.asks(story.wrong(door, 12) + "#")
    effects = story.wait(3600000)
    assert [effect for effect in effects if isinstance(effect, Record)] == [
        Record(records.CODES_TRIED, 0, 1, 0)
    ]
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
    made = []
    for _ in range(5):  # a new hour
        made += kinds(story.opens(2))
        story.closes(2)
    assert made == [records.DOOR_FORCED] * 3
    assert Record(records.DOOR_FLAPPED, 0, 2, 0) in story.wait(3600000)
    assert Record(records.DOOR_FLAPPED, 0, 0, 0) in story.wait(3600000)
    assert kinds(story.wait(7200000)) == []


def test_an_hour_ends_for_a_door_that_was_told_of_each_time_as_well():
    story = Story()
    for _ in range(2):
        story.opens(2)
        story.closes(2)
    assert [effect for effect in story.wait(3600000) if isinstance(effect, Record)] == [
        Record(records.DOOR_FLAPPED, 0, 0, 0)
    ]
    assert story.state.flaps == {}
    assert Record(records.SUPPLY_LOW, 1, 9100, 0) in story.tell(SupplyLow(1, 9100))


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


def test_tampering_and_a_low_supply_are_told_at_once_and_then_once_an_hour():
    story = Story()
    assert Record(records.TAMPERED, 0, 0, 0) in story.tell(Tampered())
    assert any(getattr(effect, "sound", 0) == ALARM for effect in story.tell(Tampered()))
    assert kinds(story.tell(Tampered())) == []
    assert Record(records.SUPPLY_LOW, 3, 9100, 0) in story.tell(SupplyLow(3, 9100))
    assert kinds(story.tell(SupplyLow(3, 9000))) == []
    effects = story.wait(3600000)
    assert Record(records.TAMPERED, 0, 2, 0) in effects
    assert Record(records.SUPPLY_LOW, 0, 1, 0) in effects
    assert kinds(story.tell(Tampered())) == []
    assert Record(records.TAMPERED, 0, 1, 0) in story.wait(3600000)
    assert kinds(story.wait(3600000)) == []
    assert kinds(story.tell(Tampered())) == [records.TAMPERED]


def test_a_door_that_flaps_across_power_cuts_is_told_three_times_as_well():
    story = Story()
    before = len(story.log)
    for _ in range(20):
        story.opens(2)
        story.closes(2)
        story.power_on()
    told = [record.kind for record in story.log[before:]]
    assert told.count(records.DOOR_FORCED) == 3
    # What was only counted is lost with the power.
    assert Record(records.DOOR_FLAPPED, 0, 0, 0) in story.wait(3600000)
    assert kinds(story.opens(2)) == [records.DOOR_FORCED]


def visits_in_vain(story, times):
    for serial in range(1, times + 1):
        story.opens(story.begins_deposit(serial))
        story.closes(1)
        story.types("*")
        story.wait(2000)


def withdraws(story, times):
    for _ in range(times):
        story.deposits(42)
        story.asks(story.ticket(42) + "#")
        story.opens(1)
        story.takes(1)
        story.closes(1)
        story.types("*")
        story.wait(2000)


def ticket_ms(story):
    """How long a ticket takes now, when the floor is over."""
    story.types(story.ticket(99))
    story.tell_key("#")
    asked = story.now
    while story.text != texts.SIZES:
        story.wait(20)
    story.types("*")
    story.wait(2000)
    return story.now - 2100 - asked


def test_it_is_the_tenth_visit_in_vain_that_makes_tickets_slow_in_each_hour():
    # Whoever withdraws and cancels has come in vain twice.
    for visits, each in ((visits_in_vain, 1), (withdraws, 2)):
        story = Story()
        for _ in range(2):
            visits(story, 9 // each)
            assert ticket_ms(story) == 500
            for _ in range(2):
                visits(story, 1)
                assert ticket_ms(story) == 15000
            story.wait(3600000)


def test_ten_visits_that_come_to_nothing_make_the_next_one_slow_but_not_refused():
    story = Story()
    for serial in range(1, 11):
        door = story.begins_deposit(serial)
        story.opens(door)
        story.closes(door)
        story.types("*")
    asked = story.now
    story.asks(story.ticket(11) + "#")
    assert story.now - asked >= 15000
    assert story.text == texts.SIZES
    story.types("*")
    story.wait(3600000)
    asked = story.now
    story.asks(story.ticket(11) + "#")
    assert story.now - asked < 5000


def test_a_courier_who_opens_and_closes_for_ever_types_the_ticket_again_after_three_openings():
    story = Story()
    openings = 0
    door = story.begins_deposit(42)
    while story.text != texts.NO_PARCEL_AGAIN:
        openings += 1
        story.opens(door)
        story.closes(door)
        if story.text == texts.NO_PARCEL:
            story.types("#")
    assert openings == 3
    story.wait(61000)
    assert story.cabinet.mode == keypad.IDLE
    assert not story.state.doors[door].state
    assert story.begins_deposit(42)


def test_a_courier_who_changes_the_size_for_ever_types_the_ticket_again_after_three_openings():
    story = Story("SSSSSSSS")
    openings = 0
    door = story.begins_deposit(42)
    while story.text != texts.WELCOME:
        openings += 1
        story.opens(door)
        story.types("*")
        story.closes(door)
        if story.text == texts.SIZES:
            door = pulses(story.types("1"))[0]
    assert openings == 3
    assert story.cabinet.mode == keypad.IDLE


def test_a_person_at_the_host_answers_the_bell_and_the_screen_says_so():
    story = Story()
    story.rings()
    assert story.text == texts.BELL
    story.answers_the_bell()
    assert story.text == texts.ANSWERED
    story.wait(5000)
    assert story.text != texts.OFFLINE
