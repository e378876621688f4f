"""What the journal says of the doors: the state is the fold of its records, and nothing else is remembered across a power cut.

Each record says where a parcel is now, so folding the records of one list of effects a second time changes nothing. A door's records from
its latest anchor on (a kind of ANCHORS) say all there is to know of it: before the block with that anchor is erased, `State.door_record`
must be written.
"""

from collections import OrderedDict

from locker.compat import const
from locker.core import effects, records

# Where the parcel of a door is.
EMPTY = const(0)  # there is none
RESERVED = const(1)  # a courier's, with a counter of its own; the coil has not moved for it
LOADING = const(2)  # the door was pulsed or opened for the courier
WAITING = const(3)  # inside; its code is alive
GRANTED = const(4)  # inside; the right code was typed; the coil has not moved for it
TAKING = const(5)  # the door was pulsed or opened for the resident; its code is alive until closed and clear

FAILURES_MAX = const(10)  # counted failures of a parcel; from here on the door asks for all 12 digits

# DOOR_STATE.a: serial in bits 0-16, failures in 17-20, jammed in 21, epoch modulo 1024 in 22-31.
_SERIAL_MASK = const(0x1FFFF)
_EPOCH_MASK = const(1023)

_AFTER = {  # record kind: where the parcel is then
    records.DEPOSIT_STARTED: RESERVED,
    records.CANCELLED: EMPTY,
    records.DEPOSITED: WAITING,
    records.WITHDRAWN: EMPTY,
    records.PICKUP_OPENED: GRANTED,
    records.STILL_INSIDE: WAITING,
    records.COLLECTED: EMPTY,
}
ANCHORS = (records.DEPOSIT_STARTED, records.DOOR_STATE)
_MOVED = {RESERVED: LOADING, GRANTED: TAKING}  # after PULSED and DOOR_OPENED
_JAMMED = {TAKING: GRANTED}  # after DOOR_JAMMED: the coil moved in vain


class Door:
    """One door: what the journal says of its parcel, and what the door does now.

    By the journal: `state` as above, `counter` of its latest parcel (0: never had one), `serial` of that parcel's ticket, `failures`
    counted for it (0-10), `epoch` modulo 1024 it was deposited in, `jammed` 1 when the door did not move at its last attempt.
    For core.door: `size` "S", "M" or "L"; `phase`; `closed` and `occupied`, what the sensors last said; `tries`, which counts the pulses
    of this attempt, then the reminders.
    """

    def __init__(self, number):
        self.number = number
        self.size = ""
        self.state = EMPTY
        self.counter = 0
        self.serial = 0
        self.failures = 0
        self.epoch = 0
        self.jammed = 0
        self.phase = 0
        self.closed = True
        self.occupied = False
        self.tries = 0

    def apply(self, kind: int, a: int, b: int, epoch: int) -> None:
        """Folds one record of this door in; a record that says nothing of the parcel changes nothing."""
        if kind in _AFTER:
            self.state = _AFTER[kind]
            self.counter = b
            if kind == records.DEPOSIT_STARTED:
                self.serial = a
                self.failures = 0
                self.jammed = 0
                self.epoch = epoch & _EPOCH_MASK
        elif kind in (records.PULSED, records.DOOR_OPENED):
            self.state = _MOVED.get(self.state, self.state)
        elif kind == records.CODE_TRIED:
            self.failures = a
        elif kind == records.DOOR_JAMMED:
            self.state = _JAMMED.get(self.state, self.state)
            self.jammed = 1
        if kind in (records.DOOR_OPENED, records.DOOR_FORCED):
            self.jammed = 0
        elif kind == records.DOOR_STATE:
            self.serial = a & _SERIAL_MASK
            self.failures = a >> 17 & 15
            self.jammed = a >> 21 & 1
            self.epoch = a >> 22
            self.counter = b >> 8
            self.state = b & 255


class State:
    """The fold of a journal for a cabinet with these door numbers, in `epoch`.

    `doors` is a dict of door number to Door, in that order; `number` the newest event number; `acknowledged` the newest that the host's
    database holds.
    """

    def __init__(self, door_numbers, epoch: int = 1):
        self.doors = OrderedDict()
        for number in door_numbers:
            self.doors[number] = Door(number)
        self.epoch = epoch
        self.number = 0
        self.acknowledged = 0

    def apply(self, record) -> None:
        """Folds one records.Record in. Records of doors that the cabinet no longer has are passed over."""
        self.number = record.number
        if record.kind == records.ACKNOWLEDGED:
            self.acknowledged = record.a
        elif record.door in self.doors:
            self.doors[record.door].apply(record.kind, record.a, record.b, self.epoch)

    def door_record(self, number: int) -> effects.Record:
        """The one record (an effect, DOOR_STATE) that says again all that is known of a door, for when its older records are erased."""
        door = self.doors[number]
        a = door.serial | door.failures << 17 | door.jammed << 21 | door.epoch << 22
        return effects.Record(records.DOOR_STATE, number, a, door.counter << 8 | door.state)

    def door_records(self) -> list:
        """`door_record` of every door, by number; folding them gives the same doors."""
        return [self.door_record(number) for number in self.doors]
