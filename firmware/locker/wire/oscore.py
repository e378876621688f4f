"""The security context of OSCORE (RFC 8613): keys, common IV and nonces. Its message format is not used."""

from collections import namedtuple

from locker.compat import const
from locker.wire import hkdf

AES_CCM_16_64_128 = const(10)  # COSE algorithms (RFC 9053, section 4.2): 13-byte nonce, 8- or 16-byte tag, 16-byte key
AES_CCM_16_128_128 = const(30)

_KEY_BYTES = const(16)
_NONCE_BYTES = const(13)

Context = namedtuple("Context", ("sender_key", "recipient_key", "common_iv"))


def _head(major, value):
    return bytes((major | value,)) if value < 24 else bytes((major | 24, value))


def _info(identity, id_context, algorithm, what, length):
    """The CBOR array [id, id_context, alg_aead, type, L] of section 3.2.1."""
    context = b"\xf6" if id_context is None else _head(0x40, len(id_context)) + id_context
    return (
        b"\x85" + _head(0x40, len(identity)) + identity + context + _head(0, algorithm) + _head(0x60, len(what)) + what + _head(0, length)
    )


def derive(
    master_secret: bytes, master_salt: bytes, id_context: bytes, sender_id: bytes, recipient_id: bytes, algorithm: int = AES_CCM_16_128_128
) -> Context:
    """Sender key, recipient key (16 bytes each) and common IV (13 bytes) of section 3.2.

    IDs of at most 7 bytes; id_context of at most 255 bytes, or None for none; algorithm 10 or 30. Raises ValueError for another algorithm.
    """
    if algorithm not in (AES_CCM_16_64_128, AES_CCM_16_128_128):
        raise ValueError("only the COSE algorithms 10 and 30 are known")
    prk = hkdf.extract(master_salt, master_secret)
    return Context(
        hkdf.expand(prk, _info(sender_id, id_context, algorithm, b"Key", _KEY_BYTES), _KEY_BYTES),
        hkdf.expand(prk, _info(recipient_id, id_context, algorithm, b"Key", _KEY_BYTES), _KEY_BYTES),
        hkdf.expand(prk, _info(b"", id_context, algorithm, b"IV", _NONCE_BYTES), _NONCE_BYTES),
    )


def nonce(common_iv: bytes, sender_id: bytes, piv: bytes) -> bytes:
    """The 13-byte nonce of section 5.2: ID length, ID padded to 7 bytes, sequence number padded to 5 bytes, exclusive-or the common IV."""
    plain = bytes((len(sender_id),)) + bytes(7 - len(sender_id)) + sender_id + bytes(5 - len(piv)) + piv
    return (int.from_bytes(plain, "big") ^ int.from_bytes(common_iv, "big")).to_bytes(_NONCE_BYTES, "big")
