"""HMAC-SHA-256 (RFC 2104, FIPS 198-1): MicroPython has the hash but not the MAC."""

from hashlib import sha256

from locker.compat import const

# Numbers, since one wide exclusive-or is far cheaper on the board than 64 narrow ones.
_ONES = int.from_bytes(b"\1" * 64, "big")


_KEYS_MAX = const(4)
_pads: "dict[bytes, list[bytes]]" = {}  # of the last few keys: a cabinet has few, and uses them over and over


def _pads_of(key: bytes) -> "list[bytes]":
    block = sha256(key).digest() if len(key) > 64 else bytes(key)
    pad = int.from_bytes(block + bytes(64 - len(block)), "big")
    if len(_pads) == _KEYS_MAX:
        _pads.clear()
    # Ipad and opad.
    _pads[bytes(key)] = pads = [(pad ^ flip * _ONES).to_bytes(64, "big") for flip in b"\x36\x5c"]
    return pads


def hmac_sha256(key: bytes, message: bytes) -> bytes:
    """The 32-byte MAC of a message under a key of any length."""
    inner, outer = _pads.get(bytes(key)) or _pads_of(key)
    return sha256(outer + sha256(inner + message).digest()).digest()


def digits(key: bytes, message: bytes, size: int, modulus: int) -> int:
    """A decimal number from a MAC: the first `size` bytes, big-endian, modulo `modulus`."""
    return int.from_bytes(hmac_sha256(key, message)[:size], "big") % modulus


def same(one: bytes, other: bytes) -> bool:
    """Whether two byte strings are equal, in a time that depends on their lengths only."""
    difference = len(one) ^ len(other)
    for left, right in zip(one, other):
        difference |= left ^ right
    return not difference
