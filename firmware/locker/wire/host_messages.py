"""The host's half of `locker.wire.messages`: what its messages are called, what their fields mean, and what the board's bytes say."""

from collections import namedtuple

from locker.wire import batch
from locker.wire.frame import BadFrame
from locker.wire.messages import ACK, EVENTS, FIELDS, RECORDS_MAX, REPORT, STATUS, URGENT, encode

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

TABLE = ((REPORT, Report), (EVENTS, Events), (URGENT, Urgent), (STATUS, Status), (ACK, Ack))


def typed(message: tuple) -> tuple:
    """A message as the board has it: its type and its fields. Raises ValueError for what is not a message."""
    for kind, made in TABLE:
        if isinstance(message, made):
            return (kind,) + tuple(message[0] if made is Events else message)
    raise ValueError("not a message")


def named(message: tuple) -> tuple:
    """The way back: a message by its name."""
    return Events(message[1:]) if message[0] == EVENTS else dict(TABLE)[message[0]](*message[1:])


def encode_message(message: tuple) -> bytes:
    """The plaintext of a message.

    Raises ValueError for what is not a message, when a field is out of its range, when raw bytes have another length, and when there are no
    records or too many.
    """
    return encode(typed(message))


def decode_message(text: bytes) -> tuple | None:
    """The message in a plaintext, or None for a type of a newer minor version.

    Raises BadFrame when it is empty, cut short, or has a field out of its range.
    """
    if not text:
        raise BadFrame
    kind = text[0]
    if kind not in dict(TABLE):
        return None
    values = []
    at = 1
    for shape in FIELDS[kind]:
        width = shape & 15
        raw = text[at : at + width]
        at += width
        values.append(raw if width == 8 else int.from_bytes(raw, "big"))
        if at > len(text) or (width < 8 and values[-1] < shape >> 4):
            raise BadFrame
    if kind in (EVENTS, URGENT):
        values = batch.unpack_run(text[1:], RECORDS_MAX if kind == EVENTS else 1)
    return named((kind,) + tuple(values))
