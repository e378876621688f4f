"""HKDF with SHA-256 (RFC 5869)."""

from locker.mac import hmac_sha256


def extract(salt: bytes, ikm: bytes) -> bytes:
    """The 32-byte pseudorandom key of input keying material (section 2.2). An empty salt means 32 zero bytes."""
    return hmac_sha256(salt, ikm)


def expand(prk: bytes, info: bytes, length: int) -> bytes:
    """`length` bytes of output keying material, 0 to 8160 (section 2.3)."""
    block = out = b""
    number = 1
    while len(out) < length:
        block = hmac_sha256(prk, block + info + bytes((number,)))
        out += block
        number += 1
    return out[:length]
