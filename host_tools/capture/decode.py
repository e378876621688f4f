"""What a captured line of bytes says: its frames, what is damaged between them,
and their messages for whoever holds the ledger's key.

Without a key nothing but headers is seen, which anybody at the line sees too:
versions, kinds, aliases, nonces, numbers and lengths.
"""

from binascii import crc_hqx
from collections import deque
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from host_tools.link.messages import decode_message
from locker.contract import records
from locker.wire import ccm, frame, oscore
from locker.wire.ccm import BadSeal
from locker.wire.frame import BadFrame

if TYPE_CHECKING:
    from host_tools.host.ledger.ledger import Identity, Ledger

BOARD = "board"
HOST = "host"
FRAME_MAX = 256  # bytes on the line, without the delimiter
ANSWER = 0x80  # on a bus: the bit that a cabinet adds to its address
#: How many keys a payload is tried with that does not open, and how many more all those of a board may be.
NEAR = 8
SPARE = 2000
#: Digits that open a door are shown to nobody, whoever holds the key.
HIDDEN_FIELDS = ("digits",)

_ALIAS_END = 5
_NONCE_BYTES = 8
_TAG_BYTES = 16
_KIND_NAMES = {getattr(frame, name): name for name in ("HELLO", "DATA", "WELCOME", "REFUSAL", "FIRST")}
_SENDERS = {frame.HELLO: BOARD, frame.FIRST: BOARD, frame.WELCOME: HOST, frame.REFUSAL: HOST}
_SENDER_IDS = {BOARD: b"\x01", HOST: b""}
_RECORD_NAMES: dict[int, str] = {}
for _name, _value in vars(records).items():  # in the order of the source: the kinds come first
    if _name.isupper() and isinstance(_value, int) and _name != "RECORD_BYTES":
        _RECORD_NAMES.setdefault(_value, _name)


class Piece(NamedTuple):
    """What stood on the line up to a delimiter, or up to the end."""

    offset: int  # of its first byte
    length: int  # in bytes, the delimiter included
    payload: bytes  # empty when something is wrong
    fault: str  # what is wrong; empty for a whole, undamaged frame
    address: int | None = None  # on a bus: of the cabinet
    sender: str | None = None  # on a bus: BOARD or HOST


class Header(NamedTuple):
    """The open part of a payload, which anybody may read."""

    version: int
    kind: str
    alias: str  # hexadecimal
    sender: str | None = None  # BOARD or HOST, where the kind tells it
    nonce: str | None = None  # hexadecimal
    number: int | None = None  # sequence number
    sealed: int = 0  # bytes of the sealed part, its tag included
    fault: str = ""  # what keeps it from being more


def payload_of(held: bytes, longest: int = FRAME_MAX) -> tuple[bytes, str]:
    """The payload in the bytes between two delimiters, or nothing and what is wrong with them."""
    if len(held) > longest:
        return b"", f"longer than a frame's {longest} bytes"
    out = bytearray()
    at = 0
    while at < len(held):
        size = held[at]
        out += held[at + 1 : at + size]
        at += size
        if size < 255 and at < len(held):
            out.append(0)
    if at != len(held):
        return b"", "cut short"
    if len(out) < 2 or crc_hqx(out, 0xFFFF):
        return b"", "CRC wrong"
    return bytes(out[:-2]), ""


class Splitter:
    """Takes the bytes of one line as they come and gives back what stood on it, piece by piece;
    idle delimiters are passed over.

    `bus`: several cabinets share the line, and an address stands ahead of each payload.
    Holds one frame, however long a piece is.
    """

    def __init__(self, *, bus: bool = False) -> None:
        self._bus = bus
        self._longest = FRAME_MAX + 2 if bus else FRAME_MAX
        self._offset = 0  # of what is held
        self._held = b""
        self._passed = 0  # bytes behind those that are held, of a piece that is too long for a frame

    def feed(self, data: bytes) -> Iterator[Piece]:
        """The pieces that these bytes complete."""
        *whole, rest = data.split(b"\0")
        for part in whole:
            self._hold(part)
            length = len(self._held) + self._passed
            if length:
                yield self._piece(length + 1)
            self._offset += length + 1
            self._held, self._passed = b"", 0
        self._hold(rest)

    def _hold(self, part: bytes) -> None:
        """Keeps one byte more than a frame has, which tells that it is none; counts the others."""
        kept = part[: self._longest + 1 - len(self._held)]
        self._held += kept
        self._passed += len(part) - len(kept)

    def _piece(self, length: int) -> Piece:
        payload, fault = payload_of(self._held, self._longest)
        piece = Piece(self._offset, length, payload, fault)
        if not self._bus or not payload:
            return piece
        first = payload[0]
        return piece._replace(
            payload=payload[1:], address=first & ~ANSWER, sender=BOARD if first & ANSWER else HOST
        )

    def end(self) -> Iterator[Piece]:
        """What is left when the capture ends."""
        if self._held:
            yield Piece(self._offset, len(self._held) + self._passed, b"", "no delimiter before the end")


