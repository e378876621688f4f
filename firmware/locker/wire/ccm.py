"""AES-CCM (RFC 3610, NIST SP 800-38C): sealing with one pass of CBC for the MAC and one of ECB over all counter blocks.

MicroPython's AES knows ECB and CBC only; CCM needs nothing else.
"""

from locker.compat import aes
from locker.mac import same


class BadSeal(Exception):
    """A sealed text that was not sealed with this key, nonce and associated data, or was changed since."""


def _padded(data):
    return data + bytes(-len(data) & 15)


def _check(nonce, length, tag_length):
    if not 7 <= len(nonce) <= 13 or tag_length not in (4, 6, 8, 10, 12, 14, 16) or length >> 8 * (15 - len(nonce)):
        raise ValueError("length of nonce, tag or text")


def _tag(key, nonce, aad, text, tag_length):
    size = 15 - len(nonce)  # bytes of the length field, L in RFC 3610
    blocks = bytes(((64 if aad else 0) | tag_length - 2 << 2 | size - 1,)) + nonce + len(text).to_bytes(size, "big")
    if aad:
        size = len(aad)
        blocks += _padded((size.to_bytes(2, "big") if size < 0xFF00 else b"\xff\xfe" + size.to_bytes(4, "big")) + aad)
    return aes(key, 2, bytes(16)).encrypt(blocks + _padded(text))[-16:][:tag_length]


def _masked(key, nonce, tag, text):
    """Tag and text, each exclusive-or the key stream of their counter blocks: block 0 for the tag, the others for the text."""
    size = 15 - len(nonce)
    whole = tag + bytes(16 - len(tag)) + _padded(text)
    head = bytes((size - 1,)) + nonce
    stream = aes(key, 1).encrypt(b"".join([head + number.to_bytes(size, "big") for number in range(len(whole) >> 4)]))
    whole = (int.from_bytes(whole, "big") ^ int.from_bytes(stream, "big")).to_bytes(len(whole), "big")
    return whole[: len(tag)], whole[16 : 16 + len(text)]


def seal(key: bytes, nonce: bytes, aad: bytes, plaintext: bytes, tag_length: int = 16) -> bytes:
    """The ciphertext with its tag behind it.

    The key has 16 or 32 bytes (on CPython also 24); the nonce has 7-13 and never serves twice with one key; aad is not hidden;
    tag_length is even, 4-16. Raises ValueError when nonce, tag_length or plaintext have a length that CCM has no room for.
    """
    _check(nonce, len(plaintext), tag_length)
    tag, text = _masked(key, nonce, _tag(key, nonce, aad, plaintext, tag_length), plaintext)
    return text + tag


def unseal(key: bytes, nonce: bytes, aad: bytes, sealed: bytes, tag_length: int = 16) -> bytes:
    """The plaintext of what `seal` made. Raises BadSeal when the tag, compared in constant time, does not fit."""
    end = len(sealed) - tag_length
    if end < 0:
        raise BadSeal
    _check(nonce, end, tag_length)
    tag, text = _masked(key, nonce, sealed[end:], sealed[:end])
    if not same(tag, _tag(key, nonce, aad, text, tag_length)):
        raise BadSeal
    return text
