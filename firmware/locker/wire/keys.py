"""What is derived from a board's master secret: the keys of a meeting with its host, those of an epoch, and the nonces of seals."""

from locker.mac import hmac_sha256


def expand(prk: bytes, info: bytes, length: int) -> bytes:
    """HKDF-Expand with SHA-256 (RFC 5869, section 2.3) for 1 to 32 bytes. HKDF-Extract (section 2.2) is the HMAC keyed with the salt."""
    assert length <= 32
    return hmac_sha256(prk, info + b"\1")[:length]


def _text(data):
    """A CBOR byte string of at most 23 bytes, or null."""
    return b"\xf6" if data is None else bytes((64 + len(data),)) + data


def derive(
    master_secret: bytes, master_salt: bytes, id_context: bytes | None, sender_id: bytes, recipient_id: bytes, algorithm: int = 30
) -> tuple:
    """Sender key, recipient key (16 bytes each) and common IV (13 bytes) of a security context of OSCORE (RFC 8613, section 3.2).

    IDs of at most 7 bytes; id_context of at most 23 or None for none; algorithm 10 or 30 for AES-CCM-16-64-128 or AES-CCM-16-128-128
    (RFC 9053, section 4.2). Raises KeyError for another algorithm. The message format of OSCORE is not used.
    """
    prk = hmac_sha256(master_salt, master_secret)
    # Each info is the CBOR array [id, id_context, alg_aead, type, L] of section 3.2.1.
    middle = _text(id_context) + {10: b"\x0a", 30: b"\x18\x1e"}[algorithm]
    end = middle + b"\x63Key\x10"
    sender_key = expand(prk, b"\x85" + _text(sender_id) + end, 16)
    recipient_key = expand(prk, b"\x85" + _text(recipient_id) + end, 16)
    return sender_key, recipient_key, expand(prk, b"\x85\x40" + middle + b"\x62IV\x0d", 13)


def nonce(common_iv: bytes, sender_id: bytes, piv: bytes) -> bytes:
    """The 13-byte nonce of RFC 8613, section 5.2.

    It is ID length, ID padded to 7 bytes and sequence number padded to 5 bytes, exclusive-or the common IV.
    """
    plain = len(sender_id) << 96 | int.from_bytes(sender_id, "big") << 40 | int.from_bytes(piv, "big")
    return (plain ^ int.from_bytes(common_iv, "big")).to_bytes(13, "big")


def epoch_keys(master_secret: bytes, nonce_host: bytes, nonce_board: bytes, board_id: bytes, epoch: int, nonce: int = 0) -> tuple:
    """The three 32-byte keys of an epoch: K_code for pickup codes, K_receipt for receipts, K_maint for maintenance.

    master_secret 32 random bytes of this board, nonce_host and nonce_board 8 each, minted with it; board_id 8 bytes; epoch 1 to
    2^18 - 1; nonce of the epoch's own, 32 bits, 0 for the first.
    PRK = HKDF-Extract(nonce_host || nonce_board, master_secret)
    K_l = HKDF-Expand(PRK, "ansim" || 0x01 || board_id(8) || epoch(4) || nonce(4) || len(l)(1) || l, 32) for l = "code", "receipt", "maint"
    """
    prk = hmac_sha256(nonce_host + nonce_board, master_secret)
    head = b"ansim\1" + board_id + epoch.to_bytes(4, "big") + nonce.to_bytes(4, "big")
    return expand(prk, head + b"\4code", 32), expand(prk, head + b"\7receipt", 32), expand(prk, head + b"\5maint", 32)
