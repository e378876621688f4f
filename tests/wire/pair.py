"""A board and its host, joined by a string of one's own choosing. Runs on both interpreters."""

from host_tools.link.messages import Ack, Report, named, typed
from host_tools.link.session import HostSession
from locker.contract.mac import hmac_sha256
from locker.wire.frame import Decoder
from locker.wire.session import Session

MASTER_SECRET = bytes(range(32))
BOARD_ID = b"board-07"
ALIAS = b"\xa1\x1a\x50\x01"
REPORT = Report(BOARD_ID, 1, 1, 1, 0, 0, 1, 1, 0, 0, 0x8CAAB5010203)


class Entropy:
    """Reproducible random bytes from a seed."""

    def __init__(self, seed):
        self._seed = seed
        self._drawn = 0

    def __call__(self, count):
        self._drawn += 1
        return hmac_sha256(self._seed, self._drawn.to_bytes(4, "big"))[:count]


class BoardSession(Session):
    """The board's end, with messages by the host's names."""

    def seal(self, message):
        return super().seal(typed(message))

    def accept(self, payload, now_ms):
        message = super().accept(payload, now_ms)
        return message and named(message)


class Pair:
    """Two sessions and the decoders before them."""

    def __init__(self, seed=b"seed"):
        self.now_ms = 0
        self.board = BoardSession(MASTER_SECRET, BOARD_ID, ALIAS, Entropy(seed + b" board"))
        self.host = HostSession(MASTER_SECRET, BOARD_ID, ALIAS, Entropy(seed + b" host"))
        self._to_board, self._to_host = Decoder(), Decoder()

    def at_host(self, line):
        """What the host makes of bytes on the line: the messages that it takes."""
        return self._heard(self.host, self._to_host, line)

    def at_board(self, line):
        """What the board makes of bytes on the line."""
        return self._heard(self.board, self._to_board, line)

    def _heard(self, session, decoder, line):
        messages = [session.accept(payload, self.now_ms) for payload in decoder.feed(line)]
        return [message for message in messages if message is not None]

    def greet(self):
        """The board's HELLO, due now."""
        self.board.start(self.now_ms)
        self.board.step(self.now_ms)
        return self.board.outgoing()

    def welcome(self):
        """The host's answer to a HELLO, heard by the board."""
        self.at_host(self.greet())
        self.at_board(self.host.outgoing())

    def meet(self):
        """The whole handshake; both ends are ready and confirmed."""
        self.welcome()
        assert self.at_host(self.board.seal(REPORT)) == [REPORT]
        assert self.at_board(self.host.seal(Ack(0))) == [Ack(0)]
        return self
