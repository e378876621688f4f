"""The host's half of `locker.wire.messages`: what its messages are called,
what their fields mean, and what the board's bytes say.
"""

from locker.compat import TYPE_CHECKING, NamedTuple
from locker.wire import batch
from locker.wire.frame import BadFrame
from locker.wire.messages import (
    ACK,
    CHALLENGE,
    COMMAND,
    EVENTS,
    OPEN_CONFIRM,
    OPEN_REQUEST,
    RECORDS_MAX,
    REFUSED,
    REPORT,
    RESUME,
    STATUS,
    URGENT,
    decode,
    encode,
)

# Board to host, the first after each handshake: who this is and how far it has come.
# It is sent again each 3 s until a Resume or a Refused comes.
Report = NamedTuple(
    "Report",
    (
        ("board_id", bytes),  # the identity minted at provisioning
        ("incarnation", int),  # which life of the journal this is
        ("epoch", int),  # of new pickup codes
        ("next_event", int),  # number that the next event will get
        ("acknowledged", int),  # the last event of which a host has said that it holds it
        ("tag", int),  # of the host that said so, 0 for none yet
        ("next_command", int),  # number of the next command to be applied
        ("boot", int),  # boot number
        ("build", int),  # build of the firmware
        ("uptime", int),
        ("uid", int),  # the chip's own number
    ),
)
# Board to host: the next 1 to 8 records of the journal, in order.
Events = NamedTuple("Events", (("records", "tuple[bytes, ...]"),))
# Board to host: a copy of one record, ahead of any backlog.
Urgent = NamedTuple("Urgent", (("record", bytes),))
# Board to host: the heartbeat.
Status = NamedTuple(
    "Status",
    (
        ("uptime", int),
        ("next_event", int),  # number that the next event will get
        ("doors_open", int),  # bit 0 is the cabinet's first door by number, bit 1 its second
        ("doors_occupied", int),  # with something inside, likewise
    ),
)
# Host to board, in answer to each message of the board: what is durable in the host's database.
Ack = NamedTuple(
    "Ack",
    (("number", int),),  # everything up to this event number, 0 for nothing
)

# Host to board, in answer to a Report: from where the board goes on. It may be less than what was
# acknowledged before: an older database was restored.
Resume = NamedTuple(
    "Resume",
    (
        ("number", int),  # everything up to this event number is durable in the host's database
        ("tag", int),  # of this host and this life of its database, to be kept and reported
        ("command", int),  # the last one that the board has reported; it goes on behind it
        ("echo", int),  # the Report's uptime
        ("time", int),  # seconds since 1970, UTC; good for the board when it hears it within 5 s
    ),
)
# Host to board: the next of its numbered commands.
# It is sent again each 5 s until its COMMAND_APPLIED has come.
Command = NamedTuple(
    "Command",
    (
        ("number", int),  # from 1, no gaps; only the next one is applied
        ("kind", int),  # what to do, see below
        ("door", int),  # 0 for none
        ("counter", int),  # of the parcel that it is for
        ("a", int),  # by kind
    ),
)
# Host to board: it wants to open the door of that parcel for somebody who is there.
OpenRequest = NamedTuple(
    "OpenRequest",
    (
        ("door", int),  # its number
        ("counter", int),  # of the parcel
    ),
)
# Board to host, in answer to an OpenRequest, or to an OpenConfirm that did not open.
Challenge = NamedTuple(
    "Challenge",
    (
        ("door", int),  # 0 when an OpenConfirm was not right
        ("number", int),  # to be given back within 30 s, 0 when that door is not opened
    ),
)
# Host to board: what somebody has read from the cabinet's screen.
OpenConfirm = NamedTuple(
    "OpenConfirm",
    (
        ("number", int),  # of the Challenge
        ("digits", int),  # as a number
    ),
)
# Host to board, in answer to a Report or to Events: nothing but alarms is taken from this board until people
# have seen to it. It reports again after 300 s.
Refused = NamedTuple(
    "Refused",
    # 1 another chip than the one that was provisioned,
    # 2 another host has taken it over, 3 codes of a newer rule
    (("reason", int),),
)

if TYPE_CHECKING:
    from typing import Any

    from locker.wire.messages import Typed

    Message = (
        Report
        | Events
        | Urgent
        | Status
        | Ack
        | Resume
        | Command
        | OpenRequest
        | Challenge
        | OpenConfirm
        | Refused
    )

# By the end that says it. The other end hears it: Link of locker/shell/link.py what the host says, Links of
# connections/links.py what a board says.
OF_BOARD: "tuple[tuple[int, type[Message]], ...]" = (
    (REPORT, Report),
    (EVENTS, Events),
    (URGENT, Urgent),
    (STATUS, Status),
    (CHALLENGE, Challenge),
)
OF_HOST: "tuple[tuple[int, type[Message]], ...]" = (
    (ACK, Ack),
    (RESUME, Resume),
    (COMMAND, Command),
    (OPEN_REQUEST, OpenRequest),
    (OPEN_CONFIRM, OpenConfirm),
    (REFUSED, Refused),
)
TABLE: "tuple[tuple[int, type[Message]], ...]" = tuple(sorted(OF_BOARD + OF_HOST, key=lambda row: row[0]))

# By message: fields and their highest values, where those are less than what the bytes hold.
# The host keeps to them and refuses others.
MOST: "dict[type[Message], tuple[tuple[str, int], ...]]" = {
    Report: (("epoch", 0x3FFFF),),
    Command: (("door", 99),),
    OpenRequest: (("door", 99), ("counter", 0x1FFFF)),
    Challenge: (("door", 99),),
    OpenConfirm: (("digits", 9999),),
}


def _is_too_high(message: "Message") -> bool:
    for name, most in MOST.get(type(message), ()):
        if getattr(message, name) > most:
            return True
    return False


def typed(message: "Message") -> "tuple[Any, ...]":
    """A message as the board has it: its type and its fields.

    Raises ValueError for what is not a message, or has too high a field.
    """
    if _is_too_high(message):
        raise ValueError("out of range")
    for kind, made in TABLE:
        if isinstance(message, made):
            return (kind,) + tuple(message.records if isinstance(message, Events) else message)
    raise ValueError("not a message")


def named(message: "Typed") -> "Message":
    """The way back: a message by its name."""
    return Events(tuple(message[1:])) if message[0] == EVENTS else dict(TABLE)[message[0]](*message[1:])


def encode_message(message: "Message") -> bytes:
    """The plaintext of a message.

    Raises ValueError for what is not a message, when a field is out of its range, when raw bytes have another
    length, and when there are no records or too many.
    """
    return encode(typed(message))


def decode_message(text: bytes) -> "Message | None":
    """The message in a plaintext, or None for a type of a newer minor version.

    Raises BadFrame when it is empty, cut short, or has a field out of its range.
    """
    kind = text[0] if text else 0
    if kind in (EVENTS, URGENT):
        return named((kind,) + batch.unpack_run(text[1:], RECORDS_MAX if kind == EVENTS else 1))
    fields = decode(text)
    if not fields:
        return None
    message = named(fields)
    if _is_too_high(message):
        raise BadFrame
    return message
