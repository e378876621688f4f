"""What board and host say to each other inside a seal: one ordered table, used by both ends and by docs/protocol.md.

A message is its type byte and its fields in the order of the table, big-endian. Bytes behind the last field belong to a newer minor
version and are passed over; so is a message of a type that is not in the table.
"""

from collections import namedtuple

from locker.compat import const
from locker.wire import batch
from locker.wire.batch import BadMessage

__all__ = ("TABLE", "Ack", "BadMessage", "Events", "Report", "Status", "Urgent", "decode_message", "encode_message")

MINOR = const(0)  # of the protocol; the major version is in every frame's header
RECORDS_MAX = const(8)  # in one message
_EVENT_BYTES = const(32)  # messages with records are filled with zeros to this

# Board to host, first after each handshake: who this is and how far it has come.
Report = namedtuple("Report", ("board_id", "incarnation", "epoch", "oldest_event", "next_event", "next_command", "boot", "build", "uptime"))
Events = namedtuple("Events", ("records",))  # Board to host: the next records of the journal, in order.
Urgent = namedtuple("Urgent", ("record",))  # Board to host: a copy of a record, ahead of any backlog.
Status = namedtuple("Status", ("uptime", "next_event", "doors_open", "doors_occupied"))  # Board to host: the heartbeat.
Ack = namedtuple(
    "Ack", ("number",)
)  # Host to board: everything up to this event number is in the host's database. Answers each message of the board.

_U16 = const(0xFFFF)
_U32 = const(0xFFFFFFFF)
_U48 = const(0xFFFFFFFFFFFF)

TABLE = (
    # type, message, fields: (bytes on the link, lowest, highest); lowest None for raw bytes; no fields: a run of records, see batch
    (
        0x01,
        Report,
        (
            (8, None, 0),  # the identity minted at provisioning
            (4, 1, _U32),  # which life of the journal this is
            (4, 1, _U32),  # epoch of new pickup codes
            (4, 1, _U32),  # number of the oldest event that the journal still holds
            (4, 1, _U32),  # number that the next event will get
            (4, 1, _U32),  # number of the next command to be applied
            (2, 1, _U16),  # boot number
            (4, 0, _U32),  # build of the firmware
            (4, 0, _U32),  # uptime in tenths of a second
        ),
    ),
    (0x02, Events, ()),  # 1 to 8 records
    (0x03, Urgent, ()),  # 1 record
    (
        0x04,
        Status,
        (
            (4, 0, _U32),  # uptime in tenths of a second
            (4, 1, _U32),  # number that the next event will get
            (6, 0, _U48),  # doors that are open: bit 0 is the cabinet's first door by number, bit 1 its second
            (6, 0, _U48),  # doors with something inside, likewise
        ),
    ),
    (
        0x05,
        Ack,
        (
            (4, 0, _U32),  # event number, 0 for none
        ),
    ),
)


def encode_message(message: tuple) -> bytes:
    """The plaintext of a message of the table.

    Raises ValueError when a field is out of its range, when raw bytes have another length, and when there are no records or too many.
    """
    for row in TABLE:
        if isinstance(message, row[1]):
            break
    else:
        raise ValueError("not a message of the table")
    kind, made, fields = row
    out = bytes((kind,))
    if not fields:
        records = message.records if made is Events else message
        if not 1 <= len(records) <= RECORDS_MAX:
            raise ValueError("a message carries 1 to 8 records")
        out += batch.pack(records)
        return out + bytes(max(0, _EVENT_BYTES - len(out)))
    for value, (width, lowest, highest) in zip(message, fields):
        if lowest is None:
            if len(value) != width:
                raise ValueError("raw bytes of another length")
            out += value
        else:
            if not lowest <= value <= highest:
                raise ValueError("a field is out of its range")
            out += value.to_bytes(width, "big")
    return out


def decode_message(data: bytes) -> tuple | None:
    """The message in a plaintext, or None for a type of a newer minor version.

    Raises BadMessage when it is empty, cut short, or has a field out of its range.
    """
    if not data:
        raise BadMessage("empty")
    for row in TABLE:
        if row[0] == data[0]:
            break
    else:
        return None
    made, fields = row[1:]
    if not fields:
        records = batch.unpack(data[1:], RECORDS_MAX if made is Events else 1)
        return made(records if made is Events else records[0])
    values = []
    at = 1
    for width, lowest, highest in fields:
        raw = data[at : at + width]
        at += width
        value = raw if lowest is None else int.from_bytes(raw, "big")
        if len(raw) != width or not (lowest is None or lowest <= value <= highest):
            raise BadMessage("a field is cut short or out of its range")
        values.append(value)
    return made(*values)
