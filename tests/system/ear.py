"""Whoever knows a board's secret and has heard a meeting from its first
frame can say what each frame of it is.
"""

from host_tools.host.kinds import KINDS
from host_tools.link.messages import decode_message
from locker.contract import records
from locker.wire import ccm, frame, oscore
from locker.wire.frame import BadFrame, Decoder

from .relay import TO_BOARD, Frame

_AFTER_ALIAS = 5
_NONCE_BYTES = 8
_KINDS = {frame.HELLO: "HELLO", frame.WELCOME: "WELCOME", frame.REFUSAL: "REFUSAL"}
_BOARD, _HOST = b"\x01", b""


class Ear:
    """Hears one board's link. `name` must be asked for each frame, in their order."""

    def __init__(self, master_secret: bytes, board_id: bytes) -> None:
        self._identity = (master_secret, board_id)
        self._nonce = b""
        self._keys: tuple | None = None

    def name(self, heard: Frame) -> str:
        """What a frame is, such as `HELLO` or `Events: deposited, collected`; `noise` for what is none."""
        payloads = Decoder().feed(heard.raw)
        return self._name(heard.way, payloads[0]) if payloads else "noise"

    def _name(self, way: str, payload: bytes) -> str:
        kind = frame.kind_of(payload)
        nonce = payload[_AFTER_ALIAS : _AFTER_ALIAS + _NONCE_BYTES]
        if kind == frame.HELLO:
            self._nonce = nonce
        elif kind == frame.WELCOME:
            self._keys = oscore.derive(*self._identity, nonce + self._nonce, _BOARD, _HOST)
        if kind in _KINDS:
            return _KINDS[kind]
        return self._message(way, payload, _AFTER_ALIAS + (_NONCE_BYTES if kind == frame.FIRST else 0))

    def _message(self, way: str, payload: bytes, at: int) -> str:
        assert self._keys
        end = at + (payload[0] & 7)
        key, sender = (self._keys[1], _HOST) if way == TO_BOARD else (self._keys[0], _BOARD)
        try:
            text = ccm.unseal(
                key, oscore.nonce(self._keys[2], sender, payload[at:end]), payload[:end], payload[end:]
            )
            message = decode_message(text)
        except (ccm.BadSeal, BadFrame):
            return "of another meeting"
        if message is None:
            return f"type {text[0]}"
        said = [message.record] if hasattr(message, "record") else getattr(message, "records", ())
        kinds = [KINDS[records.unpack(raw).kind].name for raw in said]
        return type(message).__name__ + (": " + ", ".join(kinds) if kinds else "")
