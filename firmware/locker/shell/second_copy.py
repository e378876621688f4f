"""The second copy of what the journal must never fall behind:
three numbers that only grow, in the chip's own non-volatile storage.

    what                                  by the journal   by the second copy
    the number of the latest boot         n                n, or n - 1 when the power failed between the two
    the sum of the doors' counters        n                likewise
    the newest event's number // 64       n                likewise

A parcel that is taken over from a lost journal (ADOPTED) brings its counter along, which may be any number
above that of its door: when the power fails right behind that record, the sum may lag by any amount, and that
is no doubt. Anything else is doubt, and so are damaged records: it is journaled when it is found, and there
are no deposits until a new epoch or a new journal. See docs/decisions/0006-second-copies.md.
"""

import struct

from locker.compat import TYPE_CHECKING, const
from locker.contract import records
from locker.core.state import ANCHORS

if TYPE_CHECKING:
    from locker.core.state import State
    from locker.hal.seam import Marks
    from locker.shell.journal import Journal

_COUNTED = ANCHORS + (records.ADOPTED,)  # kinds behind which the counters are those of the journal
# The key of a blob: how many boots the journal does not hold, 32 bits, least significant byte first.
_BOOTS = "boots"
TOLD = "told"  # of the blob with what was told once, a bit each
NAME = "marks"  # the key of a blob: the three numbers, 32 bits each, least significant byte first
_EVENTS = const(64)


def _found(journal: "Journal", state: "State", boot: int) -> "list[int]":
    parcels = 0
    for door in state.doors.values():
        parcels += door.counter
    return [boot, parcels, (journal.next_number - 1) // _EVENTS]


def leave_out(marks: "Marks", more: int) -> int:
    """Returns the number of boots that the journal does not hold;
    then adds `more` to it, or resets it when `more` is 0.

    Never raises: where the storage is missing or worn the number is lost,
    which harms nobody, and `pair` tells of it.
    """
    last = bytearray(4)
    try:
        marks.get_blob(_BOOTS, last)
    except OSError:
        last = bytes(4)  # none yet
    found = struct.unpack("<I", last)[0]
    if found or more:
        try:
            marks.set_blob(_BOOTS, struct.pack("<I", found + more if more else 0))
            marks.commit()
        except OSError:
            return found
    return found


def first(marks: "Marks", what: int) -> bool:
    """Whether this happens for the first time since provisioning; `what` is 0 to 7.

    Once more where the storage cannot be written.
    """
    told = bytearray(1)
    try:
        marks.get_blob(TOLD, told)
    except OSError:
        told[0] = 0  # nothing yet
    if told[0] >> what & 1:
        return False
    try:
        marks.set_blob(TOLD, bytes((told[0] | 1 << what,)))
        marks.commit()
    except OSError:
        return True
    return True


def pair(marks: "Marks", journal: "Journal", state: "State") -> None:
    """Compares a Journal that was just opened, `state` its fold, with its second copy in `marks`, the seam's
    Marks; from now on each record that is durable is followed by the second copy of what it says.

    New doubt lets boots and events go on behind all numbers that may have been given out.
    """
    last = bytearray(12)
    doubt = records.DOUBT_DAMAGED if journal.damaged else 0
    try:
        marks.get_blob(NAME, last)
    except OSError:
        doubt |= records.DOUBT_COPY
    kept = list(struct.unpack("<3I", last))

    def keep(boot: int, kind: int, uptime: int) -> None:
        found = _found(journal, state, boot)
        if kind not in _COUNTED:
            found[1] = kept[1]  # the state may know of a counter whose record is not durable yet
        if found != kept:
            kept[:] = found
            try:
                marks.set_blob(NAME, struct.pack("<3I", *found))
                marks.commit()
            except OSError:
                if not state.doubt & records.DOUBT_COPY:
                    journal.suspect(records.DOUBT_COPY, uptime)

    for value, mark, most in zip(
        _found(journal, state, journal.boot - 1), kept, (1, journal.raised, 1)
    ):  # the present boot is not there yet
        if value < mark:
            doubt |= records.DOUBT_BEHIND
        elif value > mark + most:
            doubt |= records.DOUBT_COPY
    if doubt & records.DOUBT_BEHIND or doubt & ~state.doubt:
        journal.boot = max(journal.boot, kept[0] + 1)
        journal.next_number = max(journal.next_number, (kept[2] + 1) * _EVENTS + 1)
        journal.tidy(0, False)  # the newest block may have no slot left
        journal.suspect(doubt, 0)
    keep(journal.boot - 1, records.DOOR_STATE, 0)
    journal.kept = keep
