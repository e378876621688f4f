"""A session: fresh keys for each meeting of a board and its host, and every message sealed under them.

Here are the board's end and what both ends share; `host_tools.link.session` has what the host does otherwise.

    board                                                  host
    HELLO(hello_nonce) sealed under C1             -->     verified, nothing is remembered
    verified: C2, ready                            <--     WELCOME(welcome_nonce) sealed under C2
    FIRST(hello_nonce, n, message) under C2        -->     verified: C2 replaces the old context, ready
    the board drops hello_nonce from its headers   <--     DATA(n, message) under C2
    DATA(n, message) under C2                      <->     DATA(n, message) under C2

A context is OSCORE's (RFC 8613, section 3.2; the nonces enter by the ID Context
as in its appendix B.2) with AES-CCM-16-128-128:

    C1   Master Secret of the board, Master Salt board_id, ID Context hello_nonce
    C2   Master Secret of the board, Master Salt board_id, ID Context welcome_nonce || hello_nonce
    Sender ID of the host h'', of the board h'01'

Payloads, all of their header being the associated data of the seal:

    HELLO    version|kind (1)  alias (4)  hello_nonce (8)                sealed nothing  under C1, number 0
    WELCOME  version|kind (1)  alias (4)  welcome_nonce (8)              sealed nothing  under C2, number 0
    FIRST    version|kind (1)  alias (4)  hello_nonce (8)  number (1-5)  sealed message  under C2
    DATA     version|kind (1)  alias (4)  number (1-5)                   sealed message  under C2
    REFUSAL  version|kind (1)  alias (4)    the host's answer to another version; changes nothing

where `number` is the sequence number.

No key outlives a boot and no counter needs flash: the board's nonce is random for each handshake, and so are
its keys. The host keeps nothing for a HELLO: welcome_nonce is a MAC of hello_nonce under a secret that is
drawn anew whenever the board has been confirmed. So old HELLOs, replayed in any number, disturb nothing, and
an old FIRST never fits again.
"""

from locker.compat import TYPE_CHECKING, const
from locker.wire import batch, ccm, frame, messages, oscore
from locker.wire.ccm import BadSeal
from locker.wire.frame import BadFrame

if TYPE_CHECKING:
    from collections.abc import Callable

_NONCE_BYTES = const(8)
_AFTER_ALIAS = const(5)
_AFTER_NONCE = const(13)
_WINDOW = const(32)  # how far behind the newest number a late one is still taken
_NUMBERS_MAX = const(0x100000)  # messages of one end under one context
_PAUSE_FIRST_MS = const(1000)  # between the first two HELLOs, doubled each time
_PAUSE_MAX_MS = const(32000)  # the longest such pause; up to a quarter of it is added at random
_SILENCE_MS = const(10000)  # without an answer, until the board greets again
# bytes of a WELCOME's payload, of which a longer one is not looked at: its keys are dear
_WELCOME_MAX = const(64)
# seals that the board checks in vain between two steps: a flood must not keep it from its keypad
_FUTILE_MAX = const(1)


