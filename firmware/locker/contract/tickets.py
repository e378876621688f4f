"""Tickets: a number on the address label that the board can tell, offline, to come from the host.

A ticket is 5 digits of serial and 4 digits of tag, under a key of its generation. Whoever knows a site's
ticket secret can fill an empty door; it opens no full one. `site_id` is 8 bytes, `serial` 0-65535 (4 bytes
big-endian in a derivation), `k_ticket` 32 bytes.

Sites that are older than generations have a first key that is the secret itself; serials up to 99999 and a
tail for every one were issued under it. It is generation 0 there,
of which the tails are those of rule 0 for ever.
"""

import struct

from locker.compat import const
from locker.contract.codes import RULE, same
from locker.contract.mac import digits, hmac_sha256

SERIALS = const(65536)
OLD_SERIALS = const(100000)  # under a first key that is older than generations
GENERATION_MAX = const(16383)


def ticket_key(secret: bytes, generation: int) -> bytes:
    """K_ticket of a generation (0 to GENERATION_MAX):
    HKDF-Expand(secret, "ticket" || generation(4), 32) of RFC 5869.
    """
    return hmac_sha256(secret, b"ticket" + struct.pack(">I", generation) + b"\1")


def keyed(secret: bytes, generation: int, old: bool) -> "tuple[bytes, int]":
    """K_ticket of a generation of a site, and the rule of its tails.

    `old` tells that the site is older than generations.
    """
    return (secret, 0) if old and not generation else (ticket_key(secret, generation), RULE)


def _number(k_ticket: bytes, label: bytes, site_id: bytes, serial: int, modulus: int) -> int:
    return digits(k_ticket, label + site_id + struct.pack(">I", serial), 8, modulus)


def ticket_tag(k_ticket: bytes, site_id: bytes, serial: int) -> int:
    """The 4-digit proof that the host issued this serial, 0-9999."""
    return _number(k_ticket, b"ticket", site_id, serial, 10000)


def tail(k_ticket: bytes, site_id: bytes, serial: int, rule: int = RULE) -> int:
    """The safe tail of the parcel that comes with this serial, 0-99; codes.NO_TAIL and above (to 199): it has
    none, which is never so by rule 0. `rule` is the lower one of the epoch's and the key's. The host gives a
    resident only serials that fit her.
    """
    return _number(k_ticket, b"tail", site_id, serial, 200 if rule else 100)


def is_low(k_ticket: bytes, site_id: bytes, serial: int) -> bool:
    """Whether the parcel that comes with this serial goes behind a low door where one is free: one serial in
    four says so, whatever its tail. The host gives a resident only serials that fit her.
    """
    return _number(k_ticket, b"tail", site_id, serial, 800) < 200


def ticket(k_ticket: bytes, site_id: bytes, serial: int) -> str:
    """The 9 digits to print on the address label."""
    return "%05d%04d" % (serial, ticket_tag(k_ticket, site_id, serial))


def check_ticket(k_ticket: bytes, site_id: bytes, entry: str, serials: int = SERIALS) -> int:
    """The serial of a ticket of this site and key, or -1: a slip of the finger or an invention.

    `entry` is 9 decimal digits.
    """
    serial = int(entry[:5])
    return serial if same(entry, ticket(k_ticket, site_id, serial)) and serial < serials else -1


def recorded(serial: int, generation: int) -> int:
    """A serial as records and commands have it: its 17th bit is the parity of the generation,
    but for generation 0 of an old site.
    """
    return serial | (generation & 1) << 16
