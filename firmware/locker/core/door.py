"""One door: what it does, step by step. Sent is not opened: pulse sent, latch released, door opened, door closed are separate facts.

A pulse is wanted, waits for its turn (one coil at a time), and is watched; a door that does not move is pulsed again, three times in all.
Whether something was put in or taken is judged when the door has been closed for half a second.
"""

from locker.compat import const
from locker.core import deposit, pickup, records, texts
from locker.core.effects import ALARM, ATTENTION, Pulse
from locker.core.journal import EMPTY, GRANTED, LOADING, RESERVED, TAKING, WAITING

# Phases.
SHUT = const(0)
WANTED = const(1)  # to be pulsed as soon as no other coil is on
PULSING = const(2)  # the coil is on
RELEASED = const(3)  # the coil is off again; the door has not moved yet
JAMMED = const(4)  # did not move; someone may still pull it open
OPEN = const(5)  # open for someone
SETTLING = const(6)  # just closed
LEFT = const(7)  # open, and nobody cared for a long time
FORCED = const(8)  # opened with no cause

# What happens to a door.
WANT = const(0)  # someone may open it
TURN = const(1)  # no other coil is on
COIL_OFF = const(2)
OPENED = const(3)
CLOSED = const(4)
TIMEOUT = const(5)
GIVE_UP = const(6)  # a time-out too many

_MOVE_MS = const(3000)  # from the end of a pulse to the next one
_PULL_MS = const(60000)  # for pulling a jammed door open
_SETTLE_MS = const(500)
_CLOSE_MS = const(60000)  # open for so long, a first reminder
_REMIND_MS = const(15000)
_TRIES_MAX = {RELEASED: 3, OPEN: 4}  # pulses, reminders


def _wish(cabinet, door):
    """Begins an attempt of up to three pulses."""
    door.tries = 0


def _pulse(cabinet, door):
    """Records the pulse, then energises the coil. A door that is open already counts as opened."""
    door.tries += 1
    cabinet.record(records.PULSED, door, door.tries)
    cabinet.emit(Pulse(door.number))
    cabinet.coil = door.number
    if not door.closed:
        door.step(cabinet, OPENED)


def _watch(cabinet, door):
    """Gives the door 3 s to move."""
    door.due = cabinet.now + _MOVE_MS


def _push(cabinet, door):
    """Asks to push the door; pulses it again."""
    cabinet.tell(door, texts.PUSH)


def _jam(cabinet, door):
    """Reports the jam at once. A ticket or a code is as good as before."""
    cabinet.record(records.DOOR_JAMMED, door)
    cabinet.send(True)
    cabinet.beep(ATTENTION)
    door.due = cabinet.now + _PULL_MS
    (deposit if door.for_courier() else pickup).jammed(cabinet, door)


def _give_up(cabinet, door):
    """It stayed shut: a parcel is still inside."""
    if door.parcel.state == GRANTED:
        pickup.keep(cabinet, door)


def _opened(cabinet, door):
    """Records that the door opened."""
    cabinet.record(records.DOOR_OPENED, door)
    door.tries = 0
    door.due = cabinet.now + _CLOSE_MS


def _resume(cabinet, door):
    """It was a bounce: nothing is recorded."""
    door.due = cabinet.now + _CLOSE_MS


def _settle(cabinet, door):
    """Waits half a second."""
    door.due = cabinet.now + _SETTLE_MS


def _judge(cabinet, door):
    """Records what is inside, then what became of the parcel."""
    cabinet.record(records.DOOR_CLOSED, door, int(door.occupied))
    if door.for_courier():
        deposit.judge(cabinet, door)
    elif door.parcel.state in (GRANTED, TAKING):
        pickup.judge(cabinet, door)


def _remind(cabinet, door):
    """Beeps and asks to close the door."""
    door.tries += 1
    door.due = cabinet.now + _REMIND_MS
    cabinet.beep(ATTENTION)
    cabinet.tell(door, texts.CLOSE)


def _leave(cabinet, door):
    """Reports the open door to the host; the keypad is free."""
    cabinet.record(records.DOOR_LEFT_OPEN, door)
    cabinet.send(False)
    cabinet.finish(door)
    cabinet.tell(door, texts.CLOSE)


