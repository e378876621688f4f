"""The host's end of the conversation that `locker.wire.session` describes."""

from host_tools.link.messages import decode_message, typed
from locker.compat import TYPE_CHECKING, const
from locker.contract.mac import hmac_sha256
from locker.wire import frame
from locker.wire.session import Session

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from locker.wire import messages

_NONCE_BYTES = const(8)
_SECRET_BYTES = const(16)
_AFTER_ALIAS = const(5)
_AFTER_NONCE = const(13)


class NotReady(Exception):
    """There are no keys yet: the board has not proved itself."""


class HostSession(Session):
    """The host's end of the conversation with one board.

    It speaks and hears the messages of `host_tools.link.messages`.

    `meetings`: how many contexts there were; what was known of the board belongs to the one before when it
    grows. `proofs`: how many messages were the board's own and new. `late`: the last of them was overtaken by
    a newer one. `newest`: the sequence number of the newest message of this context.
    """

    def __init__(
        self, master_secret: bytes, board_id: bytes, alias: bytes, entropy: "Callable[[int], bytes]"
    ) -> None:
        """As for the board's end."""
        super().__init__(master_secret, board_id, alias, entropy)
        self._ids = (b"", b"\x01")
        self._decode = decode_message
        self._secret = entropy(_SECRET_BYTES)
        self._nonce: bytes | None = None  # of the board, in the present context
        self.meetings = 0
        self.proofs = 0
        self.late = False

    def start(self, now_ms: int) -> None:
        """Only boards greet."""
        raise AssertionError("a host is greeted")

    def step(self, now_ms: int) -> None:
        """Lets time pass: for the host it changes nothing."""

    @property
    def newest(self) -> int:
        """The sequence number of the newest message that was heard; -1 before the first."""
        return self._newest

    def seal(self, message: "Any") -> bytes:
        """The frame of a message, as for the board's end.

        Raises NotReady without keys, ValueError for what is not a message.
        """
        if not self.ready:
            raise NotReady
        return super().seal(typed(message))

    def accept(self, payload: bytes, now_ms: int) -> "Any":
        """The message in a payload, as for the board's end.

        Another version is told ours; a host checks every seal.
        """
        self._futile = 0
        if payload[1:_AFTER_ALIAS] == self._alias and payload[0] >> 4 != frame.VERSION:
            self._outgoing = frame.encode(bytes((frame.VERSION << 4 | frame.REFUSAL,)) + self._alias)
        return super().accept(payload, now_ms)

    def _greeted(self, payload: bytes) -> "messages.Typed | None":
        """A HELLO is answered, and nothing is remembered.

        A FIRST under a fresh nonce of ours proves that the board is there now.
        """
        kind = frame.kind_of(payload)
        nonce = payload[_AFTER_ALIAS:_AFTER_NONCE]
        ours = hmac_sha256(self._secret, nonce)[:_NONCE_BYTES]
        if kind == frame.HELLO:
            self._unsealed(self._derive(nonce), payload, _AFTER_NONCE, b"\0")
            self._outgoing = self._sealed(self._derive(ours + nonce), frame.WELCOME, ours, b"\0", b"")
            return None
        if kind != frame.FIRST:
            raise frame.BadFrame
        if nonce != self._nonce:
            made = self._derive(ours + nonce)
            end = _AFTER_NONCE + (payload[0] & 7)
            self._unsealed(made, payload, end, payload[_AFTER_NONCE:end])
            self._keys = made
            self._nonce = nonce
            self._secret = self._entropy(_SECRET_BYTES)
            self._number = 1  # 0 sealed the WELCOME
            self._newest = -1
            self._seen = 0
            self.meetings += 1
            self.ready = True
        return self._opened(payload, _AFTER_NONCE)

    def _opened(self, payload: bytes, at: int) -> "messages.Typed | None":
        """As for the board's end; notes that the board is there,
        also where its message is none, and whether it was overtaken.
        """
        newest, seen = self._newest, self._seen
        try:
            return super()._opened(payload, at)
        finally:
            if (self._newest, self._seen) != (newest, seen):
                self.late = self._newest == newest
                self.proofs += 1
