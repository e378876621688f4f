"""What a board and the host derive from the board's master secret for one epoch. The link's keys are in `locker.wire.session`."""

from collections import namedtuple

from locker.wire import hkdf

EpochKeys = namedtuple("EpochKeys", ("code", "receipt", "maint"))


def epoch_keys(master_secret: bytes, nonce_host: bytes, nonce_board: bytes, board_id: bytes, epoch: int) -> EpochKeys:
    """The 32-byte keys of an epoch: K_code for pickup codes, K_receipt for receipts, K_maint for maintenance.

    master_secret 32 random bytes of this board; both nonces 8 random bytes of this epoch; board_id 8 bytes; epoch 1 to 2^32 - 1.
    PRK = HKDF-Extract(nonce_host || nonce_board, master_secret)
    K_l = HKDF-Expand(PRK, "ansim" || 0x01 || board_id(8) || epoch(4) || len(l)(1) || l, 32) for l = "code", "receipt", "maint"
    """
    prk = hkdf.extract(nonce_host + nonce_board, master_secret)
    head = b"ansim\x01" + board_id + epoch.to_bytes(4, "big")
    return EpochKeys(*[hkdf.expand(prk, head + bytes((len(label),)) + label, 32) for label in (b"code", b"receipt", b"maint")])
