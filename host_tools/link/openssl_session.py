"""The host's end of the conversation with its seals by OpenSSL:
the very same bytes, at a tenth of the cost, for a host has many boards.
"""

from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESCCM

from host_tools.link.session import HostSession
from locker.wire import frame, oscore
from locker.wire.ccm import BadSeal

_TAG_BYTES = 16


class OpenSslSession(HostSession):
    """As HostSession, which MicroPython can run too."""

    def _sealed(self, made: Any, kind: int, rest: bytes, piv: bytes, plaintext: bytes) -> bytes:
        header = bytes((frame.VERSION << 4 | kind,)) + self._alias + rest
        nonce = oscore.nonce(made[2], self._ids[0], piv)
        return frame.encode(header + AESCCM(made[0], _TAG_BYTES).encrypt(nonce, plaintext, header))

    def _unsealed(self, made: Any, payload: bytes, at: int, piv: bytes) -> bytes:
        self._futile += 1
        nonce = oscore.nonce(made[2], self._ids[1], piv)
        try:
            return AESCCM(made[1], _TAG_BYTES).decrypt(nonce, payload[at:], payload[:at])
        except InvalidTag as error:
            raise BadSeal from error
