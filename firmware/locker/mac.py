"""HMAC-SHA-256 (RFC 2104, FIPS 198-1): MicroPython has the hash but not the MAC."""

from hashlib import sha256

_IPAD = bytes(x ^ 0x36 for x in range(256))
_OPAD = bytes(x ^ 0x5C for x in range(256))


def hmac_sha256(key: bytes, message: bytes) -> bytes:
    """The 32-byte MAC of a message under a key of any length."""
    if len(key) > 64:
        key = sha256(key).digest()
    key = key + bytes(64 - len(key))
    inner = sha256(bytes(_IPAD[x] for x in key))
    inner.update(message)
    outer = sha256(bytes(_OPAD[x] for x in key))
    outer.update(inner.digest())
    return outer.digest()


def digits(key: bytes, message: bytes, size: int, modulus: int) -> int:
    """A decimal number from a MAC: the first `size` bytes, big-endian, modulo `modulus`."""
    return int.from_bytes(hmac_sha256(key, message)[:size], "big") % modulus
