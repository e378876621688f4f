"""Asking for the address of a name: one datagram there,
one back (DNS, RFC 1035, section 4; the same to mDNS, RFC 6762, section 6.7).

The port's own `getaddrinfo` keeps the whole board waiting for up to 7 s a name server; see
docs/decisions/0140-a-look-up-that-waits.md.
"""

from locker.compat import const

_HEAD_BYTES = const(12)
_ADDRESS = b"\0\1\0\1"  # type A, class IN
_POINTER = const(0xC0)  # the two bits that begin the rest of a name elsewhere


def question(name: str, number: int) -> bytes:
    """The question for a name's IPv4 address; `number` 0 to 65535 is what its answer is known by."""
    out = number.to_bytes(2, "big") + b"\1\0\0\1\0\0\0\0\0\0"  # recursion desired, one question
    for label in name.encode().split(b"."):
        out += bytes((len(label),)) + label
    return out + b"\0" + _ADDRESS


def answer(data: bytes, asked: bytes) -> str | None:
    """The first address in the answer to a question, "" when there is none in it;
    None when it answers another question, or none.
    """
    at = len(asked)
    if (
        data[:2] != asked[:2]
        or len(data) < at
        or not data[2] & 0x80
        or data[_HEAD_BYTES:at].lower() != asked[_HEAD_BYTES:].lower()
    ):
        return None
    try:
        for _ in range(data[7]):  # more than 255 fit into no datagram
            while 0 < data[at] < _POINTER:
                at += 1 + data[at]
            at += 2 if data[at] else 1
            length = data[at + 8] << 8 | data[at + 9]
            # mDNS may set the highest bit of the class
            if data[at : at + 4].replace(b"\x80", b"\0") == _ADDRESS and length == 4:
                return "%d.%d.%d.%d" % (data[at + 10], data[at + 11], data[at + 12], data[at + 13])
            at += 10 + length
    except IndexError:
        return ""
    return ""
