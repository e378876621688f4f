"""AES-CCM (RFC 3610, NIST SP 800-38C):
sealing with one pass of ECB over all counter blocks and one of CBC for the MAC.

MicroPython's AES knows ECB and CBC only; CCM needs nothing else.
"""

from locker.compat import aes
from locker.contract.mac import same


class BadSeal(Exception):
    """A sealed text that was not sealed with this key, nonce and associated data, or was changed since."""


def _passes(
    key: bytes, nonce: bytes, aad: bytes, text: bytes, tag_length: int, opening: bool
) -> "tuple[bytes, bytes]":
    """The text exclusive-or the key stream, and the tag of whichever of the two is the plaintext."""
    size = 15 - len(nonce)  # bytes of the length field, L in RFC 3610
    length = len(text)
    if not 2 <= size <= 8 or not 4 <= tag_length <= 16 or tag_length & 1 or length >> 8 * size:
        raise ValueError(size, tag_length, length)
    padding = bytes(-length & 15)
    blocks = bytearray()
    for number in range((length + 31) >> 4):
        blocks += bytes((size - 1,)) + nonce + number.to_bytes(size, "big")
    stream = aes(key, 1).encrypt(blocks)  # block 0 is for the tag
    whole = (int.from_bytes(text + padding, "big") ^ int.from_bytes(stream, "big")).to_bytes(
        len(stream), "big"
    )
    other = whole[16 : 16 + length]
    blocks = (
        bytes((tag_length - 2 << 2 | size - 1 | (64 if aad else 0),)) + nonce + length.to_bytes(size, "big")
    )
    if aad:
        size = len(aad)
        aad = (size.to_bytes(2, "big") if size < 0xFF00 else b"\xff\xfe" + size.to_bytes(4, "big")) + aad
        blocks += aad + bytes(-len(aad) & 15)
    mac = aes(key, 2, bytes(16)).encrypt(blocks + (other if opening else text) + padding)[-16:]
    return other, (int.from_bytes(mac, "big") ^ int.from_bytes(whole[:16], "big")).to_bytes(16, "big")[
        :tag_length
    ]


def seal(key: bytes, nonce: bytes, aad: bytes, plaintext: bytes, tag_length: int = 16) -> bytes:
    """The ciphertext with its tag behind it.

    The key has 16 or 32 bytes (on CPython also 24); the nonce has 7-13 and never serves twice with one key;
    aad is not hidden; tag_length is even, 4-16. Raises ValueError when nonce, tag_length or plaintext have a
    length that CCM has no room for.
    """
    text, tag = _passes(key, nonce, aad, plaintext, tag_length, False)
    return text + tag


def unseal(key: bytes, nonce: bytes, aad: bytes, sealed: bytes, tag_length: int = 16) -> bytes:
    """The plaintext of what `seal` made.

    Raises BadSeal when the tag, compared in constant time, does not fit.
    """
    end = len(sealed) - tag_length
    if end < 0:
        raise BadSeal
    text, tag = _passes(key, nonce, aad, sealed[:end], tag_length, True)
    if not same(tag, sealed[end:]):
        raise BadSeal
    return text
