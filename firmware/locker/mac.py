"""HMAC-SHA-256 (RFC 2104, FIPS 198-1): MicroPython has the hash but not the MAC."""

from hashlib import sha256

# The pads as one number each: one wide exclusive-or is far cheaper on the board than 64 narrow ones.
_IPAD = int.from_bytes(b"\x36" * 64, "big")
_OPAD = int.from_bytes(b"\x5c" * 64, "big")


def hmac_sha256(key: bytes, message: bytes) -> bytes:
    """The 32-byte MAC of a message under a key of any length."""
    if len(key) > 64:
        key = sha256(key).digest()
    pad = int.from_bytes(bytes(key) + bytes(64 - len(key)), "big")
    inner = sha256((pad ^ _IPAD).to_bytes(64, "big"))
    inner.update(message)
    outer = sha256((pad ^ _OPAD).to_bytes(64, "big"))
    outer.update(inner.digest())
    return outer.digest()


def digits(key: bytes, message: bytes, size: int, modulus: int) -> int:
    """A decimal number from a MAC: the first `size` bytes, big-endian, modulo `modulus`."""
    return int.from_bytes(hmac_sha256(key, message)[:size], "big") % modulus


def same(one: bytes, other: bytes) -> bool:
    """Whether two byte strings are equal, in a time that depends on their lengths only."""
    if len(one) != len(other):
        return False
    difference = 0
    for at in range(len(one)):
        difference |= one[at] ^ other[at]
    return difference == 0
