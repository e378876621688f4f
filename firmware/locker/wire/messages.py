"""What board and host say to each other inside a seal:
one ordered table, used by both ends and by docs/protocol.md.

A message is its type byte and its fields in the order of the table, big-endian. Bytes behind the last field
belong to a newer minor version and are passed over; so is a message of a type that is not in the table.
Uptimes are tenths of a second since the board's boot.

For the board a message is a tuple or list of its type and its fields; `host_tools.link.messages` says what
they mean and has the host's half: a name for each message, and the way back from the bytes of the board's.
"""

from locker.compat import TYPE_CHECKING, const
from locker.wire import batch
from locker.wire.frame import BadFrame

if TYPE_CHECKING:
    from typing import Any

    Typed = tuple[Any, ...] | list[Any]  # the type and the fields of a message

REPORT = const(1)
EVENTS = const(2)  # its fields are 1 to 8 records, URGENT's is one
URGENT = const(3)
STATUS = const(4)
ACK = const(5)
RESUME = const(6)
COMMAND = const(7)
OPEN_REQUEST = const(8)
CHALLENGE = const(9)
OPEN_CONFIRM = const(10)
REFUSED = const(11)
RECORDS_MAX = const(8)  # in one message
_EVENT_BYTES = const(32)  # messages with records are filled with zeros to this

# By type, for each field: in the low four bits its bytes (8 are raw, the others a number), in the high four
# its lowest value (the highest is what the bytes hold). Without fields: a run of records, see
# locker.wire.batch.
FIELDS = (
    b"",
    b"\x08\x14\x14\x14\x04\x04\x14\x12\x04\x04\x06",
    b"",
    b"",
    b"\x04\x14\x06\x06",
    b"\x04",
    b"\x04\x14\x04\x04\x04",
    b"\x14\x11\x01\x04\x04",
    b"\x11\x04",
    b"\x01\x04",
    b"\x14\x02",
    b"\x11",
)


def encode(message: "Typed") -> bytes:
    """The plaintext of a message of the table.

    Raises ValueError(type, which field) when that is out of its range or its raw bytes have another length,
    IndexError when it is missing, ValueError when there are no records or too many.
    """
    kind: int = message[0]
    out = bytes((kind,))
    if kind in (EVENTS, URGENT):
        out += batch.pack(tuple(message[1:]), RECORDS_MAX)
        return out + bytes(max(0, _EVENT_BYTES - len(out)))
    for at, shape in enumerate(FIELDS[kind], 1):
        value = message[at]
        width = shape & 15
        raw = (
            value
            if width == 8
            else value.to_bytes(width, "big")
            if shape >> 4 <= value and not value >> 8 * width
            else b""
        )
        if len(raw) != width:
            raise ValueError(kind, at)
        out += raw
    return out


def decode(text: bytes) -> "Typed | None":
    """The type and the fields of a message, or None for a type of a newer minor version,
    and for a run of records.

    Raises BadFrame when it is empty, cut short, or has a field out of its range.
    """
    if not text:
        raise BadFrame
    message: "list[Any]" = [text[0]]
    shapes = FIELDS[text[0]] if text[0] < len(FIELDS) else b""
    at = 1
    for shape in shapes:
        width = shape & 15
        raw = text[at : at + width]
        at += width
        number = int.from_bytes(raw, "big")
        if at > len(text) or (width < 8 and number < shape >> 4):
            raise BadFrame
        message.append(raw if width == 8 else number)
    return tuple(message) if shapes else None
