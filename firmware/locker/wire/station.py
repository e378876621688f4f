"""A cabinet's place on a bus that it shares with others:
it speaks only when it is asked, one frame at a time.

The host is the master of the bus. Whatever it sends to an address is a question to the cabinet there, which
answers with one frame: what it has to say, or nothing but its address. Everything of a payload's frame stays
as it is (see `locker.wire.frame`), with one byte ahead of the payload inside it:

    1 byte   address of the cabinet (1 to 31); in an answer ANSWER is added,
             so that no cabinet takes another one's answer for a question
    0 to n   payload

and a 0x00 ahead of the frame, which ends whatever noise there was while nobody drove the bus.

Pure: bytes and times in, bytes out. docs/decisions/0090-a-bus-of-cabinets.md says why it is so.
"""

from locker.compat import const
from locker.wire.frame import Decoder, encode

ANSWER = const(0x80)
LOOK_MS = const(60)  # a question that may have waited longer than this gets no answer: the host has gone on
TURN_MS = const(2)  # from seeing a question to driving the bus: until then the host's driver has let go of it
SILENT_MS = const(10000)  # without a question the bus counts as down
_FRAME_MAX = const(258)  # a frame with an address ahead of its payload, without the delimiter
_HEARD_MAX = const(256)
_SAYS_MAX = const(3)


class Station:
    """One cabinet on the bus."""

    def __init__(self, address: int) -> None:
        self._own = address
        self._unframed = Decoder(_FRAME_MAX)
        self._question_ms = -SILENT_MS
        self._says: "list[bytes]" = []
        self._heard = b""

    def up(self, now_ms: int) -> bool:
        """Whether the host has asked lately. What still waited to be said is forgotten when it has not."""
        if now_ms - self._question_ms < SILENT_MS:
            return True
        self._says = []
        return False

    def say(self, frame: bytes) -> bool:
        """Keeps one whole frame for when it is asked; False when three wait already."""
        if len(self._says) >= _SAYS_MAX:
            return False
        self._says += Decoder().feed(frame)
        return True

    def hear(self, data: "bytes | bytearray", waited_ms: int, now_ms: int) -> bytes:
        """Takes what the bus has carried since the last look, `waited_ms` ago;
        what to answer TURN_MS from now, b"" for nothing.

        Only the last question counts, and only when nobody else has spoken since.
        """
        asked = False
        for payload in self._unframed.feed(data):
            asked = len(payload) > 0 and payload[0] == self._own
            if asked:
                self._question_ms = now_ms
                if len(payload) > 1:
                    self._heard = (self._heard + encode(payload[1:]))[-_HEARD_MAX:]
        if not asked or waited_ms > LOOK_MS:
            return b""
        return b"\0" + encode(bytes((ANSWER | self._own,)) + (self._says.pop(0) if self._says else b""))

    def readinto(self, buffer: bytearray) -> int:
        """Moves the frames that were for this cabinet into a buffer of at least 256 bytes,
        without their addresses; how many bytes.
        """
        heard = self._heard
        buffer[: len(heard)] = heard
        self._heard = b""
        return len(heard)
