"""HKDF with SHA-256 (RFC 5869)."""

from locker.mac import hmac_sha256


def extract(salt: bytes, ikm: bytes) -> bytes:
    """The 32-byte pseudorandom key of input keying material (section 2.2). An empty salt means 32 zero bytes."""
    return hmac_sha256(salt, ikm)


def expand(prk: bytes, info: bytes, length: int) -> bytes:
    """`length` bytes of output keying material, 0 to 8160 (section 2.3). Raises ValueError for more."""
    if not 0 <= length <= 8160:
        raise ValueError("HKDF-SHA-256 gives 0 to 8160 bytes")
    block = out = b""
    number = 0
    while len(out) < length:
        number += 1
        block = hmac_sha256(prk, block + info + bytes((number,)))
        out += block
    return out[:length]
