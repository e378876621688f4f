"""Theorem: a vandal who never rests adds few records an hour to the journal, however he goes about it.

The journal holds 20,000 events for 90 days without a link: nine an hour.
What is worth no record of its own is counted into one.
"""

import pytest
from cabinet_script import SIZES
from vandal import full_house, keys, keys_with_answer, read_catalogue_once

from locker.contract import records
from locker.core import events, keypad

HOUR_MS = 3_600_000
DOOR, EMPTY_DOOR = 1, 3
SPENT_SERIAL = 1
A_DOOR_ONCE = 10  # tries of a parcel that are records of their own


@pytest.fixture(scope="module", autouse=True)
def catalogue_read_once():
    with pytest.MonkeyPatch.context() as patch:
        read_catalogue_once(patch)
        yield


def guesses_short(story, number):
    keys_with_answer(story, f"{DOOR:02}27182818#")


def guesses_long(story, number):
    keys_with_answer(story, f"{DOOR:02}271828182845#")


def guesses_everywhere(story, number):
    keys_with_answer(story, f"{1 + number % len(SIZES):02}271828182845#")


def guesses_at_no_door(story, number):
    keys_with_answer(story, "7727182818#")


def invents_tickets(story, number):
    keys_with_answer(story, "271828182#")
    story.wait(16_000)


def invents_tickets_impatiently(story, number):
    keys(story, "271828182#", 100)


def uses_a_spent_ticket(story, number):
    keys_with_answer(story, story.ticket(SPENT_SERIAL) + "#")


def types_half_numbers(story, number):
    keys(story, "123#45*6", 100)


def rings(story, number):
    story.rings()
    story.wait(1000)


def flaps_a_broken_door(story, number):
    story.opens(EMPTY_DOOR)
    story.wait(500)
    story.closes(EMPTY_DOOR)


def rattles_a_broken_door(story, number):
    story.opens(EMPTY_DOOR)
    story.wait(100)
    story.closed[EMPTY_DOOR] = True
    story.tell(events.ContactClosed(EMPTY_DOOR))
    story.wait(100)


def leans_on_a_door(story, number):
    """With a ticket: the door jams, and is not given out again."""
    story.leaning = True
    keys_with_answer(story, story.ticket(9) + "#")
    keys(story, "3*")
    story.wait(15_000)


def types_a_ticket(story):
    """And waits, however slow the answer is."""
    keys_with_answer(story, story.ticket(9) + "#")
    while story.cabinet.mode == keypad.SLOWED:
        story.wait(story.wake - story.now)


def opens_for_nothing(story, number):
    """With a ticket: opens and closes, again and again."""
    types_a_ticket(story)
    keys(story, "2", 500)
    for _ in range(8):
        if not story.closed[EMPTY_DOOR]:
            story.closes(EMPTY_DOOR)
        keys(story, "#", 500)


def deposits_and_withdraws(story, number):
    """With a ticket and a parcel: in, and out again within a minute."""
    types_a_ticket(story)
    if story.closed[EMPTY_DOOR] and not story.occupied[EMPTY_DOOR]:
        keys(story, "2", 500)
        story.puts(EMPTY_DOOR)
    else:
        story.wait(500)
    story.closes(EMPTY_DOOR)


def rings_between_power_cuts(story, number):
    rings(story, number)
    story.wait(300_000)
    if number % 12 == 0:
        story.power_on()


# Records in the first hour, and in each of the others, at most.
# Who holds a good ticket is slowed, never refused.
ABUSES = {
    guesses_short: (A_DOOR_ONCE, 2),
    guesses_long: (A_DOOR_ONCE, 2),
    guesses_everywhere: (A_DOOR_ONCE * len(SIZES), 2),
    guesses_at_no_door: (2, 2),
    invents_tickets: (12, 2),
    invents_tickets_impatiently: (12, 12),
    uses_a_spent_ticket: (2, 2),
    types_half_numbers: (0, 0),
    rings: (2, 2),
    rings_between_power_cuts: (9, 9),
    opens_for_nothing: (2000, 2000),
    deposits_and_withdraws: (1500, 1500),
    flaps_a_broken_door: (24, 24),
    rattles_a_broken_door: (24, 24),
    leans_on_a_door: (8, 2),
}


def check_abuse(abuse, hours):
    story = full_house()
    number = 0
    for hour in range(hours):
        before, end = len(story.log), story.now + HOUR_MS
        while story.now < end:
            abuse(story, number)
            number += 1
        added = sum(record.kind < records.ACKNOWLEDGED for record in story.log[before:])
        assert added <= ABUSES[abuse][hour > 0], f"hour {hour}"


@pytest.mark.parametrize("abuse", ABUSES)
def test_an_hour_of_abuse_is_few_records(abuse):
    check_abuse(abuse, 3)


def test_a_forced_door_is_an_alarm_however_often_another_has_flapped():
    story = full_house()
    for number in range(100):
        flaps_a_broken_door(story, number)
    before = len(story.log)
    story.opens(DOOR)
    assert [(record.kind, record.door) for record in story.log[before:]] == [(records.DOOR_FORCED, DOOR)]


@pytest.mark.soak
@pytest.mark.parametrize("abuse", ABUSES)
def test_a_day_of_abuse_is_few_records(abuse):
    check_abuse(abuse, 24)
