"""One door: what it does, step by step.

Sent is not opened: unlock sent, latch released, door opened, door closed are separate facts.

An opening is wanted, waits for its turn (one lock at a time), and is watched; a door that does not move is
unlocked again, three times in all. Whether something was put in or taken is judged when the door has been
closed for half a second.
"""

from locker.compat import TYPE_CHECKING, const
from locker.contract import records
from locker.core import courier, effects, hourly, keypad_events, resident, texts
from locker.core.effects import ALARM, ATTENTION
from locker.core.state import EMPTY, GRANTED, LOADING, RESERVED, TAKING, WAITING

if TYPE_CHECKING:
    from locker.core.cabinet import Cabinet
    from locker.core.state import Door

# Phases.
SHUT = const(0)
WANTED = const(1)  # to be unlocked as soon as no other lock is at work
UNLOCKING = const(2)  # its lock is at work
RELEASED = const(3)  # its lock is at rest again; the door has not moved yet
JAMMED = const(4)  # did not move; someone may still pull it open
OPEN = const(5)  # open for someone
SETTLING = const(6)  # just closed
LEFT = const(7)  # open, and nobody cared for a long time
FORCED = const(8)  # opened with no cause

# What happens to a door; 16 apart, so that PHASE | EVENT is one number.
WANT = const(0x00)  # someone may open it
TURN = const(0x10)  # no other lock is at work
ENDED = const(0x20)  # its own lock is at rest again
OPENED = const(0x30)
CLOSED = const(0x40)
TIMEOUT = const(0x50)
GIVE_UP = const(0x60)  # a time-out too many

_PATIENCE_MS = (None, None, None, 3000, 60000, 60000, 500, None, None)  # by phase
_ATTEMPTS_MAX = {RELEASED: 3, OPEN: 4}  # unlocks, reminders
_REMIND_MS = const(15000)  # after the first reminder
_FLAPS_MAX = const(3)  # causeless openings of one door in an hour; further ones are only counted

# By state of the parcel: what became of it, when its door is closed and clear, and when something is inside.
_OUTCOMES = {
    RESERVED: (records.CANCELLED, records.CANCELLED),
    LOADING: (records.CANCELLED, records.DEPOSITED),
    GRANTED: (records.STILL_INSIDE, records.STILL_INSIDE),
    TAKING: (records.COLLECTED, records.STILL_INSIDE),
}


def _unlock(cabinet: "Cabinet", door: "Door") -> None:
    """Records the unlocking, then asks for it. A door that is open already counts as opened."""
    door.attempts += 1
    cabinet.record(records.PULSED, door, door.attempts)
    cabinet.effects.append(effects.Unlock(door.number))
    cabinet.unlocking = door.number
    if not door.closed:
        transition(cabinet, door, OPENED)


def _jam(cabinet: "Cabinet", door: "Door") -> None:
    """Reports the jam at once. A ticket or a code is as good as before."""
    cabinet.record(records.DOOR_JAMMED, door)
    cabinet.beep(ATTENTION)
    if door.state == LOADING and door.occupied:
        courier.judge(cabinet, door)
    elif door.state == LOADING:
        courier.cancel(cabinet, door)
        if cabinet.courier is door:
            cabinet.transition(keypad_events.STUCK)
    else:
        cabinet.show_about(door, texts.JAMMED, courier.HELP_MS)


def _opened(cabinet: "Cabinet", door: "Door") -> None:
    """Records that the door opened."""
    cabinet.record(records.DOOR_OPENED, door)
    door.attempts = 0


def _judge(cabinet: "Cabinet", door: "Door") -> None:
    """Records what is inside, then what became of the parcel."""
    if door.state in _OUTCOMES or (
        cabinet.state.flaps.get(door.number, 0) <= _FLAPS_MAX and not cabinet.scarce(None)
    ):
        cabinet.record(records.DOOR_CLOSED, door, int(door.occupied))
    if door.state == LOADING:
        courier.judge(cabinet, door)
    elif door.state == TAKING:
        resident.judge(cabinet, door)
    elif door in cabinet.serviced:
        cabinet.serviced.remove(door)
        cabinet.record(records.DOOR_TESTED, door, int(not door.occupied))
        cabinet.show_about(door, texts.NOT_TESTED if door.occupied else texts.TESTED)
    else:
        distrust(cabinet, door)


