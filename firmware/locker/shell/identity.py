"""Who this board is: identity.json, minted at provisioning. Its secrets are never printed and never leave the board."""

from binascii import unhexlify
from collections import namedtuple

from locker.core.cabinet import Secrets
from locker.wire.keys import epoch_keys

_BYTES = ("board_id", "alias", "site_id", "master_secret", "nonce_host", "nonce_board", "ticket_key")
Identity = namedtuple("Identity", _BYTES + ("cabinet",))


def from_json(data: dict) -> Identity:
    """The identity in the object of identity.json; raises KeyError or ValueError when it is not one."""
    return Identity(*[unhexlify(data[name]) for name in _BYTES], data["cabinet"])


def secrets(identity: Identity, epochs: list) -> Secrets:
    """What the core needs of it: the keys of the epochs in use (core.journal.State.epochs) instead of the master secret."""
    board_id = identity.board_id
    old = {}
    for epoch, nonce in epochs:
        keys = epoch_keys(identity.master_secret, identity.nonce_host, identity.nonce_board, board_id, epoch, nonce)
        old[epoch & 1023] = (epoch, keys[0])
    return Secrets(board_id, identity.site_id, epoch, keys[0], keys[1], identity.ticket_key, identity.cabinet, old)
