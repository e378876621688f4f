"""Security contexts of OSCORE (RFC 8613, section 3.2) and the nonces of its seals (section 5.2).

The message format of OSCORE is not used.
On a board, where nobody asks a context for a part by its name, it is a plain tuple.
"""

from locker.compat import NamedTuple
from locker.contract.keys import expand
from locker.contract.mac import hmac_sha256

Context = NamedTuple(
    "Context",
    (
        ("sender_key", bytes),  # 16 bytes
        ("recipient_key", bytes),  # 16 bytes
        ("common_iv", bytes),  # 13 bytes
    ),
)


def _text(data: "bytes | None") -> bytes:
    """A CBOR byte string of at most 23 bytes, or null."""
    return b"\xf6" if data is None else bytes((64 + len(data),)) + data


def derive(
    master_secret: bytes,
    master_salt: bytes,
    id_context: bytes | None,
    sender_id: bytes,
    recipient_id: bytes,
    algorithm: int = 30,
) -> Context:
    """The context of one end; the other end's has the two IDs, and so the two keys, the other way round.

    IDs of at most 7 bytes; id_context of at most 23 or None for none; algorithm 10 or 30 for
    AES-CCM-16-64-128 or AES-CCM-16-128-128 (RFC 9053, section 4.2). Raises KeyError for another algorithm.
    """
    prk = hmac_sha256(master_salt, master_secret)
    # Each info is the CBOR array [id, id_context, alg_aead, type, L] of section 3.2.1.
    middle = _text(id_context) + {10: b"\x0a", 30: b"\x18\x1e"}[algorithm]
    end = middle + b"\x63Key\x10"
    sender_key = expand(prk, b"\x85" + _text(sender_id) + end, 16)
    recipient_key = expand(prk, b"\x85" + _text(recipient_id) + end, 16)
    return Context(sender_key, recipient_key, expand(prk, b"\x85\x40" + middle + b"\x62IV\x0d", 13))


def nonce(common_iv: bytes, sender_id: bytes, piv: bytes) -> bytes:
    """The 13-byte nonce of a seal.

    It is ID length, ID padded to 7 bytes and sequence number padded to 5 bytes, exclusive-or the common IV.
    """
    plain = len(sender_id) << 96 | int.from_bytes(sender_id, "big") << 40 | int.from_bytes(piv, "big")
    return (plain ^ int.from_bytes(common_iv, "big")).to_bytes(13, "big")
