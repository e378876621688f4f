"""Whose turn it is on an RS-485 bus: the host asks one cabinet after the other,
and each answers with one frame or is away.

Pure: bytes and times in, bytes out.
The cabinet's side, and what a frame looks like, is `locker.wire.station`.
"""

from collections import deque
from dataclasses import dataclass, field

from locker.wire.frame import Decoder, encode
from locker.wire.station import ANSWER, LOOK_MS

# 31 cabinets and the host are the 32 unit loads of a plain transceiver (TIA/EIA-485-A)
ADDRESSES = range(1, 32)
FRAME_MAX = 258  # bytes of a frame with its address, without the delimiter
# longest wait for the first byte of an answer: the cabinet's look, its turn, the adapter's buffer
ANSWER_S = (LOOK_MS + 40) / 1000
LET_GO_S = 0.005  # pause after an answer: the cabinet releases the bus within 3 ms
# an answer that has begun is heard until the line is quiet for so long, at most for the longest frame
QUIET_S = 0.03
REST_S = 0.1  # pause before a cabinet that had nothing to say is asked again
AWAY_FIRST_S = 0.5  # first pause between two questions to a cabinet that does not answer; doubled each time
AWAY_MAX_S = 16.0  # the longest such pause
MISSES_MAX = 3  # questions without an answer until a cabinet counts as away
GONE_S = 10.0  # without an answer until its link is given up
_SAYS_MAX = 16  # frames that wait for one cabinet; more are dropped
_BITS_PER_BYTE = 10


@dataclass
class Place:
    """What the master knows of one address."""

    address: int
    says: deque[bytes] = field(default_factory=deque)  # payloads for the cabinet
    is_here: bool = False
    misses: int = 0
    pause_s: float = AWAY_FIRST_S
    due_s: float = 0.0
    asked_s: float = -1.0
    heard_s: float | None = None  # None: never, or given up


def round_s(
    cabinets: int, baud: int, question_bytes: int = FRAME_MAX, answer_bytes: int = FRAME_MAX
) -> float:
    """The longest that it takes to ask so many cabinets that are all here,
    once each, and one that is away between them.
    """
    byte_s = _BITS_PER_BYTE / baud
    turn_s = (question_bytes + 2) * byte_s + LOOK_MS / 1000 + (answer_bytes + 2) * byte_s + 2 * LET_GO_S
    return cabinets * turn_s + ANSWER_S + REST_S


class Master:
    """The master of one bus. Times in seconds, of any clock that never goes back."""

    def __init__(self, baud: int) -> None:
        self.places = {address: Place(address) for address in ADDRESSES}
        self.dropped = 0  # frames of cabinets that were not asked
        self._byte_s = _BITS_PER_BYTE / baud
        self._decoder = Decoder(FRAME_MAX)
        self._asked: Place | None = None
        self._sent_s = 0.0  # when the question's last stop bit has left
        self._heard_s = 0.0
        self._free_s = 0.0
        self._away_s = -1.0  # when one was asked that is away

    def say(self, address: int, frame: bytes, now_s: float) -> None:
        """Keeps one whole frame until it is that cabinet's turn; drops it where too many wait."""
        place = self.places[address]
        if len(place.says) < _SAYS_MAX:
            place.says += Decoder(FRAME_MAX).feed(frame)
            if place.is_here:
                place.due_s = min(place.due_s, now_s)

    def forget(self, address: int) -> None:
        """What waits for that cabinet is for a connection that is over."""
        self.places[address].says.clear()

    def hear(self, data: bytes, now_s: float) -> list[tuple[int, bytes]]:
        """Takes what the bus has carried: (address, payload) of each answer that was asked for."""
        self._heard_s = now_s
        answers = []
        for payload in self._decoder.feed(data):
            place = self._asked
            if place is not None and payload[:1] == bytes((ANSWER | place.address,)):
                self._answered(place, now_s, nothing=len(payload) == 1)
                answers.append((place.address, payload[1:]))
            elif payload[:1] >= bytes((ANSWER,)):
                # Else our own question, heard by an adapter that listens to itself.
                self.dropped += 1
        return [(address, payload) for address, payload in answers if payload]

    def step(self, now_s: float) -> bytes:
        """Lets time pass: what to send now, b"" for nothing."""
        if self._asked is not None:
            if now_s < self._deadline_s():
                return b""
            self._missed(self._asked, now_s)
        if now_s < self._free_s:
            return b""
        place = self._next(now_s)
        if place is None:
            return b""
        payload = place.says.popleft() if place.says else b""
        sent = b"\0" + encode(bytes((place.address,)) + payload)
        self._asked = place
        self._sent_s = now_s + len(sent) * self._byte_s
        place.asked_s = now_s
        if not place.is_here:
            self._away_s = now_s
        return sent

    def wake_s(self) -> float:
        """When to step again, if nothing is heard or said before."""
        if self._asked is not None:
            return self._deadline_s()
        return max(self._free_s, min(place.due_s for place in self.places.values()))

    def gone(self, now_s: float) -> list[int]:
        """The addresses that have not answered for GONE_S, each told once."""
        found = [
            place
            for place in self.places.values()
            if place.heard_s is not None and now_s - place.heard_s > GONE_S
        ]
        for place in found:
            place.heard_s = None
            place.says.clear()
        return [place.address for place in found]

    def _deadline_s(self) -> float:
        end_s = self._sent_s + ANSWER_S
        if self._heard_s > self._sent_s:  # somebody is speaking
            end_s = max(end_s, min(self._heard_s + QUIET_S, end_s + FRAME_MAX * self._byte_s))
        return end_s

    def _answered(self, place: Place, now_s: float, *, nothing: bool) -> None:
        self._asked = None
        self._free_s = now_s + LET_GO_S
        place.is_here, place.misses, place.pause_s, place.heard_s = True, 0, AWAY_FIRST_S, now_s
        place.due_s = place.asked_s + REST_S if nothing and not place.says else now_s

    def _missed(self, place: Place, now_s: float) -> None:
        self._asked = None
        place.misses += 1
        place.is_here = place.is_here and place.misses < MISSES_MAX
        place.due_s = now_s
        if not place.is_here:
            place.due_s = now_s + place.pause_s
            place.pause_s = min(2 * place.pause_s, AWAY_MAX_S)

    def _next(self, now_s: float) -> Place | None:
        """The one of those here that was not asked for longest;
        one that is away when all of them were asked since the last such one.
        """
        due = [place for place in self.places.values() if place.due_s <= now_s]
        here = [place for place in due if place.is_here]
        away = [place for place in due if not place.is_here]
        if away and all(place.asked_s > self._away_s for place in here):
            here = away
        return min(here or away, key=lambda place: place.asked_s, default=None)
