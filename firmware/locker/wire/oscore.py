"""The security context of OSCORE (RFC 8613): keys, common IV and nonces. Its message format is not used."""

from collections import namedtuple

from locker.wire import hkdf

Context = namedtuple("Context", ("sender_key", "recipient_key", "common_iv"))

# The COSE algorithms AES-CCM-16-64-128 and AES-CCM-16-128-128 (RFC 9053, section 4.2) in CBOR: both with 16-byte keys and 13-byte nonces.
_ALGORITHMS = {10: b"\x0a", 30: b"\x18\x1e"}


def _text(data):
    """A CBOR byte string of at most 23 bytes, or null."""
    return b"\xf6" if data is None else bytes((64 + len(data),)) + data


def derive(
    master_secret: bytes, master_salt: bytes, id_context: bytes | None, sender_id: bytes, recipient_id: bytes, algorithm: int = 30
) -> Context:
    """Sender key, recipient key (16 bytes each) and common IV (13 bytes) of section 3.2.

    IDs of at most 7 bytes, id_context of at most 23 or None for none, algorithm 10 or 30. Raises KeyError for another algorithm.
    """
    prk = hkdf.extract(master_salt, master_secret)
    middle = _text(id_context) + _ALGORITHMS[algorithm]  # the CBOR array [id, id_context, alg_aead, type, L] of section 3.2.1
    keys = [hkdf.expand(prk, b"\x85" + _text(identity) + middle + b"\x63Key\x10", 16) for identity in (sender_id, recipient_id)]
    return Context(keys[0], keys[1], hkdf.expand(prk, b"\x85\x40" + middle + b"\x62IV\x0d", 13))


def nonce(common_iv: bytes, sender_id: bytes, piv: bytes) -> bytes:
    """The 13-byte nonce of section 5.2: ID length, ID padded to 7 bytes, sequence number padded to 5 bytes, exclusive-or the common IV."""
    plain = len(sender_id) << 96 | int.from_bytes(sender_id, "big") << 40 | int.from_bytes(piv, "big")
    return (plain ^ int.from_bytes(common_iv, "big")).to_bytes(13, "big")
