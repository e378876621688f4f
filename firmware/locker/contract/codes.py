"""The codes a cabinet and its host derive independently:
none ever crosses the link, rests in flash or appears in a log.

Numbers enter a derivation big-endian: epoch 4 bytes, door 1, counter 4, serial 4, retry 1;
`board_id` is 8 bytes, a key 32.
"""

import struct

from locker.compat import const
from locker.contract import mac

RULE = const(1)  # the newest rule of codes and tails; an epoch carries its own from its beginning
NO_TAIL = const(100)  # from here on a tail is none


def code_digits(
    key: bytes, label: bytes, board_id: bytes, epoch: int, door: int, counter: int, last: int
) -> bytes:
    """The 12 digits of a code of that label (b"pin", b"recall", b"service");
    `last` is its retry or its arming.

    Bytes, because MicroPython looks for every new text among all names it has.
    """
    return b"%012d" % mac.digits(
        key, label + board_id + struct.pack(">IBIB", epoch, door, counter, last), 16, 10**12
    )


def pickup_digits(
    key: bytes, board_id: bytes, epoch: int, door: int, counter: int, retry: int, tail: int, rule: int
) -> "tuple[bytes, bytes]":
    """The pickup code of a parcel and its duress code, 12 digits each as bytes;
    the same twice where there is no duress code.

    `key` is K_code of the epoch, `door` 1-99, `counter` the door's parcel counter, `retry` 0-255: 0 unless
    the host orders otherwise, `tail` that of the parcel's ticket, 0-199 (NO_TAIL and above: none), `rule`
    that of the epoch. By rule 1 a code never ends in its tail: the last two of the 8 digits become tail + 1.
    By rule 0 they stay, and such a code has no duress code. The cost is the same for every parcel.
    """
    code = code_digits(key, b"pin", board_id, epoch, door, counter, retry)
    duress = code[:6] + b"%02d" % (tail % 100) + code[8:]
    beside = code[:6] + b"%02d" % ((tail + 1) % 100) + code[8:]
    if mac.same(code, duress) & (rule > 0) & (tail < NO_TAIL):
        code = beside
    return code, duress if tail < NO_TAIL else code


def pickup_code(
    key: bytes, board_id: bytes, epoch: int, door: int, counter: int, retry: int, tail: int, rule: int = RULE
) -> str:
    """The 12 digits that open a door for one parcel; the first 8 are normally typed,
    the other 4 only in step-up. See pickup_digits.
    """
    return pickup_digits(key, board_id, epoch, door, counter, retry, tail, rule)[0].decode()


def staff_code(
    key: bytes, label: bytes, board_id: bytes, epoch: int, door: int, counter: int, arming: int
) -> str:
    """The 12 digits that open a door once for staff, after the host has armed them:
    of label b"recall" or b"service".

    `arming` is how often a code was armed since the door's counter was reserved (1-15),
    so that a code that was used never serves again.
    """
    return code_digits(key, label, board_id, epoch, door, counter, arming).decode()


def duress_code(
    key: bytes, board_id: bytes, epoch: int, door: int, counter: int, retry: int, tail: int, rule: int = RULE
) -> str:
    """The pickup code with the last two of its 8 short digits replaced by the safe tail;
    where there is none, the pickup code.
    """
    return pickup_digits(key, board_id, epoch, door, counter, retry, tail, rule)[1].decode()


def receipt_code(
    key: bytes, board_id: bytes, epoch: int, door: int, counter: int, serial: int, retry: int
) -> str:
    """The 8 digits with which a courier proves a deposit that the host has not heard of.

    `key` is K_receipt of the epoch, `serial` as DEPOSITED records it (tickets.recorded).
    """
    return "%08d" % mac.digits(
        key, b"receipt" + board_id + struct.pack(">IBIIB", epoch, door, counter, serial, retry), 8, 10**8
    )


def same(entry: str, code: str) -> bool:
    """Whether two entries are the same as a whole; takes as long for the first digit wrong as for the last.

    Only lengths, which are public, end it early.
    """
    return mac.same(entry.encode(), code.encode())
