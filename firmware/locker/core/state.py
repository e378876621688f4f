"""What the journal says of the doors: the state is the fold of its records,
and nothing else is remembered across a power cut.

Each record says where a parcel is now, so folding the records of one list of effects a second time changes
nothing. A door's records from its latest anchor on (a kind of ANCHORS) say all there is to know of it: before
the block with that anchor is erased, what `State.carried` gives must be written.
"""

from collections import OrderedDict

from locker.compat import TYPE_CHECKING, const
from locker.contract import records
from locker.contract.codes import RULE
from locker.core import effects

if TYPE_CHECKING:
    from collections.abc import Iterable

# Where the parcel of a door is.
EMPTY = const(0)  # there is none
RESERVED = const(1)  # a courier's, with a counter of its own; its door was not unlocked for it
LOADING = const(2)  # the door was unlocked or opened for the courier
WAITING = const(3)  # inside; its code is alive
GRANTED = const(4)  # inside; the right code was typed; its door was not unlocked for it
# the door was unlocked or opened for the resident; its code is alive until closed and clear
TAKING = const(5)

FAILURES_MAX = const(10)  # counted failures of a parcel; from here on the door asks for all 12 digits

# A serial has 17 bits in records: the highest is the parity of its ticket key's generation, see
# contract.tickets.recorded. DOOR_STATE.a: serial in bits 0-16, failures in 17-20, jammed in 21, epoch modulo
# 1024 in 22-31.
# DOOR_STATE.b: state in bits 0-2, out_of_service in 3, sensor_unreliable in 4, armed in 5-6,
# staff_code_version in 7-10, code_version in 11-14, counter in 15-31.
_SERIAL_MASK = const(0x1FFFF)
_EPOCH_MASK = const(1023)
COUNTER_MAX = const(0x1FFFF)
_HOUR = const(36000)  # of uptime, in tenths of a second
STAFF_CODE_VERSION_MAX = const(15)
CODE_VERSION_MAX = const(15)

EPOCHS_MAX = const(8)  # in use at once: the present one, and those of parcels that wait

RESERVE = const(32)  # records that each deposit keeps free for the pickup of its parcel

# EPOCH_BEGUN.a: epoch in bits 0-17, rule above.
EPOCH_BITS = const(18)
_EPOCHS = const(0x3FFFF)

# CABINET_STATE.b: refused in bits 0-3, openings in 4-7, patience in 8-10, doubt in 11-13, epoch in 14-31.
REFUSED_MAX = const(10)  # refused tickets of an hour, from which on the answer to one takes longer

_AFTER = {  # record kind: where the parcel is then
    records.DEPOSIT_STARTED: RESERVED,
    records.CANCELLED: EMPTY,
    records.DEPOSITED: WAITING,
    records.WITHDRAWN: LOADING,
    records.PICKUP_OPENED: GRANTED,
    records.STILL_INSIDE: WAITING,
    records.COLLECTED: EMPTY,
    records.ADOPTED: WAITING,
}
ANCHORS = (records.DEPOSIT_STARTED, records.DOOR_STATE, records.CABINET_STATE)
# What carries something of a door beside its DOOR_STATE has a place of its own:
# that of the door and so many more.
TAIL = const(128)
_MOVED = {RESERVED: LOADING, GRANTED: TAKING}  # after PULSED and DOOR_OPENED
_JAMMED = {TAKING: GRANTED}  # after DOOR_JAMMED: the door was unlocked in vain


