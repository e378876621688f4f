"""HKDF-Expand, and the keys of an epoch: what a board's pickup codes and receipts hang on."""

from locker.contract.mac import hmac_sha256


def expand(prk: bytes, info: bytes, length: int) -> bytes:
    """HKDF-Expand with SHA-256 (RFC 5869, section 2.3) for 1 to 8,160 bytes.

    HKDF-Extract (section 2.2) is the HMAC keyed with the salt.
    """
    out = block = b""
    while len(out) < length:
        block = hmac_sha256(prk, block + info + bytes((len(out) // 32 + 1,)))
        out += block
    return out[:length]


def epoch_keys(
    master_secret: bytes, nonce_host: bytes, nonce_board: bytes, board_id: bytes, epoch: int, nonce: int = 0
) -> "tuple[bytes, bytes, bytes]":
    """The three 32-byte keys of an epoch: K_code for pickup codes,
    K_receipt for receipts, K_maint for maintenance.

    master_secret 32 random bytes of this board, nonce_host and nonce_board 8 each, minted with it; board_id 8
    bytes; epoch 1 to 2^18 - 1; nonce of the epoch's own, 32 bits, 0 for the first.
    PRK = HKDF-Extract(nonce_host || nonce_board, master_secret) K_l = HKDF-Expand(PRK, "ansim" || 0x01 ||
    board_id(8) || epoch(4) || nonce(4) || len(l)(1) || l, 32) for l = "code", "receipt", "maint"
    """
    prk = hmac_sha256(nonce_host + nonce_board, master_secret)
    head = b"ansim\1" + board_id + epoch.to_bytes(4, "big") + nonce.to_bytes(4, "big")
    return (
        expand(prk, head + b"\4code", 32),
        expand(prk, head + b"\7receipt", 32),
        expand(prk, head + b"\5maint", 32),
    )
