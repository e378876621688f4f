"""What lies packed in the arguments `a` and `b` of a record, by name.

`host_tools.link.records.BOUNDS` has the bits.
"""

from typing import NamedTuple

from locker.contract.records import Record

_EPOCH_BITS = 18
_GENERATION_SHIFT = 18
_GENERATION_SERIAL = 0xFFFF  # the bits of a serial where ticket keys have generations
_OLD_SERIAL = 0x1FFFF  # at a site that is older than those
_TOO_OLD_SHIFT = 16


class Armed(NamedTuple):
    """An ARMED: which code of staff (RECALL, SERVICE, 0 for none),
    and which one of those that the door has had.
    """

    code: int
    arming: int


class Applied(NamedTuple):
    """A COMMAND_APPLIED: the number of the order, and whether it was carried out."""

    number: int
    is_done: bool


class Epoch(NamedTuple):
    """An EPOCH_BEGUN: the epoch, and the rule of its codes and tails."""

    epoch: int
    rule: int


class Refusals(NamedTuple):
    """A TICKET_REFUSED: how many tickets, and how many of them because their key is too old;
    none of either when an hour has passed.
    """

    tickets: int
    too_old: int


class Adopted(NamedTuple):
    """An ADOPTED: the parcel's ticket."""

    generation: int
    serial: int


def armed(record: Record) -> Armed:
    """The fields of an ARMED."""
    return Armed(record.a >> 8, record.a & 255)


def applied(record: Record) -> Applied:
    """The fields of a COMMAND_APPLIED."""
    return Applied(record.a, bool(record.b & 1))


def epoch_begun(record: Record) -> Epoch:
    """The fields of an EPOCH_BEGUN."""
    return Epoch(record.a & (1 << _EPOCH_BITS) - 1, record.a >> _EPOCH_BITS)


def refusals(record: Record) -> Refusals:
    """The fields of a TICKET_REFUSED."""
    tickets = record.a & (1 << _TOO_OLD_SHIFT) - 1
    return Refusals(tickets, min(tickets, record.a >> _TOO_OLD_SHIFT))


def adopted(record: Record) -> Adopted:
    """The fields of an ADOPTED."""
    generation = record.a >> _GENERATION_SHIFT
    return Adopted(generation, record.a & (_GENERATION_SERIAL if generation else _OLD_SERIAL))
