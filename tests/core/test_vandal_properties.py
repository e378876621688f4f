"""Theorem: whatever a vandal does to the keypad, and whenever he leaves,
within 30 s the resident's code opens her door, and hers only.
"""

import random

import pytest
from cabinet_script import SIZES
from vandal import collects_within, full_house, keys, keys_with_answer, read_catalogue_once

from locker.core import keypad

PATIENCE_MS = 30_000
HOUR_MS = 3_600_000
DOOR, OTHER = 1, 2
EVERY_DOOR = (*range(1, len(SIZES) + 1), 77)
ALL_KEYS = "0123456789*#ABCD"
ENTRIES = {
    "short": "0127182818#",
    "long": "01271828182845#",
    "another door": "0227182818#",
    "no door": "7727182818#",
    "ticket": "271828182#",
}


@pytest.fixture(scope="module", autouse=True)
def catalogue_read_once():
    with pytest.MonkeyPatch.context() as patch:
        read_catalogue_once(patch)
        yield


# What a vandal does


def mashes(story, rng):
    for _ in range(rng.randint(1, 60)):
        keys(story, rng.choice(ALL_KEYS), rng.choice((20, 60, 120, 300)))


def guesses(story, rng):
    for _ in range(rng.randint(1, 12)):
        keys_with_answer(
            story, f"{rng.choice(EVERY_DOOR):02}{rng.randrange(10**8):08}{rng.choice(('', '2718'))}#"
        )


def wears_her_door_down(story, rng):
    for _ in range(rng.randint(10, 14)):
        keys_with_answer(story, f"{DOOR:02}{rng.randrange(10**8):08}#")


def guesses_for_hours(story, rng):
    end = story.now + rng.randint(1, 3) * HOUR_MS
    while story.now < end:
        keys_with_answer(story, f"{rng.choice(EVERY_DOOR):02}{rng.randrange(10**12):012}#")


def invents_tickets(story, rng):
    types = rng.choice((keys, keys_with_answer))
    for _ in range(rng.randint(1, 40)):
        types(story, f"{rng.randrange(10**9):09}#")


def abuses_a_ticket(story, rng):
    """He has one, and plays with size, cancellation and the door that opens."""
    story.leaning = rng.random() < 0.3
    keys_with_answer(story, story.ticket(rng.randint(3, 9)) + "#")
    for _ in range(rng.randint(0, 12)):
        keys(story, rng.choice("123*#"), rng.choice((20, 700, 4000)))
        for door, closed in story.closed.items():
            if not closed and rng.random() < 0.7:
                story.closes(door)


def rings(story, rng):
    for _ in range(rng.randint(1, 30)):
        story.rings()
        story.wait(rng.choice((100, 1000, 5000)))


def flaps(story, rng):
    door = rng.choice((3, 4))
    for _ in range(rng.randint(1, 20)):
        if story.closed[door]:
            story.opens(door)
        else:
            story.closes(door)
        story.wait(rng.choice((20, 400, 2000)))


def waits(story, rng):
    story.wait(rng.choice((500, 3000, 10_000, 25_000)))


def leaves(story, rng):
    """The last act: an entry given up somewhere, or answered some time after he has gone."""
    number = rng.choice(list(ENTRIES.values()))
    keys(story, number if rng.random() < 0.5 else number[: rng.randint(0, len(number))])
    story.wait(rng.randint(0, 6000))


ACTS = (mashes, guesses, wears_her_door_down, invents_tickets, abuses_a_ticket, rings, flaps, waits)


def check_resident(story, start_ms, run):
    """She begins to type so long after he has left; the door is open 30 s after he has left."""
    story.leaning = False
    story.granted.clear()
    story.wait(start_ms)
    assert collects_within(story, DOOR, PATIENCE_MS - start_ms), run
    assert set(story.granted) == {DOOR}, run


def check_runs(seeds):
    for seed in seeds:
        rng = random.Random(seed)
        story = full_house()
        if seed % 20 == 0:
            guesses_for_hours(story, rng)
        for act in rng.choices(ACTS, k=rng.randint(1, 6)):
            act(story, rng)
        if rng.random() < 0.8:
            leaves(story, rng)
        check_resident(story, rng.choice((0, 0, 1000, 3000)), f"seed {seed}")


def test_after_any_abuse_the_resident_has_her_door_open_within_30_seconds():
    check_runs(range(300))


@pytest.mark.soak
@pytest.mark.parametrize("thousand", range(10))
def test_after_any_abuse_of_very_many_she_has_her_door_open(thousand):
    check_runs(range(1000 * thousand, 1000 * (thousand + 1)))


def worn_down(asks_for_all):
    """A full house, where her door may ask for all digits already."""
    story = full_house()
    if asks_for_all:
        wears_her_door_down(story, random.Random(1))
    return story


@pytest.mark.parametrize("asks_for_all", [False, True])
@pytest.mark.parametrize("number", ENTRIES)
def test_at_whichever_moment_of_the_answer_he_leaves_she_has_her_door_open(number, asks_for_all):
    """He types the entry twice, so that the floor is in the way,
    and leaves at each tenth of a second of the second answer.
    """
    for left_ms in range(0, 5600, 100):
        story = worn_down(asks_for_all)
        keys_with_answer(story, ENTRIES[number])
        keys(story, ENTRIES[number])
        story.wait(left_ms)
        check_resident(story, 0, f"{left_ms} ms")


@pytest.mark.parametrize("asks_for_all", [False, True])
def test_whatever_he_leaves_half_typed_she_has_her_door_open(asks_for_all):
    """Even when what he began and what she types make a number of another length,
    at her own door or another.
    """
    for begun in [f"{door:02}{'5' * 14}"[:length] for door in (DOOR, OTHER) for length in range(17)]:
        for floor in ("", ENTRIES["long"]):
            story = worn_down(asks_for_all)
            keys_with_answer(story, floor)
            keys(story, begun)
            check_resident(story, 0, begun)


# What he does after a stolen ticket ("o" is his hand that shuts the door),
# whether he leans on the door, and where that leaves the keypad.
DEPOSITS = {
    ("", False): keypad.CHOOSING,
    ("1", False): keypad.OFFERED,
    ("1#", False): keypad.LOADING,
    ("3", False): keypad.LOADING,
    ("3", True): keypad.LOADING,
    ("3*", False): keypad.CHANGING,
    ("3o", False): keypad.ASKING,
    ("3o#", False): keypad.LOADING,
    ("3*o", False): keypad.CHOOSING,
}


@pytest.mark.parametrize("asks_for_all", [False, True])
@pytest.mark.parametrize(("acts", "leans"), DEPOSITS)
def test_at_whichever_point_of_a_deposit_he_leaves_she_has_her_door_open(acts, leans, asks_for_all):
    for left_ms in range(0, 12_000, 750):
        story = worn_down(asks_for_all)
        keys_with_answer(story, story.ticket(9) + "#")
        story.leaning = leans
        for act in acts:
            if act == "o":
                story.wait(500)
                for door in [door for door, closed in story.closed.items() if not closed]:
                    story.closes(door)
            else:
                keys(story, act)
        assert story.cabinet.mode == DEPOSITS[acts, leans]
        story.wait(left_ms)
        check_resident(story, 0, f"{left_ms} ms")
