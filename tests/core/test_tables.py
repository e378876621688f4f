"""The tables, exhaustively: what they say, what they leave out, and that nothing in them is unreachable."""

import english

from locker.core import cabinet, courier, deadlines, door, keypad, keypad_events

PHASES = range(9)
DOOR_EVENTS = range(0, 7 * 16, 16)
MODES = range(10)
VISIT_EVENTS = range(0, 13 * 16, 16)

# phase | event: next phase, written down independently of the table; everything else leaves a door as it is.
DOOR_NEXT = {
    door.SHUT | door.WANT: door.WANTED,
    door.SHUT | door.OPENED: door.FORCED,
    door.WANTED | door.TURN: door.UNLOCKING,
    door.UNLOCKING | door.ENDED: door.RELEASED,
    door.UNLOCKING | door.OPENED: door.OPEN,
    door.RELEASED | door.OPENED: door.OPEN,
    door.RELEASED | door.TIMEOUT: door.WANTED,
    door.RELEASED | door.GIVE_UP: door.JAMMED,
    door.JAMMED | door.WANT: door.WANTED,
    door.JAMMED | door.OPENED: door.OPEN,
    door.JAMMED | door.TIMEOUT: door.SHUT,
    door.RELEASED | door.WANT: door.WANTED,
    door.OPEN | door.CLOSED: door.SETTLING,
    door.OPEN | door.TIMEOUT: door.OPEN,
    door.OPEN | door.GIVE_UP: door.LEFT,
    door.OPEN | door.WANT: door.WANTED,
    door.SETTLING | door.TIMEOUT: door.SHUT,
    door.SETTLING | door.OPENED: door.OPEN,
    door.SETTLING | door.WANT: door.WANTED,
    door.LEFT | door.CLOSED: door.SETTLING,
    door.LEFT | door.WANT: door.WANTED,
    door.FORCED | door.CLOSED: door.SETTLING,
    door.FORCED | door.WANT: door.WANTED,
}

# mode | event: next mode, likewise; everything else leaves the keypad in its mode.
MODE_NEXT = {
    keypad.IDLE | keypad_events.DIGIT: keypad.TYPING,
    keypad.IDLE | keypad_events.HASH: keypad.IDLE,
    keypad.IDLE | keypad_events.STAR: keypad.IDLE,
    keypad.IDLE | keypad_events.TIMEOUT: keypad.IDLE,
    keypad.IDLE | keypad_events.GOOD_TICKET: keypad.CHOOSING,
    keypad.IDLE | keypad_events.FOUND: keypad.LOADING,
    keypad.IDLE | keypad_events.CONFIRM: keypad.CONFIRMING,
    keypad.TYPING | keypad_events.DIGIT: keypad.TYPING,
    keypad.TYPING | keypad_events.HASH: keypad.CHECKING,
    keypad.TYPING | keypad_events.STAR: keypad.IDLE,
    keypad.TYPING | keypad_events.TIMEOUT: keypad.IDLE,
    keypad.CHECKING | keypad_events.TIMEOUT: keypad.IDLE,
    keypad.CHECKING | keypad_events.DONE: keypad.IDLE,
    keypad.CHECKING | keypad_events.SLOW: keypad.SLOWED,
    keypad.SLOWED | keypad_events.DIGIT: keypad.TYPING,
    keypad.SLOWED | keypad_events.STAR: keypad.IDLE,
    keypad.SLOWED | keypad_events.TIMEOUT: keypad.IDLE,
    keypad.CHOOSING | keypad_events.DIGIT: keypad.CHOOSING,
    keypad.CHOOSING | keypad_events.STAR: keypad.IDLE,
    keypad.CHOOSING | keypad_events.TIMEOUT: keypad.IDLE,
    keypad.CHOOSING | keypad_events.FOUND: keypad.LOADING,
    keypad.CHOOSING | keypad_events.LARGER: keypad.OFFERED,
    keypad.CHOOSING | keypad_events.DONE: keypad.IDLE,
    keypad.CHOOSING | keypad_events.TYPED: keypad.TYPING,
    keypad.OFFERED | keypad_events.HASH: keypad.CHOOSING,
    keypad.OFFERED | keypad_events.STAR: keypad.CHOOSING,
    keypad.OFFERED | keypad_events.TIMEOUT: keypad.IDLE,
    keypad.LOADING | keypad_events.STAR: keypad.CHANGING,
    keypad.LOADING | keypad_events.DIGIT: keypad.TYPING,
    keypad.LOADING | keypad_events.SHUT_EMPTY: keypad.ASKING,
    keypad.LOADING | keypad_events.STUCK: keypad.CHOOSING,
    keypad.LOADING | keypad_events.DONE: keypad.IDLE,
    keypad.CHANGING | keypad_events.STAR: keypad.IDLE,
    keypad.CHANGING | keypad_events.DIGIT: keypad.TYPING,
    keypad.CHANGING | keypad_events.SHUT_EMPTY: keypad.CHOOSING,
    keypad.CHANGING | keypad_events.STUCK: keypad.CHOOSING,
    keypad.CHANGING | keypad_events.DONE: keypad.IDLE,
    keypad.ASKING | keypad_events.HASH: keypad.LOADING,
    keypad.ASKING | keypad_events.STAR: keypad.IDLE,
    keypad.ASKING | keypad_events.TIMEOUT: keypad.IDLE,
    keypad.ASKING | keypad_events.DIGIT: keypad.ASKING,
    keypad.ASKING | keypad_events.TYPED: keypad.TYPING,
    keypad.ASKING | keypad_events.SHUT_EMPTY: keypad.ASKING,
    keypad.ASKING | keypad_events.DONE: keypad.IDLE,
    keypad.CONFIRMING | keypad_events.DIGIT: keypad.CONFIRMING,
    keypad.CONFIRMING | keypad_events.TYPED: keypad.TYPING,
    keypad.CONFIRMING | keypad_events.TIMEOUT: keypad.IDLE,
}


