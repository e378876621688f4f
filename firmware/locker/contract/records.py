"""The records of the journal: one fixed layout, one table of kinds, shared by board and host.

A record is an event of the cabinet. Records are numbered without gaps per incarnation of the board. What `a`
and `b` mean depends on the kind; `door` is 0 where no door is meant.

| field  | type | meaning                                                  |
|--------|------|----------------------------------------------------------|
| kind   | B    | one of the constants below                               |
| door   | B    | 1-99, 0 for none                                         |
| boot   | H    | boot number, from 1                                      |
| number | I    | event number, from 1, no gaps                            |
| uptime | I    | tenths of a second since that boot (13 years)            |
| a, b   | I, I | by kind                                                  |
"""

import struct

from locker.compat import NamedTuple, const

Record = NamedTuple(
    "Record",
    (("kind", int), ("door", int), ("boot", int), ("number", int), ("uptime", int), ("a", int), ("b", int)),
)

RECORD_BYTES = const(20)
_LAYOUT = "<BBHIIII"

# a: reset cause and, above its 8 bits, how many boots before it were not recorded; b: firmware build
BOOTED = const(1)
DEPOSIT_STARTED = const(2)  # a: serial, b: the parcel counter reserved for it
PULSED = const(3)  # a: which pulse of this attempt (1-3), b: parcel counter; recorded before the coil moves
DOOR_OPENED = const(4)  # b: parcel counter
DOOR_CLOSED = const(5)  # a: 1 when something is inside, b: parcel counter
DEPOSITED = const(6)  # a: serial, b: parcel counter; the ticket is spent, the code is alive
CANCELLED = const(7)  # a: serial, b: parcel counter; no parcel was deposited, the ticket is good
WITHDRAWN = const(8)  # a: serial, b: parcel counter; re-opened within 60 s, the code is dead
# a: failures counted including this one, b: parcel counter; recorded before the compare
CODE_TRIED = const(9)
# a: by code 0, duress 1, recall 2, service 3, the host 4; b: parcel counter; the same size on the link
PICKUP_OPENED = const(10)
COLLECTED = const(11)  # a: serial, b: parcel counter; the code is dead
DOOR_LEFT_OPEN = const(12)  # b: parcel counter; it stands open: nobody closes it, or it was forced earlier
DOOR_FORCED = const(13)  # b: parcel counter; opened with no cause
DOOR_JAMMED = const(14)  # b: parcel counter
# a: how often, since the last such record;
# b: 0 for a call, else the event of the call that was rung for again
BELL_RUNG = const(15)
LAMP_FAILED = const(16)  # it is switched on and draws no current; at most once an hour
# a: how many since the last such record, above 16 bits: of too old a key; b: how many throttle (0-10)
TICKET_REFUSED = const(17)
STILL_INSIDE = const(18)  # a: serial, b: parcel counter; a pickup ended with the parcel still there
SENSOR_FAULT = const(19)  # a: 1 contact, 2 occupancy
# a: I2C address of an expander that does not answer; b: a bit for each of doors 1-32 that is out for it
LEVEL_LOST = const(20)
# a: found, a sum of 1 older than its second copy or the host's, 2 no second copy, 4 damaged;
# b: how many damaged
JOURNAL_DOUBT = const(21)
# b: parcel counter; the courier says that it lies where nothing is seen: collected by key, not by sensor
PARCEL_FLAGGED = const(22)
REISSUED = const(23)  # a: retry, b: parcel counter; another code, the failures stay
ARMED = const(24)  # a: arming and, above its 8 bits, 1 recall, 2 service or 0 disarmed; b: parcel counter
SERVICE_OPENED = const(25)  # b: parcel counter; staff opened a door without a parcel
DOOR_TESTED = const(26)  # a: 1 when it opened, closed and saw rightly what is inside; b: parcel counter
OUT_OF_SERVICE = const(27)  # a: 1 out of service, 0 back; b: parcel counter
# a: number of the host's command, b: bit 0 set when it was possible, patience above it
COMMAND_APPLIED = const(28)
CODES_TRIED = const(29)  # a: tries since the last such record at doors that ask for all digits
# a: how often doors opened with no cause, beyond three an hour and door that are told
DOOR_FLAPPED = const(30)
# a pulse was refused; a: mV at the supply's pin, or of no door: how many more within an hour
SUPPLY_LOW = const(31)
TAMPERED = const(32)  # a: 0, or how many more within an hour
# a: epoch and, above its 18 bits, the rule of its codes and tails; b: its nonce, for its keys
EPOCH_BEGUN = const(33)
EVENT_LOST = const(34)  # stands for an event that the journal has lost; the time is that of the next one
COIL_STUCK = const(35)  # a: mV at the current's pin; a coil draws current that nobody has given it
EVENTS_DROPPED = const(36)  # a: how many minor events found no room in the journal since the last such record
# a: serial, above its 17 bits 1 when flagged, above 18 its generation;
# b: counter of a parcel that only the host knew
ADOPTED = const(37)
# a: generation of the ticket key from now on; the one before is good too, older ones are not
TICKETS_TURNED = const(38)
# a: 1 no calibration of the analogue inputs (told once), or of others once an hour: 2 to 6, see below
PART_FAILED = const(43)
# a: a bit for each key that types nothing, as in "0123456789*#ABCD"; 0 when all work again
KEYS_LEFT_OUT = const(45)

