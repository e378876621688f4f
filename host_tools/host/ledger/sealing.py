"""Secrets at rest: sealed with AES-256-GCM (NIST SP 800-38D) under a key that lies beside the ledger,
not in it.

A copy of the ledger alone (a backup, a support case) opens no door. The purpose and the owner of a secret are
its additional data, so a sealed value moved to another row does not open.
"""

import hashlib
import hmac
import os
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from host_tools.errors import UserError
from host_tools.host.ledger.data_folder import KEY
from host_tools.host.ledger.key_file import mint_key, read_key
from host_tools.host.ledger.passphrase import passphrase

_NONCE_BYTES = 12


class Vault:
    """Seals and opens secrets under DIR/host.key."""

    has_key = True  # the ledger's own

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)
        self._mac_key = hashlib.sha256(b"ansim mac" + key).digest()
        #: Names the key, and says nothing of it.
        self.name = hashlib.sha256(b"ansim vault" + key).digest()

    def mac(self, purpose: bytes, of: bytes) -> bytes:
        """32 bytes that only this key makes of that, for a purpose."""
        return hmac.new(self._mac_key, purpose + b"\x00" + of, hashlib.sha256).digest()

    def seal(self, secret: bytes, purpose: str, owner: bytes) -> bytes:
        """The sealed secret: a random nonce of 12 bytes, the ciphertext, a tag of 16 bytes."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, secret, purpose.encode() + b"\x00" + owner)

    def open(self, sealed: bytes, purpose: str, owner: bytes) -> bytes:
        """The secret; raises UserError when the key is another one or the value was altered."""
        try:
            return self._cipher.decrypt(
                sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], purpose.encode() + b"\x00" + owner
            )
        except InvalidTag as error:
            raise UserError(
                f"{KEY} does not open the ledger's secrets: "
                "restore the key and the ledger from the same backup."
            ) from error


#: The vault of who opens a ledger without its key: it opens no secret of it, and seals none.
BLIND = Vault(bytes(32))
BLIND.has_key = False


def open_vault(data: Path, *, create: bool) -> Vault:
    """The vault of a data folder; `create` mints the key of a ledger that does not exist yet.

    Raises UserError for a key that is missing or damaged, or whose passphrase is not to be had.
    """
    if create:
        mint_key(data)
    return Vault(read_key(data, passphrase))
