"""AES-CCM (RFC 3610, NIST SP 800-38C): sealing with one pass of CBC for the MAC and one of ECB over all counter blocks.

MicroPython's AES knows ECB and CBC only; CCM needs nothing else.
"""

from locker.compat import aes_cbc, aes_ecb
from locker.mac import same


class BadSeal(Exception):
    """A sealed text that was not sealed with this key, nonce and associated data, or was changed since."""


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) & 15)


def _tag(key, nonce, aad, plaintext, tag_length):
    width = 15 - len(nonce)  # bytes of the length field, L in RFC 3610
    flags = (64 if aad else 0) | (tag_length - 2) << 2 | width - 1
    blocks = bytes((flags,)) + nonce + len(plaintext).to_bytes(width, "big")
    if aad:
        size = len(aad)
        blocks += _padded((size.to_bytes(2, "big") if size < 0xFF00 else b"\xff\xfe" + size.to_bytes(4, "big")) + aad)
    return aes_cbc(key, bytes(16))(blocks + _padded(plaintext))[-16:]


def _masked(key, nonce, tag, text):
    """Tag and text, each exclusive-or the key stream of their counter blocks: block 0 for the tag, 1 and on for the text."""
    width = 15 - len(nonce)
    head = bytes((width - 1,)) + nonce
    size = 16 + len(text)
    stream = aes_ecb(key)(b"".join(head + number.to_bytes(width, "big") for number in range((size + 15) >> 4)))
    mixed = int.from_bytes(tag + bytes(16 - len(tag)) + text, "big") ^ int.from_bytes(stream[:size], "big")
    mixed = mixed.to_bytes(size, "big")
    return mixed[: len(tag)], mixed[16:]


def _check(nonce, text_length, tag_length):
    if not 7 <= len(nonce) <= 13 or tag_length not in (4, 6, 8, 10, 12, 14, 16) or text_length >> 8 * (15 - len(nonce)):
        raise ValueError("CCM takes nonces of 7 to 13 bytes, even tags of 4 to 16 bytes and texts that its length field can hold")


def seal(key: bytes, nonce: bytes, aad: bytes, plaintext: bytes, tag_length: int = 16) -> bytes:
    """The ciphertext with its tag behind it.

    The key has 16 or 32 bytes (on CPython also 24); the nonce has 7-13 and never serves twice with one key; aad is not hidden;
    tag_length is even, 4-16.
    Raises ValueError when a length is outside these.
    """
    _check(nonce, len(plaintext), tag_length)
    nonce, plaintext = bytes(nonce), bytes(plaintext)
    tag = _tag(key, nonce, bytes(aad), plaintext, tag_length)[:tag_length]
    tag, text = _masked(key, nonce, tag, plaintext)
    return text + tag


def unseal(key: bytes, nonce: bytes, aad: bytes, sealed: bytes, tag_length: int = 16) -> bytes:
    """The plaintext of what `seal` made. Raises BadSeal when the tag, compared in constant time, does not fit."""
    if len(sealed) < tag_length:
        raise BadSeal("shorter than its tag")
    sealed = bytes(sealed)
    end = len(sealed) - tag_length
    _check(nonce, end, tag_length)
    nonce = bytes(nonce)
    tag, text = _masked(key, nonce, sealed[end:], sealed[:end])
    if not same(tag, _tag(key, nonce, bytes(aad), text, tag_length)[:tag_length]):
        raise BadSeal("the tag does not fit")
    return text
