"""A session: fresh keys for each meeting of a board and its host, and every message sealed under them. Both ends run this class.

    board                                                  host
    HELLO(nonce_board) sealed under C1             -->     verified, nothing is remembered
    verified: C2, ready                            <--     WELCOME(nonce_host) sealed under C2
    FIRST(nonce_board, n, message) under C2        -->     verified: C2 replaces the old context, ready
    the board drops nonce_board from its headers   <--     DATA(n, message) under C2
    DATA(n, message) under C2                      <->     DATA(n, message) under C2

A context is OSCORE's (RFC 8613, section 3.2; the nonces enter by the ID Context as in its appendix B.2) with AES-CCM-16-128-128:

    C1   Master Secret of the board, Master Salt board_id, ID Context nonce_board
    C2   Master Secret of the board, Master Salt board_id, ID Context nonce_host || nonce_board
    Sender ID of the host h'', of the board h'01'

Payloads, all of their header being the associated data of the seal:

    HELLO    version|kind (1)  alias (4)  nonce_board (8)               sealed minor version (1)     under C1, sequence number 0
    WELCOME  version|kind (1)  alias (4)  nonce_host (8)                sealed minor version (1)     under C2, sequence number 0
    FIRST    version|kind (1)  alias (4)  nonce_board (8)  number (1-5) sealed message               under C2
    DATA     version|kind (1)  alias (4)  number (1-5)                  sealed message               under C2
    REFUSAL  version|kind (1)  alias (4)                                says only which version the host speaks; changes nothing

No key outlives a boot and no counter needs flash: the board's nonce is random for each handshake, and so are its keys. The host keeps
nothing for a HELLO: nonce_host is a MAC of nonce_board under a secret that is drawn anew whenever the board has been confirmed. So old
HELLOs, replayed in any number, disturb nothing, and an old FIRST never fits again.
"""

from locker.compat import const
from locker.mac import hmac_sha256
from locker.wire import ccm, frame, oscore
from locker.wire.ccm import BadSeal
from locker.wire.frame import BadFrame
from locker.wire.messages import MINOR, BadMessage, decode_message, encode_message

BOARD = const(1)
HOST = const(2)

_NONCE_BYTES = const(8)
_BODY = const(13)  # where the sealed part of HELLO and WELCOME begins
_WINDOW = const(32)  # how far behind the newest number a late one is still taken
_NUMBERS_MAX = const(0x100000)  # messages of one end under one context
_PAUSE_FIRST_MS = const(1000)  # between two HELLOs, doubled each time
_PAUSE_MAX_MS = const(32000)
_SILENCE_MS = const(10000)  # without an answer, until the board greets again

_ID_HOST = b""
_ID_BOARD = b"\x01"


class NotReady(Exception):
    """There are no keys yet: the other end has not answered the handshake."""


