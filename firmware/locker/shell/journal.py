"""The journal on its raw flash partition: an append-only ring of records, and the bitmaps of spent tickets.

Blocks 0-119 are the ring: a block holds a 16-byte header and 170 records of 24 bytes (20 of contract.records
and a CRC-32). The block with sequence s lies at s mod 120, so the newest header tells where everything is;
what was damaged since is passed over and counted (docs/decisions/0006-second-copies.md). Blocks 120-121 and
124-125 are two bitmaps of 65,536 tickets, of the even generations of ticket keys and of the odd ones: a set
bit is an unspent ticket, and spending clears it in place. The even bitmap of a site that is older than
generations has 100,000 bits, up to block 123. NOR flash: writing clears bits, only erasing a whole block sets
them (docs/decisions/0001-journal-layout.md, 0100-generations-of-ticket-keys.md).
"""

import struct

from locker.compat import TYPE_CHECKING, const
from locker.contract import records
from locker.core.state import ANCHORS, TAIL
from locker.shell.slots import MAGIC, blank, header, opened, sealed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from locker.hal.seam import Flash

_BLOCK_BYTES = const(4096)
_RING_BLOCKS = const(120)
_SPENT_BLOCKS = const(4)  # from one bitmap to the next
_CLEARED_BLOCKS = const(2)  # of a bitmap, for a new generation
_BLOCKS = const(128)
_HEADER_BYTES = const(16)
_SLOT_BYTES = const(24)
_SLOTS = const(170)
_ERASED_AHEAD = const(2)
_SERIALS = const(100000)
_BOOT_MAX = const(65535)
_GAP_MAX = const(1048576)  # events that may be missing in one place
# Slots kept besides one for each anchor: an acknowledgement, 8 epochs,
# a generation, and 16 that power cuts tear.
_ALSO_KEPT = const(26)
LOCAL_KINDS = const(128)  # records of this kind and above are the board's own: no event number, never sent


class JournalError(Exception):
    """The partition cannot serve as a journal; says what to do."""


class JournalFull(JournalError):
    """No record fits without losing an event that the host does not hold yet."""


# What the last slots are for.
_OWN = (
    records.ACKNOWLEDGED,
    records.DOOR_STATE,
    records.CABINET_STATE,
    records.EPOCH_KEPT,
    records.TICKETS_KEPT,
    records.TAIL_KEPT,
    records.JOURNAL_DOUBT,
)