class Door:
    """One door: what the journal says of its parcel, and what the door does now.

    By the journal: `state` as above; `counter` of its latest parcel (0: never had one); `serial` of that
    parcel's ticket; `failures` counted for it (0-10); `epoch` modulo 1024 it was deposited in; `code_version`
    (0-15), which makes each new code of that parcel another one; `sensor_unreliable` 1 when its sensor cannot
    tell whether the parcel is there; `jammed` 1 when the door did not move at its last attempt;
    `out_of_service`, 0 or 1; `armed` 0, RECALL or SERVICE, the code with which staff open it, and
    `staff_code_version` (0-15), which makes each of those another one; `generation` of its ticket's key, -1
    where the serial tells.
    For core.door: `size` "S", "M" or "L"; `phase`; `closed` and `occupied`, what the sensors last said;
    `attempts`, which counts the unlocks of this attempt, then the reminders; `opener` who was let in to the
    parcel last (records.BY_), 0 after a boot.
    """

    def __init__(self, number: int):
        self.number = number
        self.size = ""
        self.state = EMPTY
        self.counter = 0
        self.serial = 0
        self.failures = 0
        self.epoch = 0
        self.generation = -1
        self.code_version = 0
        self.sensor_unreliable = 0
        self.jammed = 0
        self.out_of_service = 0
        self.armed = 0
        self.staff_code_version = 0
        self.phase = 0
        self.closed = True
        self.occupied = False
        self.attempts = 0
        self.opener = 0

    def apply(self, kind: int, a: int, b: int, epoch: int) -> None:
        """Folds one record of this door in; a record that says nothing of the parcel changes nothing."""
        if kind in _AFTER:
            if kind != records.DEPOSIT_STARTED or self.state != LOADING:
                self.state = _AFTER[kind]
            self.counter = b
            if kind == records.WITHDRAWN:
                # Reserved with it: what is inside when the power fails now gets a code of its own.
                self.counter += 1
            if kind in (records.WITHDRAWN, records.DEPOSIT_STARTED, records.ADOPTED):
                self.serial = a & _SERIAL_MASK
                self.sensor_unreliable = a >> 17 & 1
                self.generation = a >> 18 if kind == records.ADOPTED else -1
                self.failures = self.code_version = self.jammed = self.armed = self.staff_code_version = 0
                self.epoch = epoch & _EPOCH_MASK
        elif kind in (records.PULSED, records.DOOR_OPENED):
            self.state = _MOVED.get(self.state, self.state)
        elif kind == records.CODE_TRIED:
            self.failures = a
        elif kind == records.DOOR_JAMMED:
            self.state = _JAMMED.get(self.state, self.state)
            self.jammed = 1
        elif kind == records.DOOR_STATE:
            self._restore(a, b)
        else:
            self._note(kind, a)
        if kind == records.DOOR_OPENED:
            self.armed = 0  # a code of staff is good once: it dies with the door that opens, not with a jam
        if kind in (records.DOOR_OPENED, records.DOOR_FORCED):
            self.jammed = 0

    def _note(self, kind: int, a: int) -> None:
        """What changes the terms of a parcel or of the door, but not where the parcel is."""
        if kind == records.PARCEL_FLAGGED or (kind == records.SENSOR_FAULT and a == 2):
            self.sensor_unreliable = 1
        elif kind == records.REISSUED:
            self.code_version = a
        elif kind == records.ARMED:
            self.armed = a >> 8
            self.staff_code_version = a & 255
        elif kind == records.OUT_OF_SERVICE:
            self.out_of_service = a
        elif kind == records.DOOR_TESTED and a:
            self.out_of_service = self.jammed = 0
        elif kind == records.TAIL_KEPT:
            self.generation = a

    def _restore(self, a: int, b: int) -> None:
        self.serial = a & _SERIAL_MASK
        self.failures = a >> 17 & 15
        self.jammed = a >> 21 & 1
        self.epoch = a >> 22
        self.state = b & 7
        self.out_of_service = b >> 3 & 1
        self.sensor_unreliable = b >> 4 & 1
        self.armed = b >> 5 & 3
        self.staff_code_version = b >> 7 & 15
        self.code_version = b >> 11 & 15
        self.counter = b >> 15


