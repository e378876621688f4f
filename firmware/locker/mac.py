"""HMAC-SHA-256 (RFC 2104, FIPS 198-1): MicroPython has the hash but not the MAC."""

from hashlib import sha256

_ONES = int.from_bytes(b"\1" * 64, "big")  # numbers, since one wide exclusive-or is far cheaper on the board than 64 narrow ones


def hmac_sha256(key: bytes, message: bytes) -> bytes:
    """The 32-byte MAC of a message under a key of any length."""
    if len(key) > 64:
        key = sha256(key).digest()
    pad = int.from_bytes(bytes(key) + bytes(64 - len(key)), "big")
    for flip in b"\x36\x5c":  # ipad and opad
        message = sha256((pad ^ flip * _ONES).to_bytes(64, "big") + message).digest()
    return message


def digits(key: bytes, message: bytes, size: int, modulus: int) -> int:
    """A decimal number from a MAC: the first `size` bytes, big-endian, modulo `modulus`."""
    return int.from_bytes(hmac_sha256(key, message)[:size], "big") % modulus


def same(one: bytes, other: bytes) -> bool:
    """Whether two byte strings are equal, in a time that depends on their lengths only."""
    difference = len(one) ^ len(other)
    for left, right in zip(one, other):
        difference |= left ^ right
    return not difference
