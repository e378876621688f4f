"""A run of journal records in few bytes: each is written as its difference from the one before.

A record is the 20 bytes of `locker.core.records`: kind, door, boot, number, uptime, a, b as "<BBHIIII". On the link it is

    kind     1 byte, never 0
    shape    1 byte: bit 7 set when the place follows; bits 5-6 the bytes of the increase, less 1; bits 2-4 the bytes of b, 0 for the
             same b as before; bits 0-1 the bytes of a, less 1
    place    door (1), boot (2), number (4): left out when door and boot are as before and the number is one more
    increase of the uptime since the record before, modulo 2^32, in tenths of a second
    a
    b

with numbers big-endian, in the fewest whole bytes that hold them. Before the first record all fields
are 0. A kind of 0, or the end of the bytes, ends the run.
`a` always takes a byte, so that 0 and 1 take the same space: a duress pickup is exactly as long as any other.
"""

import struct

from locker.compat import const

RECORD_BYTES = const(20)
_LAYOUT = "<BBHIIII"
_PLACE = const(0x80)
_PLACE_BYTES = const(7)
_MOST = const(0xFFFFFFFF)


class BadMessage(Exception):
    """A message whose seal is good but whose contents are not: made by a faulty sender."""


def _width(value):
    return 1 if value < 0x100 else 2 if value < 0x10000 else 3 if value < 0x1000000 else 4


def pack(records: tuple) -> bytes:
    """The bytes of a run of 20-byte records. Raises ValueError for a record of another length or of kind 0."""
    out = bytearray()
    last = (0, 0, 0, 0, 0, 0, 0)
    for record in records:
        if len(record) != RECORD_BYTES or not record[0]:
            raise ValueError("a record has 20 bytes and a kind")
        kind, door, boot, number, uptime, a, b = fields = struct.unpack(_LAYOUT, record)
        more = (uptime - last[4]) & _MOST
        moved = door != last[1] or boot != last[2] or number != last[3] + 1
        b_bytes = 0 if b == last[6] else _width(b)
        out.append(kind)
        out.append((_PLACE if moved else 0) | (_width(more) - 1) << 5 | b_bytes << 2 | _width(a) - 1)
        if moved:
            out += bytes((door,)) + boot.to_bytes(2, "big") + number.to_bytes(4, "big")
        out += more.to_bytes(_width(more), "big") + a.to_bytes(_width(a), "big")
        if b_bytes:
            out += b.to_bytes(b_bytes, "big")
        last = fields
    return bytes(out)


def unpack(data: bytes, most: int) -> tuple:
    """The 1 to `most` records in `data`, 20 bytes each. Raises BadMessage when one is cut short, or there are none or too many."""
    records = []
    door = boot = number = uptime = b = at = 0
    while at < len(data) and data[at]:
        if len(records) == most or at + 2 > len(data):
            raise BadMessage("too many records, or one is cut short")
        kind, shape = data[at], data[at + 1]
        at += 2
        ends = []
        for width in (_PLACE_BYTES if shape & _PLACE else 0, (shape >> 5 & 3) + 1, (shape & 3) + 1, shape >> 2 & 7):
            ends.append(data[at : at + width])
            at += width
        if at > len(data) or shape >> 2 & 7 > 4:
            raise BadMessage("a record is cut short")
        place, more, a, new_b = ends
        if place:
            door, boot, number = place[0], int.from_bytes(place[1:3], "big"), int.from_bytes(place[3:], "big")
        else:
            number = (number + 1) & _MOST
        uptime = (uptime + int.from_bytes(more, "big")) & _MOST
        if new_b:
            b = int.from_bytes(new_b, "big")
        records.append(struct.pack(_LAYOUT, kind, door, boot, number, uptime, int.from_bytes(a, "big"), b))
    if not records:
        raise BadMessage("no record")
    return tuple(records)