class State:
    """The fold of a journal for a cabinet with these door numbers, that began in `epoch` with that `rule` of
    codes and tails, and with ticket keys of that `generation`; afterwards `epoch` and `generation` are those
    of its last record.

    `doors` is a dict of door number to Door, in that order; `number` the newest event number; `acknowledged`
    the newest that the host's database holds; `rung` the event number of the latest call for help; `command`
    that of the host's last command; `refused` how many refused tickets count (0-10); `openings` how many
    host-ordered openings count against the fuse of a day; `patience` how many times as long the cabinet waits
    for people (1-4); `boots` how many boots were recorded since one that has lasted for an hour; `doubt` what
    was found wrong with the journal in this epoch (a sum of records.DOUBT_): unless it is 0, it is trusted
    with no new parcel; `nonces` and `rules` those of the epochs that may be in use, by epoch; `clearing` the
    generation whose bitmap is being erased (0: none), and whose turn is next. By door, 0 left out: `flaps`
    how often it opened with no cause within the hour (4: any more), `used` how many records of its RESERVE
    its parcel has used. `forced` are the doors that opened with no cause and were not closed since.
    """

    def __init__(self, door_numbers: "Iterable[int]", epoch: int = 1, rule: int = RULE, generation: int = 0):
        self.doors: "OrderedDict[int, Door]" = OrderedDict()
        for number in door_numbers:
            self.doors[number] = Door(number)
        self.epoch = epoch
        self.nonces: "OrderedDict[int, int]" = OrderedDict()
        self.nonces[epoch] = 0
        self.rules = {epoch: rule}
        self._rule = rule
        self.generation = generation
        self.clearing = 0
        self.number = 0
        self.acknowledged = 0
        self.command = 0
        self.rung = 0
        self.refused = 0
        self.openings = 0
        self.patience = 1
        self.used: "dict[int, int]" = {}
        self.boots = 0
        self.flaps: "dict[int, int]" = {}
        self.forced: "set[int]" = set()
        self.doubt = 0

    def apply(self, record: records.Record) -> None:
        """Folds one records.Record in. Records of doors that the cabinet no longer has are passed over."""
        self.number = record.number
        if record.kind == records.BELL_RUNG:
            self.rung = record.b or record.number
        if record.uptime >= _HOUR:
            self.boots = 0
        elif record.kind == records.BOOTED:
            self.boots += 1
        if record.kind == records.ACKNOWLEDGED:
            self.acknowledged = record.a
        else:
            self.fold(record.kind, record.door, record.a, record.b)

    def fold(self, kind: int, door: int, a: int, b: int) -> None:
        """Folds what a record says in, whatever its number."""
        if kind == records.COMMAND_APPLIED:
            self.command = a
            self.patience = b >> 1
        elif kind == records.TICKET_REFUSED:
            self.refused = b
        elif kind == records.DOOR_FLAPPED:
            self.flaps = {}
        elif kind == records.OPENINGS:
            self.openings = a
        elif kind in (records.EPOCH_BEGUN, records.EPOCH_KEPT):
            epoch = a & _EPOCHS
            self.nonces[epoch] = b
            self.rules[epoch] = a >> EPOCH_BITS
            if kind == records.EPOCH_BEGUN:
                self.epoch = epoch
                self.doubt = 0  # with new keys nothing that was lost before can do harm
        elif kind in (records.TICKETS_TURNED, records.TICKETS_KEPT):
            self.generation = a
            self.clearing = b if kind == records.TICKETS_KEPT else 0
        elif kind == records.JOURNAL_DOUBT:
            self.doubt |= a
        elif kind == records.CABINET_STATE:
            self.command = a
            self.refused = b & 15
            self.openings = b >> 4 & 15
            self.patience = b >> 8 & 7
            self.doubt = b >> 11 & 7
            self.epoch = b >> 14
            self.nonces.setdefault(self.epoch, 0)
            self.rules.setdefault(self.epoch, self._rule)
        elif door in self.doors:
            if kind in ANCHORS or kind == records.DEPOSITED:
                self.used.pop(door, None)
            elif self.doors[door].state > WAITING or kind in (records.CODE_TRIED, records.PICKUP_OPENED):
                self.used[door] = self.used.get(door, 0) + 1
            self.doors[door].apply(kind, a, b, self.epoch)
            if kind == records.DOOR_FORCED:
                self.flaps[door] = self.flaps.get(door, 0) + 1
                self.forced.add(door)
            elif kind in (records.DOOR_OPENED, records.DOOR_CLOSED):
                self.forced.discard(door)

    def reserved(self, but: "Door | None") -> int:
        """How many records are kept for the pickups of all parcels but that of this door (None: of all)."""
        count = 0
        for door in self.doors.values():
            if door.state and door is not but:
                count += max(0, RESERVE - self.used.get(door.number, 0))
        return count

    def generation_by(self, serial: int) -> int:
        """The generation, this one or the one before, that the parity in a serial tells."""
        return max(0, self.generation - ((serial >> 16 ^ self.generation) & 1))

    def generation_of(self, door: Door) -> int:
        """The generation of the ticket key of a door's parcel."""
        return door.generation if door.generation >= 0 else self.generation_by(door.serial)

    def is_current(self, door: Door) -> bool:
        """Whether there is a bitmap for the ticket of a door's parcel."""
        return 0 <= self.generation - self.generation_of(door) <= 1

    def spent_bit(self, serial: int) -> "tuple[int, int]":
        """Where the bitmaps have a serial, as records have it:
        its number in the bitmap, and which of the two, by parity.
        """
        return (serial & 0xFFFF, serial >> 16) if self.generation else (serial, 0)

    def generations(self) -> "list[int]":
        """Those of the ticket keys that are in use: of parcels, and the latest three,
        of which the third tells labels that are too old.
        """
        found = list(range(max(0, self.generation - 2), self.generation + 1))
        for door in self.doors.values():
            if door.state and door.generation >= 0 and door.generation not in found:
                found.append(door.generation)
        return found

    def epochs(self) -> "list[tuple[int, int, int]]":
        """(epoch, nonce, rule) of the present epoch and of those that parcels are of,
        the earlier ones first.
        """
        wanted = [self.epoch & _EPOCH_MASK]
        for door in self.doors.values():
            if door.state:
                wanted.append(door.epoch)
        return [
            (epoch, nonce, self.rules[epoch])
            for epoch, nonce in self.nonces.items()
            if epoch & _EPOCH_MASK in wanted
        ]

    def carried(self, number: int) -> "list[effects.Record]":
        """The records (effects) that say again all that is known of a door,
        for when its older ones are erased.

        Of the cabinet, for 0: the epochs and the generation in use, and at the end CABINET_STATE, for only
        that says that all is said. For a door and TAIL: the generation of its parcel's ticket key, where that
        is written down.
        """
        made: "list[effects.Record]" = []
        if number & TAIL:
            door = self.doors.get(number - TAIL)
            if door and door.state and door.generation >= 0:
                made.append(effects.Record(records.TAIL_KEPT, door.number, door.generation, 0))
            return made
        if not number:
            for epoch, nonce, rule in self.epochs():
                if nonce:  # that of the first epoch is 0
                    made.append(effects.Record(records.EPOCH_KEPT, 0, epoch | rule << EPOCH_BITS, nonce))
            if self.generation or self.clearing:
                made.append(effects.Record(records.TICKETS_KEPT, 0, self.generation, self.clearing))
        if number in self.doors or not number:  # not a door that the cabinet no longer has
            made.append(self.door_record(number))
        return made

    def door_record(self, number: int) -> effects.Record:
        """DOOR_STATE of a door, or for 0 CABINET_STATE: what is known of no door and is not an epoch."""
        if not number:
            b = self.refused | self.openings << 4 | self.patience << 8 | self.doubt << 11 | self.epoch << 14
            return effects.Record(records.CABINET_STATE, 0, self.command, b)
        door = self.doors[number]
        a = door.serial | door.failures << 17 | door.jammed << 21 | door.epoch << 22
        b = (
            door.state
            | door.out_of_service << 3
            | door.sensor_unreliable << 4
            | door.armed << 5
            | door.staff_code_version << 7
            | door.code_version << 11
            | door.counter << 15
        )
        return effects.Record(records.DOOR_STATE, number, a, b)

    def door_records(self) -> "list[effects.Record]":
        """What is `carried` of everything; folding it gives the same state."""
        made: "list[effects.Record]" = []
        for number in [0] + list(self.doors):
            made += self.carried(number) + self.carried(number | TAIL)
        return made