def is_action(action):
    """A function, a text about the door in question, or nothing."""
    return action is None or callable(action) or "07" in " ".join(english.lines(action, (7,)))


def test_a_door_goes_where_it_should_from_every_phase_with_every_event():
    for phase in PHASES:
        for event in DOOR_EVENTS:
            row = door.TRANSITIONS.get(phase | event)
            assert (row[0] if row else phase) == DOOR_NEXT.get(phase | event, phase)
            assert row is None or is_action(row[1])


def test_the_keypad_goes_where_it_should_from_every_mode_with_every_event():
    for mode in MODES:
        for event in VISIT_EVENTS:
            row = keypad.TRANSITIONS.get(mode | event)
            assert (row[0] if row else None) == MODE_NEXT.get(mode | event)


def test_only_a_wanted_door_whose_turn_it_is_is_pulsed():
    into = [key for key, row in door.TRANSITIONS.items() if row[0] == door.UNLOCKING]
    assert into == [door.WANTED | door.TURN]


def test_any_open_door_may_be_wanted_so_that_a_broken_contact_stops_nobody():
    for phase in (door.SHUT, door.RELEASED, door.JAMMED, door.OPEN, door.SETTLING, door.LEFT, door.FORCED):
        assert door.TRANSITIONS[phase | door.WANT][0] == door.WANTED


def reachable(table, start):
    seen = {start}
    while True:
        more = {row[0] for key, row in table.items() if key & 15 in seen} - seen
        if not more:
            return seen
        seen |= more


def test_every_phase_and_every_mode_can_be_reached_and_left():
    assert reachable(door.TRANSITIONS, door.SHUT) == set(PHASES)
    assert reachable(keypad.TRANSITIONS, keypad.IDLE) == set(MODES)
    for phase in PHASES:
        assert door.SHUT in reachable(door.TRANSITIONS, phase)
    for mode in MODES:
        assert keypad.IDLE in reachable(keypad.TRANSITIONS, mode)


def test_a_digit_is_welcome_whatever_a_door_does():
    asked = (keypad.ASKING, keypad.CONFIRMING)  # where a digit may be the answer
    for mode in MODES:
        if mode not in (keypad.CHECKING, keypad.OFFERED):
            row = keypad.TRANSITIONS[mode | keypad_events.DIGIT]
            assert row[0] == (mode if mode == keypad.CHOOSING or mode in asked else keypad.TYPING)
    for mode in asked:
        assert keypad.TRANSITIONS[mode | keypad_events.TYPED][0] == keypad.TYPING


def test_a_star_never_leads_to_an_opening():
    for mode in MODES:
        row = keypad.TRANSITIONS.get(mode | keypad_events.STAR)
        if row:
            assert row[0] not in (keypad.CHECKING, keypad.LOADING)


def test_only_checked_numbers_and_the_couriers_keys_open_doors():
    openers = {
        key
        for key, row in keypad.TRANSITIONS.items()
        if row[1] in (courier.start, courier.reopen, keypad.answer)
    }
    assert openers == {
        keypad.CHECKING | keypad_events.TIMEOUT,  # a number has been checked
        keypad.SLOWED | keypad_events.TIMEOUT,  # a ticket, slowly
        keypad.IDLE | keypad_events.FOUND,  # it was the ticket of the deposit just made
        keypad.CHOOSING | keypad_events.FOUND,  # it was a ticket, and a size was chosen
        keypad.ASKING | keypad_events.HASH,  # the courier's own door again
    }


def test_every_mode_that_waits_for_a_person_has_an_end():
    for mode in MODES:
        waits = mode | keypad_events.TIMEOUT in keypad.TRANSITIONS
        assert waits == (mode not in (keypad.LOADING, keypad.CHANGING))  # those end with their door
    for mode in (keypad.LOADING, keypad.CHANGING):
        for event in (keypad_events.DONE, keypad_events.SHUT_EMPTY, keypad_events.STUCK):
            assert mode | event in keypad.TRANSITIONS


def test_deadlines_have_numbers_of_their_own_that_no_door_has():
    numbers = [deadlines.HIDE, deadlines.FUSE, deadlines.OPENING, deadlines.KEYPAD, deadlines.RECEIPT]
    numbers += [deadlines.SEAL, deadlines.BELL, deadlines.LAMP, deadlines.HOUR]
    assert numbers == list(range(-9, 0))
    assert sorted(list(cabinet._TIMERS) + [deadlines.KEYPAD]) == numbers


def test_events_have_numbers_of_their_own():
    assert list(DOOR_EVENTS) == [
        door.WANT,
        door.TURN,
        door.ENDED,
        door.OPENED,
        door.CLOSED,
        door.TIMEOUT,
        door.GIVE_UP,
    ]
    numbers = [keypad_events.DIGIT, keypad_events.HASH, keypad_events.STAR, keypad_events.TIMEOUT]
    numbers += [keypad_events.GOOD_TICKET, keypad_events.FOUND, keypad_events.LARGER, keypad_events.STUCK]
    numbers += [
        keypad_events.SHUT_EMPTY,
        keypad_events.DONE,
        keypad_events.CONFIRM,
        keypad_events.TYPED,
        keypad_events.SLOW,
    ]
    assert sorted(numbers) == list(VISIT_EVENTS)
    for key, row in keypad.TRANSITIONS.items():
        assert key & 15 in MODES
        assert key & ~15 in VISIT_EVENTS
        assert row[0] in MODES
        assert is_action(row[1])
