"""aiocoap's OSCORE, and what a CoAP message under it looks like to us:
the two ends of a context made by either.
"""

import random
from typing import NamedTuple

import cbor2
from aiocoap import Message, oscore
from aiocoap.message import Direction

from locker.wire import ccm
from locker.wire.oscore import Context, derive, nonce

ALGORITHMS = {10: "AES-CCM-16-64-128", 30: "AES-CCM-16-128-128"}
TAG_BYTES = {10: 8, 30: 16}
PIV_MAX = 2**40 - 2  # one less than RFC 8613 allows, since aiocoap counts on


class Inputs(NamedTuple):
    """What a context is derived from, seen from the client."""

    master_secret: bytes
    master_salt: bytes
    id_context: bytes | None
    sender_id: bytes
    recipient_id: bytes
    algorithm: int

    def of_server(self) -> "Inputs":
        return self._replace(sender_id=self.recipient_id, recipient_id=self.sender_id)


def drawn(draw: random.Random) -> Inputs:
    """Inputs of all lengths that both have room for."""
    one, other = draw.randbytes(draw.randrange(8)), draw.randbytes(draw.randrange(8))
    while other == one:
        other = draw.randbytes(1 + draw.randrange(7))
    return Inputs(
        draw.randbytes(draw.randrange(1, 70)),
        draw.randbytes(draw.choice((0, 8, 16, 64, 65))),
        draw.choice((None, draw.randbytes(draw.randrange(24)))),
        one,
        other,
        draw.choice((10, 30)),
    )


def piv_of(draw: random.Random) -> int:
    """A sequence number, of each length about as often."""
    return min(draw.randrange(1 << 8 * draw.randint(1, 5)), PIV_MAX)


def short(number: int) -> bytes:
    return number.to_bytes(max(1, (number.bit_length() + 7) // 8), "big")


class Theirs(oscore.CanProtect, oscore.CanUnprotect, oscore.SecurityContextUtils):
    """One end of a context as aiocoap derives it; it keeps nothing."""

    echo_recovery = None

    def __init__(self, inputs: Inputs) -> None:
        self.alg_aead = oscore.algorithms[ALGORITHMS[inputs.algorithm]]
        self.hashfun = oscore.hashfunctions["sha256"]
        self.sender_id, self.recipient_id, self.id_context = (
            inputs.sender_id,
            inputs.recipient_id,
            inputs.id_context,
        )
        self.sender_sequence_number = 0
        self.recipient_replay_window = oscore.ReplayWindow(32, lambda: None)
        self.recipient_replay_window.initialize_empty()
        self.derive_keys(inputs.master_salt, inputs.master_secret)

    def post_seqnoincrease(self) -> None:
        """Nothing outlives a test."""

    def nonce(self, sender_id: bytes, piv: bytes) -> bytes:
        return self._construct_nonce(piv, sender_id, self.alg_aead)


class Ours:
    """The same end as we derive it, with so much of OSCORE's message format (RFC 8613,
    sections 5.3, 5.4, 6.1) as a test needs.
    """

    def __init__(self, inputs: Inputs) -> None:
        self._inputs = inputs
        self.context: Context = derive(*inputs)

    def open(self, outer: Message, kid: bytes, piv: bytes) -> bytes:
        """The plaintext of a message under the other end's nonce of its own. Raises BadSeal."""
        number = nonce(self.context.common_iv, self._inputs.recipient_id, piv)
        tag_length = TAG_BYTES[self._inputs.algorithm]
        return ccm.unseal(self.context.recipient_key, number, self._aad(kid, piv), outer.payload, tag_length)

    def protect(
        self, code: int, text: bytes, kid: bytes, request_piv: bytes, own_piv: bytes | None
    ) -> Message:
        """A response, under a nonce of our own or the request's."""
        number = nonce(
            self.context.common_iv, self._inputs.sender_id if own_piv else kid, own_piv or request_piv
        )
        tag_length = TAG_BYTES[self._inputs.algorithm]
        plaintext = bytes((code,)) + (b"\xff" + text if text else b"")
        sealed = ccm.seal(self.context.sender_key, number, self._aad(kid, request_piv), plaintext, tag_length)
        return arriving(68, sealed, bytes((len(own_piv),)) + own_piv if own_piv else b"")

    def _aad(self, kid: bytes, piv: bytes) -> bytes:
        return cbor2.dumps(["Encrypt0", b"", cbor2.dumps([1, [self._inputs.algorithm], kid, piv, b""])])


def arriving(code: int, payload: bytes, option: bytes) -> Message:
    """A protected message as it comes from the network."""
    message = Message(code=code, payload=payload)
    message.opt.oscore = option
    message.direction = Direction.INCOMING
    return message
