"""Who this board is: identity.json, minted at provisioning. Its secrets are never printed and never leave the board."""

from binascii import unhexlify
from collections import namedtuple

from locker.core.cabinet import Secrets
from locker.wire.keys import epoch_keys

_BYTES = ("board_id", "alias", "site_id", "master_secret", "nonce_host", "nonce_board", "ticket_key")
Identity = namedtuple("Identity", _BYTES + ("cabinet", "epoch"))


def from_json(data: dict) -> Identity:
    """The identity in the object of identity.json; raises KeyError or ValueError when it is not one."""
    return Identity(*[unhexlify(data[name]) for name in _BYTES], data["cabinet"], data.get("epoch", 1))


def secrets(identity: Identity) -> Secrets:
    """What the core needs of it: the keys of its epoch instead of the master secret."""
    board_id, epoch = identity.board_id, identity.epoch
    code_key, receipt_key, _ = epoch_keys(identity.master_secret, identity.nonce_host, identity.nonce_board, board_id, epoch)
    return Secrets(board_id, identity.site_id, epoch, code_key, receipt_key, identity.ticket_key, identity.cabinet, {})
