"""What board and host say to each other inside a seal: one ordered table, used by both ends and by docs/protocol.md.

A message is its type byte and its fields in the order of the table, big-endian. Bytes behind the last field belong to a newer minor
version and are passed over; so is a message of a type that is not in the table. Uptimes are tenths of a second since the board's boot.
"""

from collections import namedtuple

from locker.compat import const
from locker.wire import batch
from locker.wire.batch import BadMessage

RECORDS_MAX = const(8)  # in one message
_EVENT_BYTES = const(32)  # messages with records are filled with zeros to this

# Board to host, the first after each handshake: who this is and how far it has come.
Report = namedtuple(
    "Report",
    (
        "board_id",  # the identity minted at provisioning
        "incarnation",  # which life of the journal this is
        "epoch",  # of new pickup codes
        "oldest_event",  # number of the oldest event that the journal still holds
        "next_event",  # number that the next event will get
        "next_command",  # number of the next command to be applied
        "boot",  # boot number
        "build",  # build of the firmware
        "uptime",
    ),
)
# Board to host: the next 1 to 8 records of the journal, in order.
Events = namedtuple("Events", ("records",))
# Board to host: a copy of one record, ahead of any backlog.
Urgent = namedtuple("Urgent", ("record",))
# Board to host: the heartbeat.
Status = namedtuple(
    "Status",
    (
        "uptime",
        "next_event",  # number that the next event will get
        "doors_open",  # bit 0 is the cabinet's first door by number, bit 1 its second
        "doors_occupied",  # with something inside, likewise
    ),
)
# Host to board, in answer to each message of the board: what is durable in the host's database.
Ack = namedtuple(
    "Ack",
    ("number",),  # everything up to this event number, 0 for nothing
)

# type, message, bytes of each field (8 are raw, the others a number), lowest value of each (the highest is what the bytes hold).
# Without fields: a run of records, see locker.wire.batch.
TABLE = (
    (1, Report, b"\x08\x04\x04\x04\x04\x04\x02\x04\x04", b"\x00\x01\x01\x01\x01\x01\x01\x00\x00"),
    (2, Events, b"", b""),
    (3, Urgent, b"", b""),
    (4, Status, b"\x04\x04\x06\x06", b"\x00\x01\x00\x00"),
    (5, Ack, b"\x04", b"\x00"),
)


def encode_message(message: tuple) -> bytes:
    """The plaintext of a message of the table.

    Raises ValueError when a field is out of its range, when raw bytes have another length, and when there are no records or too many.
    """
    for kind, made, widths, lowest in TABLE:
        if isinstance(message, made):
            out = bytes((kind,))
            if not widths:
                out += batch.pack(message[0] if made is Events else message, RECORDS_MAX)
                return out + bytes(max(0, _EVENT_BYTES - len(out)))
            for value, width, least in zip(message, widths, lowest):
                raw = value if width == 8 else value.to_bytes(width, "big") if least <= value and not value >> 8 * width else b""
                if len(raw) != width:
                    raise ValueError("a field is out of its range")
                out += raw
            return out
    raise ValueError("not a message")


def decode_message(data: bytes) -> tuple | None:
    """The message in a plaintext, or None for a type of a newer minor version.

    Raises BadMessage when it is empty, cut short, or has a field out of its range.
    """
    for kind, made, widths, lowest in TABLE:
        if data[:1] == bytes((kind,)):
            if not widths:
                records = batch.unpack(data[1:], RECORDS_MAX if made is Events else 1)
                return made(*((records,) if made is Events else records))
            values = []
            at = 1
            for width, least in zip(widths, lowest):
                raw = data[at : at + width]
                at += width
                values.append(raw if width == 8 else int.from_bytes(raw, "big"))
                if at > len(data) or (width < 8 and values[-1] < least):
                    raise BadMessage
            return made(*values)
    if not data:
        raise BadMessage
    return None