def header_of(payload: bytes) -> Header:
    """What the open part of a payload says; one that is no payload of this version says little."""
    if len(payload) < _ALIAS_END:
        return Header(0, "?", "", fault="too short for a header")
    version, low = payload[0] >> 4, payload[0] & 15
    alias = payload[1:_ALIAS_END].hex()
    if version != frame.VERSION:
        return Header(version, "?", alias, fault=f"version {version}, this ansim reads {frame.VERSION}")
    kind = frame.kind_of(payload)
    if kind not in _KIND_NAMES:
        return Header(version, f"kind 0x{low:02x}", alias, fault="a kind that is not known")
    nonce_end, end = _places(payload)
    if len(payload) < end + (_TAG_BYTES if kind != frame.REFUSAL else 0):
        return Header(version, _KIND_NAMES[kind], alias, _SENDERS.get(kind), fault="cut short")
    nonce = payload[_ALIAS_END:nonce_end].hex() or None
    number = int.from_bytes(payload[nonce_end:end], "big") if end > nonce_end else None
    return Header(version, _KIND_NAMES[kind], alias, _SENDERS.get(kind), nonce, number, len(payload) - end)


def _places(payload: bytes) -> tuple[int, int]:
    """Where the nonce ends and where the sealed part begins."""
    kind = frame.kind_of(payload)
    nonce_end = _ALIAS_END + (_NONCE_BYTES if kind in (frame.HELLO, frame.WELCOME, frame.FIRST) else 0)
    return nonce_end, nonce_end + (payload[0] & 7 if kind in (frame.DATA, frame.FIRST) else 0)


class Opened(NamedTuple):
    """What was sealed: by whom, and the message, which is empty for a greeting."""

    sender: str
    message: str
    fields: dict[str, Any]


class _Context(NamedTuple):
    """The keys of one meeting."""

    nonces: bytes  # of host and board; of a greeting the board's alone
    keys: dict[str, bytes]  # by sender
    common_iv: bytes


class _Conversation:
    """What is known of the meetings of one board and its host:
    nonces, and the keys that have opened something.

    Whoever was at the line may have written greetings into it, so a nonce counts when its seal has proved it,
    and what does not open is tried with few keys:
    NEAR of them for each payload, SPARE more for the whole capture.
    """

    def __init__(self, identity: "Identity") -> None:
        self._secret = identity.master_secret
        self._board_id = identity.cabinet.board_id
        self._boards: list[bytes] = []  # nonces of genuine greetings, in the order of the capture
        self._places: dict[bytes, int] = {}  # of those, in that list
        self._answered = 0  # place of the greeting that was answered last
        # Nonces of answers whose greeting is not in the capture, or which are none.
        self._hosts: deque[bytes] = deque(maxlen=NEAR)
        self._meetings: dict[bytes, list[bytes]] = {}  # both nonces of the meetings, by each of the two
        # By both nonces; the one that has opened something last is at the end.
        self._contexts: dict[bytes, _Context] = {}
        self._spare = SPARE

    def note(self, payload: bytes, header: Header) -> None:
        """Takes the nonce of a greeting, when it is genuine, or of an answer to one."""
        nonce = bytes.fromhex(header.nonce or "")
        if header.kind == "HELLO" and nonce not in self._places and self.open(payload, (BOARD,)):
            self._places[nonce] = len(self._boards)
            self._boards.append(nonce)
        elif (
            header.kind == "WELCOME"
            and nonce not in self._meetings
            and nonce not in self._hosts
            and not self.open(payload, (HOST,))
        ):
            self._hosts.append(nonce)

    def _context(self, nonces: bytes) -> _Context:
        known = self._contexts.get(nonces)
        if known:
            return known
        board, host, iv = oscore.derive(
            self._secret, self._board_id, nonces, _SENDER_IDS[BOARD], _SENDER_IDS[HOST]
        )
        return _Context(nonces, {BOARD: board, HOST: host}, iv)

    def open(self, payload: bytes, senders: tuple[str, ...]) -> tuple[str, bytes] | None:
        """Who sealed it, and what; None when no key fits."""
        nonce_end, end = _places(payload)
        number = payload[nonce_end:end] or b"\0"
        for nonces in self._affordable(self._candidates(payload)):
            context = self._context(nonces)
            for sender in senders:
                seal_nonce = oscore.nonce(context.common_iv, _SENDER_IDS[sender], number)
                try:
                    text = ccm.unseal(context.keys[sender], seal_nonce, payload[:end], payload[end:])
                except BadSeal:
                    continue
                if len(nonces) > _NONCE_BYTES:  # not the greeting's own
                    self._met(context)
                return sender, text
        return None

    def _met(self, context: _Context) -> None:
        if self._contexts.pop(context.nonces, None) is None:
            for half in (context.nonces[:_NONCE_BYTES], context.nonces[_NONCE_BYTES:]):
                self._meetings.setdefault(half, []).append(context.nonces)
        self._contexts[context.nonces] = context
        self._answered = self._places.get(context.nonces[_NONCE_BYTES:], self._answered)

    def _affordable(self, candidates: Iterator[bytes]) -> Iterator[bytes]:
        for nonces in dict.fromkeys(islice(candidates, NEAR)):
            yield nonces
        for nonces in candidates:
            if not self._spare:
                return
            self._spare -= 1
            yield nonces

    def _candidates(self, payload: bytes) -> Iterator[bytes]:
        """The nonces of the meetings that a payload may be of, the likeliest first."""
        kind, nonce = frame.kind_of(payload), payload[_ALIAS_END : _ALIAS_END + _NONCE_BYTES]
        if kind == frame.HELLO:
            yield nonce
        elif kind == frame.DATA:
            yield from reversed(self._contexts)
        else:
            yield from reversed(self._meetings.get(nonce, ()))
            if kind == frame.FIRST:
                yield from (host + nonce for host in reversed(self._hosts))
            else:
                yield from (nonce + board for board in self._unanswered())

    def _unanswered(self) -> Iterator[bytes]:
        """The nonces of greetings: the latest,
        those behind the one that was answered last, and all others.
        """
        half = NEAR // 2
        yield from reversed(self._boards[-half:])
        yield from self._boards[self._answered : self._answered + half]
        yield from self._boards