class Journal:
    """The journal of one board. Every method that writes returns only when the flash holds it.

    `flash` is the seam's Flash; `fold(record)` is called for each record found, oldest first; `carry(door)`
    gives the (kind, door, a, b) of the records that repeat what the journal knows of a door (0: of no door;
    of a door and TAIL: its TAIL_KEPT, if that still says something), the last of them its anchor, when the
    block with its anchor is about to be erased. Opening it writes nothing.

    `boot` is the number of this boot, `since` the tenths of a second that it had lasted before this program;
    `damaged` how many records of the present epoch are damaged or missing; `raised` how much the newest
    record may have added to the sum of the doors' counters. `kept(boot, kind, uptime)`, if it is set, is
    called behind each record that is durable.
    Raises JournalError when the partition is not an initialised journal.
    """

    def __init__(
        self,
        flash: "Flash",
        fold: "Callable[[records.Record], object]",
        carry: "Callable[[int], Iterable[tuple[int, int, int, int]]]",
    ) -> None:
        if flash.block_count < _BLOCKS or flash.block_bytes != _BLOCK_BYTES:
            raise JournalError("The journal partition is too small: flash the partition table of boards/.")
        self._flash = flash
        self._fold = fold
        self._carry = carry
        self._slot = bytearray(_SLOT_BYTES)
        self._anchored = {0: 0}  # door: sequence of the block with its latest anchor; 0 is the cabinet
        self._cursor = (0, 0, 0)  # event number, sequence and slot where reading may go on
        self.acknowledged = 0
        self.tag = 0  # of the host that said so
        self._said = 0  # the acknowledgement that is durable
        self.boot = 0
        self.since = 0
        self.damaged = 0
        self.raised = 1
        self.kept: "Callable[[int, int, int], None] | None" = None
        self.next_number = 1
        self._torn = 0  # slots that cannot be read since the last record
        head = -1
        for block in range(_RING_BLOCKS):
            head = max(head, self._header(block))
        if head < 0:
            raise JournalError("The journal is not initialised: run `ansim provision`.")
        while self._read(head + 1, 0) != b"" and self._is_erased(head + 2):
            head += 1  # used, and not being erased: the newest, its header damaged
        self._head = head
        self._oldest = max(0, head + 1 - _RING_BLOCKS)
        for sequence in range(self._oldest, head + 1):
            self._used = self._replay(sequence)
            lost = self._header(sequence) != sequence
            self.damaged += lost or (self._used < _SLOTS and sequence < head)
            if sequence <= head + _ERASED_AHEAD - _RING_BLOCKS:  # it may have been torn while it was erased
                self.damaged = self._torn = 0
                if lost:
                    self._oldest = sequence + 1
        self._torn = 0
        self.boot = min(self.boot + 1, _BOOT_MAX)
        self._erased = 0
        while self._erased < _ERASED_AHEAD and self._is_erased(head + 1 + self._erased):
            self._erased += 1

    # Finding what is there

    def _header(self, sequence: int) -> int:
        """The sequence in the header of the block where `sequence` would lie, -1 without a valid header."""
        head = bytearray(_HEADER_BYTES)
        self._flash.read(sequence % _RING_BLOCKS, 0, head)
        body = opened(head)
        if body and body[:4] == MAGIC:
            self.incarnation, found = struct.unpack("<II", body[4:])
            if not (found - sequence) % _RING_BLOCKS:
                return found
        return -1

    def _is_erased(self, sequence: int) -> bool:
        chunk = bytearray(256)
        for offset in range(0, _BLOCK_BYTES, 256):
            self._flash.read(sequence % _RING_BLOCKS, offset, chunk)
            if not blank(chunk):
                return False
        return True

    def _replay(self, sequence: int) -> int:
        """Folds the records of a block; the number of slots in use."""
        for slot in range(_SLOTS):
            body = self._read(sequence, slot)
            if body:
                record = records.unpack(body)
                self._note(record, sequence)
                self._fold(record)
            elif body is None:
                self._torn += 1
            else:
                return slot
        return _SLOTS

    def _note(self, record: records.Record, sequence: int) -> None:
        gap = record.number - self.next_number + (record.kind >= LOCAL_KINDS)
        # What the end of a boot has torn was never an event.
        self.damaged += self._torn if record.boot == self.boot else min(self._torn, gap)
        self._torn = 0
        self.boot = max(self.boot, record.boot)
        self.next_number = record.number + 1
        if record.kind == records.ACKNOWLEDGED:
            self.acknowledged = self._said = record.a
            self.tag = record.b
        elif record.kind == records.EPOCH_BEGUN:
            self.damaged = 0
        door = record.door
        if record.kind in (records.TAIL_KEPT, records.ADOPTED):
            self._anchored[door | TAIL] = sequence
        self.raised = record.b if record.kind == records.ADOPTED else 1
        if record.kind in ANCHORS or door not in self._anchored:
            self._anchored[door] = sequence

    # Writing

    def append(self, kind: int, door: int, uptime: int, a: int, b: int) -> records.Record:
        """Writes one record, uptime in tenths of a second; returns it as a records.Record once it is durable.

        Raises JournalFull, for all but what it takes to make room while the last slots are still free.
        """
        if kind not in _OWN and self._spare() < 1:
            raise JournalFull
        record = records.Record(kind, door, self.boot, self.next_number - (kind >= LOCAL_KINDS), uptime, a, b)
        if self._used == _SLOTS:
            self._open_next()
        self._flash.write(
            self._head % _RING_BLOCKS, _HEADER_BYTES + self._used * _SLOT_BYTES, sealed(records.pack(record))
        )
        self._used += 1
        self._note(record, self._head)
        if self.kept:
            self.kept(self.boot, kind, uptime)
        return record

    def _open_next(self) -> None:
        if not self._erased:
            raise JournalFull
        self._head += 1
        self._erased -= 1
        self._used = 0
        self._flash.write(self._head % _RING_BLOCKS, 0, header(self.incarnation, self._head))

    def _erase_one(self, uptime: int) -> None:
        """Erases the next block ahead, first saying again what only it says, and what the host holds."""
        victim = self._head + 1 + self._erased
        lost = victim - _RING_BLOCKS
        for door, sequence in list(self._anchored.items()):
            if sequence <= lost:
                del self._anchored[door]
                for kind, number, a, b in self._carry(door):
                    self.append(kind, number, uptime, a, b)
        if self._said != self.acknowledged:
            self.append(records.ACKNOWLEDGED, 0, uptime, self.acknowledged, self.tag)
        self._oldest = max(self._oldest, lost + 1)
        self._flash.erase(victim % _RING_BLOCKS)
        self._erased += 1

    def tidy(self, uptime: int, quiet: bool) -> None:
        """Keeps two erased blocks ahead, one erase (about 50 ms) a call:
        when nobody is there, or when none is left at all.

        Only for when all that the core has folded is durable, for that is what an erase says again.
        """
        if self._erased < _ERASED_AHEAD and (quiet or not self._erased) and self._may_erase(1):
            self._erase_one(uptime)

    def _spare(self) -> int:
        """Slots that can be written without an erase,
        less those that are kept for what an erase has to say again.
        """
        return _SLOTS - self._used + self._erased * _SLOTS - len(self._anchored) - _ALSO_KEPT

    def _may_erase(self, blocks: int) -> bool:
        """Whether that many of the next blocks to be erased hold nothing
        that the host has not acknowledged.
        """
        lost = self._head + self._erased + blocks - _RING_BLOCKS
        if lost < self._oldest:
            return True
        return self._spare() > -_ALSO_KEPT and self._first_number(lost + 1) - 1 <= self.acknowledged

    def room(self, enough: int) -> int:
        """The number of records that still fit without losing an event that the host has not acknowledged.

        Once it has found `enough` it stops counting.
        """
        room = self._spare()
        blocks = max(0, (enough - room + _SLOTS - 1) // _SLOTS)
        while blocks and not self._may_erase(blocks):
            blocks -= 1
        return room + blocks * _SLOTS

    def acknowledge(self, number: int, uptime: int) -> bool:
        """Notes that the host holds everything up to a number; False for an old one.

        It is durable at once, or, when no erased block is left, before the erase that it allows: a power cut
        costs no more than that the host is told again. One that was never written is doubt: the numbers go on
        behind what the host holds.
        """
        if number <= self.acknowledged:
            return False
        if number >= self.next_number:
            self.next_number = number + 1
            self.suspect(records.DOUBT_BEHIND, uptime)
        self.acknowledged = number
        self._keep_acknowledged(uptime)
        return True

    def hold(self, number: int, tag: int, uptime: int) -> None:
        """Notes from where the host of that tag goes on.

        A lower number than before, of an older database or another host,
        makes the board tell all behind it again.
        """
        if number < self.acknowledged or tag != self.tag:
            self.acknowledged = min(number, self.acknowledged)
            self.tag = tag
            self._said = -1
            self._keep_acknowledged(uptime)

    def _keep_acknowledged(self, uptime: int) -> None:
        if self._erased:
            self.append(records.ACKNOWLEDGED, 0, uptime, self.acknowledged, self.tag)

    def suspect(self, what: int, uptime: int) -> None:
        """Journals and folds that the journal is in doubt for this;
        when there is no room for that, there are no deposits anyway.
        """
        if self._spare() > -_ALSO_KEPT:
            self._fold(self.append(records.JOURNAL_DOUBT, 0, uptime, what, self.damaged))

    # Reading the tail for the host

    def _read(self, sequence: int, slot: int) -> "bytes | None":
        """The record in a slot as 20 bytes; None when torn, b"" when unused."""
        self._flash.read(sequence % _RING_BLOCKS, _HEADER_BYTES + slot * _SLOT_BYTES, self._slot)
        body = opened(self._slot)
        return b"" if body is None and blank(self._slot) else body

    def _first_number(self, sequence: int) -> int:
        """The number of the first event at or behind the start of a block, as far as it can be read."""
        while sequence <= self._head:
            for slot in range(_SLOTS):
                body = self._read(sequence, slot)
                if body:
                    return records.unpack(body).number + (body[0] >= LOCAL_KINDS)
            sequence += 1
        return self.next_number

    def _find(self, number: int) -> "tuple[int, int]":
        """Sequence and slot at or before the event with that number."""
        known, sequence, slot = self._cursor
        if known == number and sequence >= self._oldest:
            return sequence, slot
        sequence = self._head
        while sequence > self._oldest:
            if self._first_number(sequence) <= number:
                break
            sequence -= 1
        return sequence, 0

    def events_from(self, number: int, count: int) -> "list[bytes]":
        """Up to `count` events as 20 bytes each, in order, from that number on,
        EVENT_LOST in the place of each that is missing.
        """
        events = []
        sequence, slot = self._find(number)
        while len(events) < count and (sequence < self._head or slot < self._used):
            if slot == _SLOTS:
                sequence += 1
                slot = 0
                continue
            body = self._read(sequence, slot)
            if body and body[0] < LOCAL_KINDS:
                record = records.unpack(body)
                if number < record.number <= number + _GAP_MAX:
                    body = records.pack(
                        records.Record(records.EVENT_LOST, 0, record.boot, number, record.uptime, 0, 0)
                    )
                    slot -= 1  # whose turn has not come
                if record.number >= number:
                    events.append(body)
                    number += 1
            slot += 1
        self._cursor = (number, sequence, slot)
        return events

    # Spent tickets

    def spent(self, serial: int, bitmap: int = 0) -> bool:
        """Whether the ticket with that serial is used up,
        by the bitmap of the even (0) or of the odd (1) generations of ticket keys.
        """
        block, offset, mask = _bit_of(serial, bitmap)
        cell = bytearray(1)
        self._flash.read(block, offset, cell)
        return not cell[0] & mask

    def spend(self, serial: int, bitmap: int = 0) -> None:
        """Uses a ticket up: clears its bit, which needs no erase."""
        block, offset, mask = _bit_of(serial, bitmap)
        cell = bytearray(1)
        self._flash.read(block, offset, cell)
        cell[0] &= ~mask
        self._flash.write(block, offset, cell)

    def clear_spent(self, bitmap: int) -> None:
        """Erases a bitmap (about 0.1 s).

        Where the power fails in the midst of it, it holds anything, and has to be erased again.
        """
        for block in range(_CLEARED_BLOCKS):
            self._flash.erase(_RING_BLOCKS + bitmap * _SPENT_BLOCKS + block)


def _bit_of(serial: int, bitmap: int) -> "tuple[int, int, int]":
    assert 0 <= serial < _SERIALS
    byte = serial >> 3
    return (
        _RING_BLOCKS + bitmap * _SPENT_BLOCKS + byte // _BLOCK_BYTES,
        byte % _BLOCK_BYTES,
        1 << (serial & 7),
    )