# Records of the board's own that never go to the host.
ACKNOWLEDGED = const(128)  # a: the host's database holds everything up to this number, b: tag of that host
DOOR_STATE = const(129)  # a, b: see core.state; carries a door over an erased block
# a: number of the last command, b: see core.state; carries what is not of a door over an erased block
CABINET_STATE = const(130)
OPENINGS = const(131)  # a: host-ordered openings that count against the fuse of a day
EPOCH_KEPT = const(132)  # a, b: as EPOCH_BEGUN; carries an epoch over an erased block
# a: generation of the ticket key, b: the one that begins once its bitmap is erased, 0 for none
TICKETS_KEPT = const(133)
# a: generation of the ticket key of the door's parcel, which its serial does not tell any more
TAIL_KEPT = const(134)

# Sets of kinds, a bit each: what the host is told of at once, and what of that goes ahead of any backlog.
URGENT = const(
    1 << PICKUP_OPENED
    | 1 << DOOR_FORCED
    | 1 << DOOR_JAMMED
    | 1 << BELL_RUNG
    | 1 << TAMPERED
    | 1 << COIL_STUCK
)
TOLD = const(
    URGENT | 1 << DEPOSITED | 1 << CANCELLED | 1 << COLLECTED | 1 << DOOR_LEFT_OPEN | 1 << TICKET_REFUSED
    | 1 << STILL_INSIDE | 1 << SENSOR_FAULT | 1 << SERVICE_OPENED | 1 << DOOR_TESTED | 1 << COMMAND_APPLIED
    | 1 << SUPPLY_LOW | 1 << LAMP_FAILED | 1 << JOURNAL_DOUBT | 1 << PART_FAILED | 1 << KEYS_LEFT_OUT
)  # fmt: skip

# What is only counted when the room that the journal has left is kept for the pickups of parcels.
MINOR = const(
    1 << BOOTED | 1 << DOOR_FORCED | 1 << BELL_RUNG | 1 << LAMP_FAILED | 1 << TICKET_REFUSED | 1 << LEVEL_LOST
    | 1 << CODES_TRIED | 1 << DOOR_FLAPPED | 1 << SUPPLY_LOW | 1 << TAMPERED | 1 << COIL_STUCK
    | 1 << PART_FAILED | 1 << KEYS_LEFT_OUT
)  # fmt: skip

# Which part has failed (PART_FAILED.a).
CALIBRATION = const(1)
BEEPER = const(2)
SCREEN = const(3)
SUPPLY_SENSE = const(4)
CURRENT_SENSE = const(5)
LINK = const(6)

# Whose code is armed (ARMED.a above its 8 bits): staff's for a parcel, or for the door.
RECALL = const(1)
SERVICE = const(2)

# Who opened the door of a parcel (PICKUP_OPENED.a).
BY_CODE = const(0)
BY_DURESS = const(1)
BY_RECALL = const(2)
BY_SERVICE = const(3)
BY_HOST = const(4)

# What is wrong with the journal (JOURNAL_DOUBT.a, a sum): see shell.second_copy.
DOUBT_BEHIND = const(1)  # it says less than its second copy, or than the host holds
DOUBT_COPY = const(2)  # its second copy is missing, says less, or cannot be written
DOUBT_DAMAGED = const(4)  # records in it are damaged or missing

# Why a boot happened (BOOTED.a).
RESET_POWER = const(1)
RESET_HARD = const(2)
RESET_WATCHDOG = const(3)
RESET_SOFT = const(4)
RESET_BROWNOUT = const(5)
RESET_UNKNOWN = const(0)


def pack(record: Record) -> bytes:
    """The 20 bytes of a record; the caller keeps the fields in range."""
    return struct.pack(_LAYOUT, *record)


def unpack(data: bytes) -> Record:
    """The record in exactly 20 bytes."""
    assert len(data) == RECORD_BYTES
    return Record(*struct.unpack(_LAYOUT, data))
