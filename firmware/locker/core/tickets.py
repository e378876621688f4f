"""Tickets: a number on the address label that the board can tell, offline, to come from the host.

A ticket is 5 digits of serial and 4 digits of tag. Whoever knows the site's ticket key can fill an empty door; it opens no full one.
`site_id` is 8 bytes, `serial` 0-99999 (4 bytes big-endian in the derivation), `k_ticket` 32 bytes.
"""

import struct

from locker.compat import const
from locker.core.codes import same
from locker.mac import digits

SERIALS = const(100000)


def _number(k_ticket, label, site_id, serial, modulus):
    return digits(k_ticket, label + site_id + struct.pack(">I", serial), 8, modulus)


def ticket_tag(k_ticket: bytes, site_id: bytes, serial: int) -> int:
    """The 4-digit proof that the host issued this serial, 0-9999."""
    return _number(k_ticket, b"ticket", site_id, serial, 10000)


def tail(k_ticket: bytes, site_id: bytes, serial: int) -> int:
    """The safe tail of the parcel that comes with this serial, 0-99; the host gives a resident only serials whose tail is hers."""
    return _number(k_ticket, b"tail", site_id, serial, 100)


def ticket(k_ticket: bytes, site_id: bytes, serial: int) -> str:
    """The 9 digits to print on the address label."""
    return "%05d%04d" % (serial, ticket_tag(k_ticket, site_id, serial))


def check_ticket(k_ticket: bytes, site_id: bytes, entry: str) -> int:
    """The serial of a ticket of this site, or -1: a slip of the finger or an invention. `entry` is 9 decimal digits."""
    serial = int(entry[:5])
    return serial if same(entry, ticket(k_ticket, site_id, serial)) else -1
