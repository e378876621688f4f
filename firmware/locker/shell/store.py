"""The journal on its raw flash partition: an append-only ring of records, and the bitmaps of spent tickets.

Blocks 0-119 are the ring: a block holds a 16-byte header and 170 records of 24 bytes (20 of core.records and a CRC-32). The
block with sequence s lies at s mod 120, so the newest header tells where everything is. Blocks 120-127 are two bitmaps of
100,000 tickets: a set bit is an unspent ticket, and spending clears it in place. NOR flash: writing clears bits, only erasing
a whole block sets them. See docs/decisions/0001-journal-layout.md.
"""

import struct
from binascii import crc32

from locker.compat import const
from locker.core import records
from locker.core.journal import ANCHORS

_BLOCK_BYTES = const(4096)
_RING_BLOCKS = const(120)
_SPENT_BLOCKS = const(4)
_BLOCKS = const(128)
_HEADER_BYTES = const(16)
_SLOT_BYTES = const(24)
_SLOTS = const(170)
_SLOTS_AT_ONCE = const(10)
_ERASED_AHEAD = const(2)
_MAGIC = b"AnJ1"
_SERIALS = const(100000)
LOCAL_KINDS = const(128)  # records of this kind and above are the board's own: no event number, never sent


class JournalError(Exception):
    """The partition cannot serve as a journal; says what to do."""


class JournalFull(JournalError):
    """No record fits without losing an event that the host does not hold yet."""


def _sealed(body) -> bytes:
    return body + struct.pack("<I", crc32(body))


def _opened(data):
    """The body of `body || CRC-32`, None when torn or damaged."""
    body = bytes(data[:-4])
    return body if struct.pack("<I", crc32(body)) == bytes(data[-4:]) else None


def _blank(data) -> bool:
    return data.count(b"\xff") == len(data)


def header(incarnation: int, sequence: int) -> bytes:
    """The 16 bytes at the beginning of a block."""
    return _sealed(_MAGIC + struct.pack("<II", incarnation, sequence))


