"""A run of journal records in few bytes: each is written as its difference from the one before.

A record is the 20 bytes of `locker.contract.records`:
kind, door, boot, number, uptime, a, b as "<BBHIIII". On the link it is

    kind     1 byte, never 0
    shape    1 byte: bit 7 set when the place follows; bits 5-6 the bytes of the increase, less 1;
             bits 2-4 the bytes of b, 0 for the same b as before; bits 0-1 the bytes of a, less 1
    place    door (1), boot (2), number (4):
             left out when door and boot are as before and the number is one more
    increase of the uptime since the record before, modulo 2^32, in tenths of a second
    a
    b

with numbers big-endian, in the fewest whole bytes that hold them. The first record has its place, and before
it uptime and b are 0. A kind of 0, or the end of the bytes, ends the run. `a` always takes a byte, so that 0
and 1 take the same space: a duress pickup is exactly as long as any other.
"""

import struct

from locker.compat import const
from locker.wire.frame import BadFrame

_LAYOUT = const("<BBHIIII")
_RECORD_BYTES = const(20)
_PLACE = const(">BHI")
_PLACE_BYTES = const(7)
_MOST = const(0xFFFFFFFF)


def short(value: int) -> bytes:
    """A number of at most 32 bits in its fewest bytes, at least one."""
    return value.to_bytes(
        1 if value < 0x100 else 2 if value < 0x10000 else 3 if value < 0x1000000 else 4, "big"
    )


def pack(records: "tuple[bytes, ...]", most: int) -> bytes:
    """The bytes of a run of 1 to `most` 20-byte records.

    Raises ValueError for none or more, and for one of another length or of kind 0.
    """
    if not 1 <= len(records) <= most:
        raise ValueError(len(records))
    out = bytearray()
    place = uptime = b = 0
    for record in records:
        if len(record) != _RECORD_BYTES or not record[0]:
            raise ValueError(len(record))
        kind, *here, now, a, new_b = struct.unpack(_LAYOUT, record)
        more = short((now - uptime) & _MOST)
        a = short(a)
        b_bytes = short(new_b) if new_b != b else b""
        moved = here != place
        out += bytes((kind, moved << 7 | len(more) - 1 << 5 | len(b_bytes) << 2 | len(a) - 1))
        if moved:
            out += struct.pack(_PLACE, *here)
        out += more + a + b_bytes
        here[2] += 1
        place, uptime, b = here, now, new_b
    return bytes(out)


def unpack_run(data: bytes, most: int) -> "tuple[bytes, ...]":
    """The 1 to `most` records in `data`, 20 bytes each.

    Raises BadFrame when one is cut short, or there are none or too many.
    """
    records: "list[bytes]" = []
    place: "list[int] | None" = None
    uptime = b = at = 0
    while at < len(data) and data[at]:
        kind = data[at]
        shape = int.from_bytes(data[at + 1 : at + 2], "big")
        at += 2
        parts: "list[bytes]" = []
        for width in (shape >> 7 and _PLACE_BYTES, (shape >> 5 & 3) + 1, (shape & 3) + 1, shape >> 2 & 7):
            parts.append(data[at : at + width])
            at += width
        if at > len(data) or len(records) == most or shape >> 2 & 7 > 4:
            raise BadFrame
        if parts[0]:
            place = list(struct.unpack(_PLACE, parts[0]))
        elif place:
            place[2] = (place[2] + 1) & _MOST
        else:
            raise BadFrame
        more, a, new_b = [int.from_bytes(part, "big") for part in parts[1:]]
        uptime = (uptime + more) & _MOST
        b = new_b if parts[3] else b
        records.append(struct.pack(_LAYOUT, kind, *place, uptime, a, b))
    if not records:
        raise BadFrame
    return tuple(records)
