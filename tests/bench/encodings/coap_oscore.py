"""CoAP (RFC 7252) under OSCORE (RFC 8613) by aiocoap: a confirmable POST of CBOR,
and its acknowledgement with a sealed 2.04 in it.
"""

from collections.abc import Sequence

import cbor2
from aiocoap import ACK, CHANGED, CON, POST, Message, oscore

_FIELDS = ("kind", "door", "boot", "number", "uptime", "a", "b")
_PATH = ("e",)
_BOARD, _HOST = b"\x01", b""


class _End(oscore.CanProtect, oscore.CanUnprotect, oscore.SecurityContextUtils):
    """One end of a context with an algorithm of RFC 9053, section 4.2."""

    echo_recovery = None

    def __init__(self, sender_id: bytes, recipient_id: bytes, algorithm: str) -> None:
        self.alg_aead = oscore.algorithms[algorithm]
        self.hashfun = oscore.hashfunctions["sha256"]
        self.sender_id, self.recipient_id, self.id_context = sender_id, recipient_id, None
        self.sender_sequence_number = 0
        self.recipient_replay_window = oscore.ReplayWindow(32, lambda: None)
        self.recipient_replay_window.initialize_empty()
        self.derive_keys(bytes(8), bytes(16))

    def post_seqnoincrease(self) -> None:
        """Nothing is kept."""


def packets(messages: Sequence[Sequence[dict]], algorithm: str = "AES-CCM-16-64-128") -> list[bytes]:
    """The algorithm is the one that OSCORE must have, with a tag of 8 bytes, if no other is asked for."""
    board, host = _End(_BOARD, _HOST, algorithm), _End(_HOST, _BOARD, algorithm)
    sent = []
    for number, message in enumerate(messages, 1):
        events = [[event[name] for name in _FIELDS] for event in message]
        payload = cbor2.dumps(events if len(events) > 1 else events[0])
        request, _ = board.protect(Message(code=POST, uri_path=_PATH, payload=payload))
        request.mtype, request.mid, request.token = CON, number, bytes((number,))
        sent.append(request.encode())
        _, asked = host.unprotect(Message.decode(sent[-1]))
        answer, _ = host.protect(Message(code=CHANGED), asked)
        answer.mtype, answer.mid, answer.token = ACK, number, request.token
        sent.append(answer.encode())
    return sent