class Session:
    """The board's end of the conversation with its host.

    Pure: bytes and times in, bytes out; now_ms never goes back.

    `ready`: there are keys to seal with. `rejected`: payloads that were not taken. `other_version`: the major
    version of the last payload that was refused for it, or None.
    """

    def __init__(
        self, master_secret: bytes, board_id: bytes, alias: bytes, entropy: "Callable[[int], bytes]"
    ) -> None:
        """master_secret 32 bytes, board_id 8, alias 4; entropy(count) gives that many random bytes."""
        assert len(board_id) == 8
        assert len(alias) == 4
        self.ready = False
        self.rejected = 0
        self.other_version: "int | None" = None
        self._ids: "tuple[bytes, bytes]" = (b"\x01", b"")  # mine, theirs
        self._decode: "Callable[[bytes], messages.Typed | None]" = messages.decode
        self._identity = (master_secret, board_id)
        self._alias = alias
        self._entropy = entropy
        self._lead = b""  # the board's nonce, as long as it leads the board's messages
        self._keys: "oscore.Context | None" = None
        self._hello: "bytes | None" = None  # the frame to repeat until a WELCOME comes
        self._outgoing: "bytes | None" = None
        self._asked_ms: "int | None" = None  # when the board first spoke since it last heard the host
        self._now_ms = self._due_ms = self._pause_ms = 0
        self._number = self._newest = self._seen = self._futile = 0

    def start(self, now_ms: int) -> None:
        """Begins a new handshake and forgets the keys it has.

        Call it at boot and when a connection has been opened anew.
        """
        self.ready = False
        self._keys = self._asked_ms = None
        self._number = self._seen = 0
        self._newest = -1
        self._lead = nonce = self._entropy(_NONCE_BYTES)
        self._hello = self._sealed(self._derive(nonce), frame.HELLO, nonce, b"\0", b"")
        self._due_ms = now_ms
        self._pause_ms = _PAUSE_FIRST_MS

    def step(self, now_ms: int) -> None:
        """Lets time pass: the board repeats its HELLO, 1 s to 40 s apart,
        and greets anew when the host has been silent for 10 s.
        """
        self._now_ms = now_ms
        self._futile = 0
        if self._hello:
            if now_ms >= self._due_ms:
                self._outgoing = self._hello
                self._due_ms = now_ms + self._pause_ms + self._pause_ms * self._entropy(1)[0] // 1024
                self._pause_ms = min(2 * self._pause_ms, _PAUSE_MAX_MS)
        elif self._asked_ms is not None and now_ms - self._asked_ms >= _SILENCE_MS:
            self.start(now_ms)

    def hurry(self, now_ms: int) -> None:
        """There is something urgent: a pause before the next HELLO ends within half a second,
        and the next ones are short again.
        """
        self._due_ms = min(self._due_ms, now_ms + 2 * self._entropy(1)[0])
        self._pause_ms = _PAUSE_FIRST_MS

    def outgoing(self) -> bytes | None:
        """A frame of the handshake that is due on the carrier, or None. Each is given once."""
        due = self._outgoing
        self._outgoing = None
        return due

    def seal(self, message: "messages.Typed") -> bytes:
        """The frame of a message, ready for the carrier. The same message sealed again gives another frame.

        Only while `ready`. Raises ValueError when a field of the message is out of its range.
        """
        assert self.ready
        plaintext = messages.encode(message)
        piv = batch.short(self._number)
        self._number += 1
        self.ready = self._number < _NUMBERS_MAX  # a board that hears nothing more greets again
        if self._asked_ms is None:
            self._asked_ms = self._now_ms
        lead = self._lead
        # Its 8 bytes make DATA a FIRST.
        return self._sealed(self._keys, len(lead) | len(piv), lead + piv, piv, plaintext)

    def accept(self, payload: bytes, now_ms: int) -> "messages.Typed | None":
        """The message in a payload from the carrier when it is authentic,
        for this session and was not taken before; else None.

        None also for the handshake and for message types of a newer version. What is not authentic, not fresh
        or malformed is counted in `rejected` and changes nothing. A board that has checked a seal in vain
        checks no more of them before the next step().
        """
        self._now_ms = now_ms
        try:
            if payload[1:_AFTER_ALIAS] != self._alias:
                raise BadFrame
            if payload[0] >> 4 != frame.VERSION:
                self.other_version = payload[0] >> 4
                raise BadFrame
            if self._futile >= _FUTILE_MAX:
                raise BadFrame
            if self._keys and 0 < payload[0] & 15 < frame.WELCOME:
                return self._opened(payload, _AFTER_ALIAS)
            return self._greeted(payload)
        except (BadFrame, BadSeal):
            self.rejected += 1
            return None

    def _greeted(self, payload: bytes) -> "messages.Typed | None":
        """What else than DATA may come: for the board, an answer to its HELLO."""
        if payload[0] & 15 != frame.WELCOME or not self._hello or len(payload) > _WELCOME_MAX:
            raise BadFrame
        made = self._derive(payload[_AFTER_ALIAS:_AFTER_NONCE] + self._lead)
        self._unsealed(made, payload, _AFTER_NONCE, b"\0")
        self._hello = self._outgoing = None
        self._keys = made
        self._futile = 0
        self.ready = True

    def _opened(self, payload: bytes, at: int) -> "messages.Typed | None":
        """The message in a FIRST or DATA whose sequence number is at a place;
        each number is taken once (RFC 8613, section 7.4).
        """
        end = at + (payload[0] & 7)
        piv = payload[at:end]
        plaintext = self._unsealed(self._keys, payload, end, piv)
        number = int.from_bytes(piv, "big")
        ahead = number - self._newest
        if ahead > 0:
            self._seen = (self._seen << min(ahead, _WINDOW) | 1) & 0xFFFFFFFF
            self._newest = number
        elif ahead <= -_WINDOW or self._seen >> -ahead & 1:  # seen, or too old to tell
            raise BadFrame
        else:
            self._seen |= 1 << -ahead
        self._futile = 0
        self._asked_ms = None
        self._lead = b""
        return self._decode(plaintext)

    def _derive(self, id_context: bytes) -> oscore.Context:
        return oscore.derive(*self._identity, id_context, *self._ids)

    def _sealed(
        self, made: "oscore.Context | None", kind: int, rest: bytes, piv: bytes, plaintext: bytes
    ) -> bytes:
        assert made
        header = bytes((frame.VERSION << 4 | kind,)) + self._alias + rest
        return frame.encode(
            header + ccm.seal(made[0], oscore.nonce(made[2], self._ids[0], piv), header, plaintext)
        )

    def _unsealed(self, made: "oscore.Context | None", payload: bytes, at: int, piv: bytes) -> bytes:
        assert made
        self._futile += 1
        return ccm.unseal(made[1], oscore.nonce(made[2], self._ids[1], piv), payload[:at], payload[at:])
