"""The host's half of `locker.contract.records`: what each field of a record may say, in one table.

No board carries it.

The host looks at every record that it unpacks, and docs/protocol.md draws its table from here. A kind that is
not in the table is of a newer board, and its fields may say anything;
the board's own kinds, from 128 on, are never told.
"""

from locker.compat import TYPE_CHECKING, NamedTuple
from locker.contract import records
from locker.contract.records import Record

if TYPE_CHECKING:
    Parts = tuple[tuple[int, int, int], ...]

ANY = ((32, 0, 0xFFFFFFFF),)
DOOR = (1, 99)
NO_DOOR = (0, 0)
EITHER = (0, 99)  # some door, or none

_SERIAL = ((32, 0, 0x1FFFF),)
_COUNTER = ((32, 1, 0x1FFFF),)
_LATEST = ((32, 0, 0x1FFFF),)  # counter of the door's latest parcel, 0 before its first
_FLAG = ((32, 0, 1),)

# The lowest and highest door; of `a` and of `b` the parts, from the lowest bits on:
# how many bits, lowest and highest value.
Bounds = NamedTuple("Bounds", (("door", "tuple[int, int]"), ("a", "Parts"), ("b", "Parts")))

BOUNDS = {
    records.BOOTED: Bounds(NO_DOOR, ANY, ANY),
    records.DEPOSIT_STARTED: Bounds(DOOR, _SERIAL, _COUNTER),
    records.PULSED: Bounds(DOOR, ((32, 1, 3),), _LATEST),
    records.DOOR_OPENED: Bounds(DOOR, ANY, _LATEST),
    records.DOOR_CLOSED: Bounds(DOOR, _FLAG, _LATEST),
    records.DEPOSITED: Bounds(DOOR, _SERIAL, _COUNTER),
    records.CANCELLED: Bounds(DOOR, _SERIAL, _COUNTER),
    records.WITHDRAWN: Bounds(DOOR, _SERIAL, _COUNTER),
    records.CODE_TRIED: Bounds(DOOR, ((32, 1, 10),), _LATEST),
    records.PICKUP_OPENED: Bounds(DOOR, ((32, 0, 4),), _LATEST),
    records.COLLECTED: Bounds(DOOR, _SERIAL, _LATEST),
    records.DOOR_LEFT_OPEN: Bounds(DOOR, ANY, _LATEST),
    records.DOOR_FORCED: Bounds(DOOR, ANY, _LATEST),
    records.DOOR_JAMMED: Bounds(DOOR, ANY, _LATEST),
    records.BELL_RUNG: Bounds(NO_DOOR, ANY, ANY),
    records.LAMP_FAILED: Bounds(NO_DOOR, ANY, ANY),
    records.TICKET_REFUSED: Bounds(NO_DOOR, ANY, ((32, 0, 10),)),
    records.STILL_INSIDE: Bounds(DOOR, _SERIAL, _LATEST),
    records.SENSOR_FAULT: Bounds(DOOR, ((32, 1, 2),), _LATEST),
    records.LEVEL_LOST: Bounds(NO_DOOR, ((32, 0, 127),), ANY),
    records.JOURNAL_DOUBT: Bounds(NO_DOOR, ((32, 0, 7),), ANY),
    records.PARCEL_FLAGGED: Bounds(DOOR, ANY, _LATEST),
    records.REISSUED: Bounds(DOOR, ((32, 0, 15),), _LATEST),
    records.ARMED: Bounds(DOOR, ((8, 0, 15), (24, 0, 2)), _LATEST),
    records.SERVICE_OPENED: Bounds(DOOR, ANY, _LATEST),
    records.DOOR_TESTED: Bounds(DOOR, _FLAG, _LATEST),
    records.OUT_OF_SERVICE: Bounds(DOOR, _FLAG, _LATEST),
    records.COMMAND_APPLIED: Bounds(EITHER, ((32, 1, 0xFFFFFFFF),), ((1, 0, 1), (31, 0, 7))),
    records.CODES_TRIED: Bounds(NO_DOOR, ANY, ANY),
    records.DOOR_FLAPPED: Bounds(NO_DOOR, ANY, ANY),
    records.SUPPLY_LOW: Bounds(EITHER, ANY, _LATEST),
    records.TAMPERED: Bounds(NO_DOOR, ANY, ANY),
    records.EPOCH_BEGUN: Bounds(NO_DOOR, ((18, 1, 0x3FFFF), (14, 0, 0x3FFF)), ((32, 1, 0xFFFFFFFF),)),
    records.EVENT_LOST: Bounds(NO_DOOR, ANY, ANY),
    records.COIL_STUCK: Bounds(EITHER, ANY, ANY),
    records.EVENTS_DROPPED: Bounds(NO_DOOR, ANY, ANY),
    records.ADOPTED: Bounds(DOOR, ((17, 0, 0x1FFFF), (1, 0, 1), (14, 0, 0x3FFF)), _COUNTER),
    records.KEYS_LEFT_OUT: Bounds(NO_DOOR, ((32, 0, 0xFFFF),), ANY),
    records.TICKETS_TURNED: Bounds(NO_DOOR, ((32, 0, 0x3FFF),), ANY),
    records.PART_FAILED: Bounds(NO_DOOR, ((32, 1, 6),), ANY),
}
_FIRST = 1  # boots and event numbers begin with it


class OutOfRange(Exception):
    """A field of a record is not what its kind may say; `args` is its name, its value and the record."""


def unpack(raw: bytes) -> Record:
    """The record in 20 bytes, of which every field is within its range.

    Raises OutOfRange for the first that is not.
    """
    record = records.unpack(raw)
    for name in ("boot", "number"):
        if getattr(record, name) < _FIRST:
            raise OutOfRange(name, getattr(record, name), record)
    if record.kind >= records.ACKNOWLEDGED:
        raise OutOfRange("kind", record.kind, record)
    bounds = BOUNDS.get(record.kind)
    if bounds:
        if not bounds.door[0] <= record.door <= bounds.door[1]:
            raise OutOfRange("door", record.door, record)
        for name, parts in (("a", bounds.a), ("b", bounds.b)):
            if not _holds(parts, getattr(record, name)):
                raise OutOfRange(name, getattr(record, name), record)
    return record


def _holds(parts: "Parts", value: int) -> bool:
    for bits, least, most in parts:
        if not least <= value & (1 << bits) - 1 <= most:
            return False
        value >>= bits
    return True


def in_words(parts: "Parts") -> str:
    """What a field may say, for people: `1 to 3`, or `bits 0-7: 0 to 15, bits 8-31: 0 to 2`."""
    if parts == ANY:
        return ""
    said: list[str] = []
    at = 0
    for bits, least, most in parts:
        place = f"bits {at}-{at + bits - 1}: " if bits > 1 else f"bit {at}: "
        said.append((place if len(parts) > 1 else "") + f"{least} to {most}")
        at += bits
    return ", ".join(said)