class Opener:
    """Opens what the boards of a ledger and their host said to each other,
    as far as the capture holds their greetings.
    """

    def __init__(self, ledger: "Ledger") -> None:
        self._ledger = ledger
        self._conversations: dict[bytes, _Conversation | None] = {}
        # Asked once: a line may carry any number of others.
        self._aliases = {cabinet.alias for cabinet in ledger.cabinets()}

    def note(self, payload: bytes) -> None:
        """Takes the nonce of a greeting.

        Call it for every payload before `open`; of two directions, for all payloads of both.
        """
        conversation = self._conversation(payload)
        header = header_of(payload)
        if conversation is not None and header.nonce is not None and not header.fault:
            conversation.note(payload, header)

    def open(self, payload: bytes, sender: str | None = None) -> tuple[Opened | None, str]:
        """What is sealed in a payload, and a remark; `sender` BOARD or HOST where it is known."""
        header = header_of(payload)
        conversation = self._conversation(payload)
        if header.fault or not header.sealed:
            return None, ""
        if conversation is None:
            return None, "no board of this ledger"
        sender = sender or header.sender
        found = conversation.open(payload, (sender,) if sender else (BOARD, HOST))
        if found is None:
            return None, "does not open: the capture lacks its greeting, or it is no frame of this board"
        return _message(*found)

    def _conversation(self, payload: bytes) -> _Conversation | None:
        alias = payload[1:_ALIAS_END]
        if alias not in self._aliases:
            return None
        if alias not in self._conversations:
            identity = self._ledger.identity(alias)
            self._conversations[alias] = _Conversation(identity) if identity else None
        return self._conversations[alias]


def _message(sender: str, text: bytes) -> tuple[Opened, str]:
    if not text:
        return Opened(sender, "", {}), ""
    try:
        message = decode_message(text)
    except BadFrame:
        return Opened(sender, "?", {}), f"a message of type 0x{text[0]:02x} that is malformed"
    if message is None:
        return Opened(sender, "?", {}), f"a message of type 0x{text[0]:02x}, which this ansim does not know"
    fields = {name: _shown(name, value) for name, value in zip(type(message)._fields, message, strict=True)}  # type: ignore[attr-defined]
    return Opened(sender, type(message).__name__, fields), ""


def _shown(name: str, value: Any) -> Any:
    if name in HIDDEN_FIELDS:
        return None
    if isinstance(value, tuple):
        return [_record(raw) for raw in value]
    if isinstance(value, bytes):
        return _record(value) if len(value) == records.RECORD_BYTES else value.hex()
    return value


def _record(raw: bytes) -> dict[str, Any]:
    record = records.unpack(raw)
    if record.kind == records.PICKUP_OPENED and record.a == records.BY_DURESS:
        record = record._replace(a=records.BY_CODE)  # whoever reads a capture is no dispatcher
    return record._asdict() | {"kind": _RECORD_NAMES.get(record.kind, str(record.kind))}