def resolve(cabinet: "Cabinet", door: "Door") -> None:
    """Records what became of the parcel:
    if its door was not unlocked it is where it was, whatever the sensor says.
    """
    outcomes = _OUTCOMES.get(door.state)
    if outcomes:
        inside = door.occupied or door.sensor_unreliable  # by a sensor or by somebody's word
        if door.state == (RESERVED if inside else GRANTED):
            cabinet.record(records.SENSOR_FAULT, door, 2)
        cabinet.record(outcomes[1 if inside else 0], door, door.serial)
    distrust(cabinet, door)


def distrust(cabinet: "Cabinet", door: "Door") -> None:
    """Records once that a sensor says something else of a closed door than the journal:
    its next parcel is collected by key.
    """
    if not door.sensor_unreliable and door.state == (EMPTY if door.occupied else WAITING):
        cabinet.record(records.SENSOR_FAULT, door, 2)


def _remind(cabinet: "Cabinet", door: "Door") -> None:
    """Beeps and asks to close the door."""
    door.attempts += 1
    cabinet.wait(door.number, _REMIND_MS)
    cabinet.beep(ATTENTION)
    cabinet.show_about(door, texts.CLOSE)


def _leave(cabinet: "Cabinet", door: "Door") -> None:
    """Reports the open door to the host; the keypad is free."""
    cabinet.record(records.DOOR_LEFT_OPEN, door)
    if cabinet.courier is door:
        cabinet.transition(keypad_events.DONE)
    cabinet.show_about(door, texts.CLOSE)


def _force(cabinet: "Cabinet", door: "Door") -> None:
    """Reports an opening with no cause at once, and beeps; one of very many is only counted."""
    flaps = cabinet.state.flaps
    if flaps.get(door.number, 0) < _FLAPS_MAX:
        cabinet.record(records.DOOR_FORCED, door)
        hourly.count(cabinet, records.DOOR_FLAPPED, 0)
    else:
        flaps[door.number] = _FLAPS_MAX + 1  # its closing says nothing new either
        hourly.count(cabinet, records.DOOR_FLAPPED)
    cabinet.beep(ALARM)
    cabinet.show_about(door, texts.CLOSE)


TRANSITIONS = {
    # phase   | event:     (next,      action, or the text to show)
    SHUT      | WANT:      (WANTED,    None),  # Begins an attempt of up to three unlocks.
    RELEASED  | WANT:      (WANTED,    None),  # Begins another attempt.
    OPEN      | WANT:      (WANTED,    None),  # Begins another attempt: its contact may be broken.
    SETTLING  | WANT:      (WANTED,    None),  # Begins another attempt.
    LEFT      | WANT:      (WANTED,    None),  # Begins another attempt: its contact may be broken.
    FORCED    | WANT:      (WANTED,    None),  # Begins another attempt: its contact may be broken.
    WANTED    | TURN:      (UNLOCKING, _unlock),
    UNLOCKING | OPENED:    (OPEN,      _opened),
    UNLOCKING | ENDED:     (RELEASED,  None),  # Gives the door 3 s to move.
    RELEASED  | OPENED:    (OPEN,      _opened),
    RELEASED  | TIMEOUT:   (WANTED,    texts.PUSH),
    RELEASED  | GIVE_UP:   (JAMMED,    _jam),
    JAMMED    | WANT:      (WANTED,    None),  # Begins another attempt.
    JAMMED    | OPENED:    (OPEN,      _opened),
    JAMMED    | TIMEOUT:   (SHUT,      resolve),
    OPEN      | TIMEOUT:   (OPEN,      _remind),
    OPEN      | GIVE_UP:   (LEFT,      _leave),
    OPEN      | CLOSED:    (SETTLING,  None),  # Waits half a second.
    LEFT      | CLOSED:    (SETTLING,  None),  # Waits half a second.
    FORCED    | CLOSED:    (SETTLING,  None),  # Waits half a second.
    SETTLING  | OPENED:    (OPEN,      None),  # It was a bounce: nothing is recorded.
    SETTLING  | TIMEOUT:   (SHUT,      _judge),
    SHUT      | OPENED:    (FORCED,    _force),
}  # fmt: skip


def transition(cabinet: "Cabinet", door: "Door", event: int) -> None:
    """Takes a door's transition for an event; without one nothing happens."""
    if event == TIMEOUT and door.attempts >= _ATTEMPTS_MAX.get(door.phase, 255):
        event = GIVE_UP
    row = TRANSITIONS.get(door.phase | event)
    if row:
        door.phase = row[0]
        if event == WANT:
            door.attempts = 0
        ms = _PATIENCE_MS[row[0]]
        cabinet.wait(door.number, cabinet.patient(ms) if row[0] == OPEN else ms)
        cabinet.act(row[1], door)