class Session:
    """One end of the conversation between one board and its host. Pure: bytes and times in, bytes out; now_ms never goes back.

    `ready`: there are keys to seal with. `rejected`: payloads that were not taken. `other_version`: the major version of the last payload
    that was refused for it, or None.
    """

    def __init__(self, role: int, master_secret: bytes, board_id: bytes, alias: bytes, entropy) -> None:
        """For a role, BOARD or HOST: master_secret 32 bytes, board_id 8, alias 4; entropy(count) gives that many random bytes."""
        assert len(board_id) == _NONCE_BYTES
        assert len(alias) == frame.ALIAS_BYTES
        self.ready = False
        self.rejected = 0
        self.other_version = None
        self._board = role == BOARD
        self._mine, self._theirs = (_ID_BOARD, _ID_HOST) if self._board else (_ID_HOST, _ID_BOARD)
        self._master_secret = master_secret
        self._board_id = board_id
        self._alias = bytes(alias)
        self._entropy = entropy
        self._secret = b"" if self._board else entropy(16)
        self._nonce = b""  # of the board, in the present context or handshake
        self._keys = None
        self._hello = None  # the frame to repeat until a WELCOME comes
        self._outgoing = None
        self._asked = False  # the board has said something since it last heard the host
        self._asked_ms = None
        self._pause_ms = self._due_ms = 0
        self._number = self._newest = self._seen = 0
        self._confirmed = False

    def start(self, now_ms: int) -> None:
        """Board: begins a new handshake and forgets the keys it has. Call it at boot and when a connection has been opened anew."""
        assert self._board
        self.ready = False
        self._keys = None
        self._nonce = self._entropy(_NONCE_BYTES)
        self._hello = frame.encode(self._greeting(frame.HELLO, self._nonce, self._derive(self._nonce)))
        self._pause_ms = _PAUSE_FIRST_MS
        self._due_ms = now_ms
        self._asked = False
        self._asked_ms = None

    def step(self, now_ms: int) -> None:
        """Lets time pass: the board repeats its HELLO, 1 s to 32 s apart, and greets anew when the host has been silent for 10 s."""
        if self._hello is not None:
            if now_ms >= self._due_ms:
                self._outgoing = self._hello
                self._due_ms = now_ms + self._pause_ms + self._pause_ms * self._entropy(1)[0] // 1024
                self._pause_ms = min(2 * self._pause_ms, _PAUSE_MAX_MS)
        elif self._asked:
            if self._asked_ms is None:
                self._asked_ms = now_ms
            elif now_ms - self._asked_ms >= _SILENCE_MS:
                self.start(now_ms)

    def outgoing(self) -> bytes | None:
        """A frame of the handshake that is due on the carrier, or None. Each is given once."""
        due, self._outgoing = self._outgoing, None
        return due

    def seal(self, message: tuple) -> bytes:
        """The frame of a message, ready for the carrier. Two calls with the same message give different frames.

        Raises NotReady without keys, ValueError when a field of the message is out of its range.
        """
        if not self.ready:
            raise NotReady("the other end has not answered the handshake yet")
        plaintext = encode_message(message)
        number = self._number
        self._number += 1
        if self._number >= _NUMBERS_MAX:
            self.ready = False  # the board, hearing nothing more, greets again
        size = 1 if number < 0x100 else 2 if number < 0x10000 else 3
        piv = number.to_bytes(size, "big")
        nonce = b"" if self._confirmed else self._nonce
        header = self._header((frame.FIRST if nonce else frame.DATA) - 1 + size) + nonce + piv
        self._asked = self._board
        return frame.encode(self._sealed(self._keys, header, piv, plaintext))

    def accept(self, payload: bytes, now_ms: int) -> tuple | None:
        """The message in a payload from the carrier when it is authentic, for this session and was not taken before; else None.

        None also for the handshake and for message types of a newer version. What is not authentic, not fresh or malformed is counted in
        `rejected` and changes nothing.
        """
        try:
            return self._accept(bytes(payload), now_ms)
        except (BadFrame, BadSeal, BadMessage):
            self.rejected += 1
            return None

    def _accept(self, payload, now_ms):
        if frame.alias_of(payload) != self._alias:
            raise BadFrame("for another board")
        if payload[0] >> 4 != frame.VERSION:
            self.other_version = payload[0] >> 4
            if not self._board:
                self._outgoing = frame.encode(self._header(frame.REFUSAL))
            raise BadFrame("of another version")
        kind = frame.kind_of(payload)
        if kind == frame.DATA and self._keys:
            return self._opened(payload, frame.HEADER_BYTES, self._keys)
        if self._board:
            if kind == frame.WELCOME and self._hello is not None:
                return self._welcomed(payload)
        elif kind == frame.HELLO:
            return self._greeted(payload)
        elif kind == frame.FIRST:
            return self._confirmed_by(payload)
        raise BadFrame("of no use now")

    def _greeted(self, payload):
        """Host: answers a HELLO and remembers nothing."""
        nonce_board = payload[frame.HEADER_BYTES : _BODY]
        self._unsealed(self._derive(nonce_board), payload, _BODY, b"\0")
        nonce_host = self._nonce_host(nonce_board)
        self._outgoing = frame.encode(self._greeting(frame.WELCOME, nonce_host, self._derive(nonce_host + nonce_board)))

    def _welcomed(self, payload):
        """Board: the host has answered this very HELLO."""
        keys = self._derive(payload[frame.HEADER_BYTES : _BODY] + self._nonce)
        self._unsealed(keys, payload, _BODY, b"\0")
        self._use(keys, 0)
        self._hello = self._outgoing = None
        self._confirmed = False

    def _confirmed_by(self, payload):
        """Host: a message under a context of its own fresh nonce proves that the board is there now."""
        nonce_board = payload[frame.HEADER_BYTES : _BODY]
        if self._keys and nonce_board == self._nonce:
            return self._opened(payload, _BODY, self._keys)
        keys = self._derive(self._nonce_host(nonce_board) + nonce_board)
        number, plaintext = self._unnumbered(keys, payload, _BODY)
        self._secret = self._entropy(16)
        self._nonce = nonce_board
        self._use(keys, 1)  # number 0 sealed the WELCOME
        self._confirmed = True
        self._take(number)
        return decode_message(plaintext)

    def _opened(self, payload, at, keys):
        number, plaintext = self._unnumbered(keys, payload, at)
        self._take(number)
        self._asked = False
        self._asked_ms = None
        self._confirmed = True
        return decode_message(plaintext)

    def _use(self, keys, number):
        self._keys = keys
        self._number = number
        self._newest = -1
        self._seen = 0
        self.ready = True

    def _unnumbered(self, keys, payload, at):
        end = at + (payload[0] & 7)
        piv = payload[at:end]
        return int.from_bytes(piv, "big"), self._unsealed(keys, payload, end, piv)

    def _take(self, number):
        """The replay window (RFC 8613, section 7.4): each number once, and none that is too old to tell."""
        ahead = number - self._newest
        if ahead > 0:
            self._seen = 1 if ahead >= _WINDOW else (self._seen << ahead | 1) & 0xFFFFFFFF
            self._newest = number
        elif ahead <= -_WINDOW or self._seen >> -ahead & 1:
            raise BadFrame("not fresh")
        else:
            self._seen |= 1 << -ahead

    def _nonce_host(self, nonce_board):
        return hmac_sha256(self._secret, nonce_board)[:_NONCE_BYTES]

    def _derive(self, id_context):
        return oscore.derive(self._master_secret, self._board_id, id_context, self._mine, self._theirs)

    def _header(self, kind):
        return bytes((frame.VERSION << 4 | kind,)) + self._alias

    def _greeting(self, kind, nonce, keys):
        return self._sealed(keys, self._header(kind) + nonce, b"\0", bytes((MINOR,)))

    def _sealed(self, keys, header, piv, plaintext):
        return header + ccm.seal(keys.sender_key, oscore.nonce(keys.common_iv, self._mine, piv), header, plaintext)

    def _unsealed(self, keys, payload, at, piv):
        return ccm.unseal(keys.recipient_key, oscore.nonce(keys.common_iv, self._theirs, piv), payload[:at], payload[at:])