def _force(cabinet, door):
    """Reports an opening with no cause at once, and beeps."""
    cabinet.record(records.DOOR_FORCED, door)
    cabinet.send(True)
    cabinet.beep(ALARM)
    cabinet.tell(door, texts.CLOSE)


TRANSITIONS = {
    # (phase,   event):    (next,      action)
    (SHUT,      WANT):     (WANTED,    _wish),
    (RELEASED,  WANT):     (WANTED,    _wish),
    (OPEN,      WANT):     (WANTED,    _wish),
    (SETTLING,  WANT):     (WANTED,    _wish),
    (LEFT,      WANT):     (WANTED,    _wish),
    (FORCED,    WANT):     (WANTED,    _wish),
    (WANTED,    TURN):     (PULSING,   _pulse),
    (PULSING,   OPENED):   (OPEN,      _opened),
    (PULSING,   COIL_OFF): (RELEASED,  _watch),
    (RELEASED,  OPENED):   (OPEN,      _opened),
    (RELEASED,  TIMEOUT):  (WANTED,    _push),
    (RELEASED,  GIVE_UP):  (JAMMED,    _jam),
    (JAMMED,    WANT):     (WANTED,    _wish),
    (JAMMED,    OPENED):   (OPEN,      _opened),
    (JAMMED,    TIMEOUT):  (SHUT,      _give_up),
    (OPEN,      TIMEOUT):  (OPEN,      _remind),
    (OPEN,      GIVE_UP):  (LEFT,      _leave),
    (OPEN,      CLOSED):   (SETTLING,  _settle),
    (LEFT,      CLOSED):   (SETTLING,  _settle),
    (FORCED,    CLOSED):   (SETTLING,  _settle),
    (SETTLING,  OPENED):   (OPEN,      _resume),
    (SETTLING,  TIMEOUT):  (SHUT,      _judge),
    (SHUT,      OPENED):   (FORCED,    _force),
}  # fmt: skip


class Door:
    """One door of the cabinet: its `parcel` (core.journal) and what it does now.

    `size` is "S", "M" or "L"; `closed` and `occupied` are what the sensors last said; `tries` counts the pulses of this attempt, then the
    reminders; `due` is the time of its time-out in ms, or None.
    """

    def __init__(self, number, size, parcel):
        self.number = number
        self.size = size
        self.parcel = parcel
        self.phase = SHUT
        self.closed = True
        self.occupied = False
        self.tries = 0
        self.due = None

    def for_courier(self) -> bool:
        """Whether a courier has it."""
        return self.parcel.state in (RESERVED, LOADING)

    def is_free(self) -> bool:
        """Whether a parcel may be put in."""
        parcel = self.parcel
        return self.phase == SHUT and self.closed and not self.occupied and parcel.state == EMPTY and not parcel.jammed

    def is_in_use(self) -> bool:
        """Whether someone is, or should be, at it."""
        return SHUT < self.phase < LEFT

    def step(self, cabinet, event) -> None:
        """Takes the transition for an event; without one nothing happens."""
        row = TRANSITIONS.get((self.phase, event))
        if row:
            self.phase = row[0]
            row[1](cabinet, self)

    def time_out(self, cabinet) -> None:
        """Its `due` has come."""
        self.due = None
        self.step(cabinet, GIVE_UP if self.tries >= _TRIES_MAX.get(self.phase, 255) else TIMEOUT)

    def boot(self, cabinet, closed, occupied) -> None:
        """Resolves what a power cut interrupted, from what the sensors say now. Nothing is opened."""
        self.closed = closed
        self.occupied = occupied
        state = self.parcel.state
        if not closed:
            if state == EMPTY:
                self.phase = FORCED
            else:
                if state != WAITING:
                    self.phase = RELEASED
                self.step(cabinet, OPENED)
        elif state in (LOADING, RESERVED):
            deposit.resolve(cabinet, self)
        elif state in (TAKING, GRANTED):
            pickup.resolve(cabinet, self)
