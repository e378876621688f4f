"""Who this board is: identity.json, minted at provisioning.

Its secrets are never printed and never leave the board.
"""

from binascii import unhexlify
from collections import namedtuple

from locker.compat import TYPE_CHECKING
from locker.contract.codes import RULE
from locker.contract.keys import epoch_keys
from locker.contract.tickets import keyed
from locker.core.secrets import Secrets

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

_BYTES = ("board_id", "alias", "site_id", "master_secret", "nonce_host", "nonce_board")
Identity = namedtuple("Identity", _BYTES + ("cabinet", "ticket_secret", "is_old", "generation", "rule"))


def from_json(data: "dict[str, Any]") -> Identity:
    """The identity in the object of identity.json; raises KeyError or ValueError when it is not one.

    `ticket_key` instead of `ticket_secret`: the site is older than generations of ticket keys (`is_old`).
    `generation` is that of the ticket key and `rule` that of the first epoch when the board was provisioned;
    a board that is older than both has neither.
    """
    is_old = "ticket_key" in data
    secret = unhexlify(data["ticket_key" if is_old else "ticket_secret"])
    return Identity(
        *[unhexlify(data[name]) for name in _BYTES],
        data["cabinet"],
        secret,
        is_old,
        data.get("generation", 0),
        data.get("rule", 0),
    )


def refuse_unknown(rules: "Iterable[int]") -> None:
    """Raises ValueError when a rule of codes and tails is newer than this firmware."""
    if max(rules) > RULE:
        raise ValueError(
            "its codes are of rule %d, and this firmware knows %d: flash a newer one" % (max(rules), RULE)
        )


def secrets(identity: Identity, epochs: "list[tuple[int, int, int]]", generations: "list[int]") -> Secrets:
    """What the core needs of it: the keys of the epochs and ticket generations in use
    (see core.state.State) instead of the secrets.
    """
    board_id = identity.board_id
    old = {}
    for epoch, nonce, rule in epochs:
        keys = epoch_keys(
            identity.master_secret, identity.nonce_host, identity.nonce_board, board_id, epoch, nonce
        )
        old[epoch & 1023] = (epoch, keys[0], rule)
    tickets = {}
    for generation in generations:
        tickets[generation] = keyed(identity.ticket_secret, generation, identity.is_old)
    return Secrets(board_id, identity.site_id, epoch, keys[0], keys[1], tickets, identity.cabinet, old, rule)  # pyright: ignore[reportPossiblyUnboundVariable] - one is present