class Store:
    """The journal of one board. Every method that writes returns only when the flash holds it.

    `flash` is the seam's Flash; `fold(record)` is called for each record found, oldest first; `carry(door)` gives the
    (kind, door, a, b) of a record that says again what the journal knows of a door, when the block with its anchor is about
    to be erased.
    Raises JournalError when the partition is not an initialised journal.
    """

    def __init__(self, flash, fold, carry):
        if flash.block_count < _BLOCKS or flash.block_bytes != _BLOCK_BYTES:
            raise JournalError("The journal partition is too small: flash the partition table of boards/.")
        self._flash = flash
        self._carry = carry
        self._slot = bytearray(_SLOT_BYTES)
        self._anchored = {0: 0}  # door: sequence of the block with its latest anchor; 0 is the cabinet
        self._cursor = (0, 0, 0)  # event number, sequence and slot where reading may go on
        self.next_number = 1
        self.acknowledged = 0
        self.boot = 0
        self.damaged = 0
        self._head = self._newest()
        self._used = 0
        self._oldest = self._head
        while self._oldest and self._head - self._oldest < _RING_BLOCKS - 1 and self._sequence_at(self._oldest - 1) == self._oldest - 1:
            self._oldest -= 1
        for sequence in range(self._oldest, self._head + 1):
            self._used = self._replay(sequence, fold)
        self.boot += 1
        self._erased = 0
        while self._erased < _ERASED_AHEAD and self._is_erased(self._head + 1 + self._erased):
            self._erased += 1
        if not self._erased and self._head + 1 - _RING_BLOCKS < self._oldest:
            self._erase_one(0)  # power failed while this block was erased or opened

    # Finding what is there

    def _sequence_at(self, sequence):
        """The sequence in the header of the block where `sequence` would lie, None without a valid header."""
        header = self._header_of(sequence % _RING_BLOCKS)
        return header[1] if header else None

    def _header_of(self, block):
        head = bytearray(_HEADER_BYTES)
        self._flash.read(block, 0, head)
        body = _opened(head)
        return struct.unpack("<II", body[4:]) if body and body[:4] == _MAGIC else None

    def _newest(self):
        newest = (0, -1)
        for block in range(_RING_BLOCKS):
            found = self._header_of(block)
            if found and found[1] % _RING_BLOCKS == block and found[1] > newest[1]:
                newest = found
        self.incarnation, sequence = newest
        if sequence < 0:
            raise JournalError("The journal is not initialised: run `ansim provision`.")
        return sequence

    def _is_erased(self, sequence):
        chunk = bytearray(256)
        for offset in range(0, _BLOCK_BYTES, 256):
            self._flash.read(sequence % _RING_BLOCKS, offset, chunk)
            if not _blank(chunk):
                return False
        return True

    def _replay(self, sequence, fold):
        """Folds the records of a block; the number of slots in use."""
        chunk = bytearray(_SLOTS_AT_ONCE * _SLOT_BYTES)
        view = memoryview(chunk)
        for first in range(0, _SLOTS, _SLOTS_AT_ONCE):
            self._flash.read(sequence % _RING_BLOCKS, _HEADER_BYTES + first * _SLOT_BYTES, chunk)
            for slot in range(_SLOTS_AT_ONCE):
                data = view[slot * _SLOT_BYTES : (slot + 1) * _SLOT_BYTES]
                body = _opened(data)
                if body:
                    self._note(records.unpack(body), sequence, fold)
                elif _blank(bytes(data)):
                    return first + slot
                else:
                    self.damaged += 1
        return _SLOTS

    def _note(self, record, sequence, fold):
        self.boot = max(self.boot, record.boot)
        if record.kind < LOCAL_KINDS:
            self.next_number = record.number + 1
        elif record.kind == records.ACKNOWLEDGED:
            self.acknowledged = record.a
        if record.kind in ANCHORS:
            self._anchored[record.door] = sequence
        fold(record)

    # Writing

    def append(self, kind: int, door: int, uptime: int, a: int, b: int):
        """Writes one record, uptime in tenths of a second; returns it as a records.Record once it is durable. Raises JournalFull."""
        local = kind >= LOCAL_KINDS
        record = records.Record(kind, door, self.boot & 0xFFFF, self.next_number - (1 if local else 0), uptime, a, b)
        if self._used == _SLOTS:
            self._open_next()
        self._flash.write(self._head % _RING_BLOCKS, _HEADER_BYTES + self._used * _SLOT_BYTES, _sealed(records.pack(record)))
        self._used += 1
        if not local:
            self.next_number += 1
        if kind in ANCHORS:
            self._anchored[door] = self._head
        return record

    def _open_next(self):
        if not self._erased:
            raise JournalFull("The journal is full: connect the cabinet to its host.")
        self._head += 1
        self._erased -= 1
        self._used = 0
        self._flash.write(self._head % _RING_BLOCKS, 0, header(self.incarnation, self._head))

    def _erase_one(self, uptime):
        """Erases the next block ahead, first saying again what only it says."""
        victim = self._head + 1 + self._erased
        lost = victim - _RING_BLOCKS
        if lost >= self._oldest:
            for door, sequence in list(self._anchored.items()):
                if sequence <= lost:
                    kind, _, a, b = self._carry(door)
                    self.append(kind, door, uptime, a, b)
            self._oldest = lost + 1
        self._flash.erase(victim % _RING_BLOCKS)
        self._erased += 1

    def tidy(self, uptime: int, quiet: bool) -> None:
        """Keeps two erased blocks ahead, one erase (about 50 ms) a call: when nobody is there, or when none is left at all."""
        if self._erased < _ERASED_AHEAD and (quiet or not self._erased) and self._may_erase():
            self._erase_one(uptime)

    def _may_erase(self):
        """Whether the next block to be erased holds nothing that the host has not acknowledged."""
        lost = self._head + 1 + self._erased - _RING_BLOCKS
        if lost < self._oldest:
            return True
        first_kept = self._first_number(lost + 1)
        return first_kept is not None and first_kept - 1 <= self.acknowledged

    def has_room(self, count: int) -> bool:
        """Whether that many more records fit without losing an event that the host has not acknowledged."""
        free = _SLOTS - self._used + self._erased * _SLOTS
        return count <= free or self._may_erase()

    def acknowledge(self, number: int, uptime: int) -> bool:
        """Notes that the host holds everything up to a number; False for one that was never written or is old."""
        if not self.acknowledged < number < self.next_number:
            return False
        self.acknowledged = number
        self.append(records.ACKNOWLEDGED, 0, uptime, number, 0)
        return True

    # Reading the tail for the host

    def _read(self, sequence, slot):
        """The record in a slot as 20 bytes; None when torn, b"" when unused."""
        self._flash.read(sequence % _RING_BLOCKS, _HEADER_BYTES + slot * _SLOT_BYTES, self._slot)
        body = _opened(self._slot)
        return b"" if body is None and _blank(self._slot) else body

    def _first_number(self, sequence):
        """The number of the first event at or behind the start of a block; None when there is none."""
        if sequence > self._head:
            return None
        for slot in range(_SLOTS if sequence < self._head else self._used):
            body = self._read(sequence, slot)
            if body and body[0] < LOCAL_KINDS:
                return records.unpack(body).number
        return None

    def _find(self, number):
        """Sequence and slot at or before the event with that number."""
        known, sequence, slot = self._cursor
        if known == number and sequence >= self._oldest:
            return sequence, slot
        sequence = self._head
        while sequence > self._oldest:
            first = self._first_number(sequence)
            if first is not None and first <= number:
                break
            sequence -= 1
        return sequence, 0

    def events_from(self, number: int, count: int) -> list:
        """Up to `count` events as 20 bytes each, in order, from that number on."""
        events = []
        sequence, slot = self._find(number)
        while len(events) < count and (sequence < self._head or slot < self._used):
            if slot == _SLOTS:
                sequence += 1
                slot = 0
                continue
            body = self._read(sequence, slot)
            slot += 1
            if body and body[0] < LOCAL_KINDS and records.unpack(body).number >= number:
                events.append(body)
        self._cursor = (number + len(events), sequence, slot)
        return events

    # Spent tickets

    def spent(self, serial: int, key: int = 0) -> bool:
        """Whether the ticket with that serial (0-99999) is used up, under the current (0) or the previous (1) ticket key."""
        block, offset, mask = _bit_of(serial, key)
        cell = bytearray(1)
        self._flash.read(block, offset, cell)
        return not cell[0] & mask

    def spend(self, serial: int, key: int = 0) -> None:
        """Uses a ticket up: clears its bit, which needs no erase."""
        block, offset, mask = _bit_of(serial, key)
        cell = bytearray(1)
        self._flash.read(block, offset, cell)
        cell[0] &= ~mask
        self._flash.write(block, offset, cell)


def _bit_of(serial, key):
    assert 0 <= serial < _SERIALS
    byte = serial >> 3
    return _RING_BLOCKS + key * _SPENT_BLOCKS + byte // _BLOCK_BYTES, byte % _BLOCK_BYTES, 1 << (serial & 7)
