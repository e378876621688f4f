"""Theorem: of 10^5 forged frames (10^7 in the soak) and 10^6 bytes of garbage (10^8) for each end,
none is believed and none does harm.
"""

import random
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from forger import RECORDS, Forger, record
from pair import REPORT, Pair

from host_tools.link.messages import Ack, Events, Status, decode_message, encode_message
from locker.wire import frame, messages
from locker.wire.frame import BadFrame, Decoder
from locker.wire.session import Session

FRAMES = 25_000  # of one run
FRAMES_IN_A_SOAK = 500_000
GARBAGE = 1_000_000  # bytes
GARBAGE_IN_A_SOAK = 10_000_000
# Bytes of memory more than before, at any moment:
# the line of at most 2,000 bytes, its pieces, and what a seal takes.
HELD_MAX = 20_000
MAY_CHANGE = {"rejected", "other_version", "_futile", "_outgoing"}


def state(session: Session) -> dict[str, object]:
    """All that may make a difference later; an answer that waits is looked at on its own."""
    return {name: value for name, value in vars(session).items() if name not in MAY_CHANGE}


class Victim:
    """One end, talking or just greeting, and what it has been made to say."""

    def __init__(self, end: str, talking: bool, seed: int) -> None:
        self.pair = Pair(b"victim %d" % seed)
        self.recording = record(self.pair if talking else Pair(b"else %d" % seed))
        if not talking:
            self.hello = self.pair.greet()
        self._talking = talking
        self._is_host = end == "host"
        self.session = self.pair.host if self._is_host else self.pair.board
        self.decoder = Decoder()
        self.answered = 0
        self._before = state(self.session)

    def hear(self, line: bytes) -> None:
        """Nothing is believed, nothing is changed, and only a host answers:
        a HELLO that was genuine once, and another version.
        """
        session = self.session
        for payload in self.decoder.feed(line):
            session.step(self.pair.now_ms)
            assert session.accept(payload, self.pair.now_ms) is None
            answer = session.outgoing()
            if answer is not None:
                assert self._is_host
                assert payload in self.recording.hellos or payload[0] >> 4 != frame.VERSION
                assert frame.kind_of(Decoder().feed(answer)[0]) == (
                    frame.WELCOME if payload[0] >> 4 == frame.VERSION else frame.REFUSAL
                )
                self.answered += 1
        assert len(self.decoder._held) <= 257

    def check(self) -> None:
        """The end is as it was, and what is genuine goes on."""
        assert state(self.session) == self._before
        pair = self.pair
        if not self._talking:
            pair.at_host(self.hello)
            pair.at_board(pair.host.outgoing() or b"")
            assert pair.at_host(pair.board.seal(REPORT)) == [REPORT]
        assert pair.at_host(pair.board.seal(Events(RECORDS))) == [Events(RECORDS)]
        pair.board.step(pair.now_ms)  # in which it may check a seal again
        assert pair.at_board(pair.host.seal(Ack(5))) == [Ack(5)]


@contextmanager
def little_memory() -> Iterator[None]:
    """What is held at any moment stays small, whatever comes."""
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < HELD_MAX
    finally:
        tracemalloc.stop()


def check_frames(end: str, talking: bool, seed: int, count: int) -> None:
    victim = Victim(end, talking, seed)
    forger = Forger(victim.recording, random.Random(seed))
    for _ in range(count):
        victim.hear(forger.line())
    assert victim.session.rejected > count // 3
    assert (victim.answered > 0) == (end == "host")
    victim.check()


ENDS = [(end, talking) for end in ("board", "host") for talking in (True, False)]


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize(("end", "talking"), ENDS)
def test_of_a_hundred_thousand_forged_frames_for_each_end_none_is_believed(
    end: str, talking: bool, seed: int
) -> None:
    check_frames(end, talking, seed, FRAMES)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(2, 12))
@pytest.mark.parametrize(("end", "talking"), ENDS)
def test_of_ten_million_forged_frames_for_each_end_none_is_believed(
    end: str, talking: bool, seed: int
) -> None:
    check_frames(end, talking, seed, FRAMES_IN_A_SOAK)


def uniform(draw: random.Random) -> bytes:
    return draw.randbytes(draw.randint(1, 2000))


def without_an_end(draw: random.Random) -> bytes:
    return draw.randbytes(2000).replace(b"\0", b"\1")


def like_cobs(draw: random.Random) -> bytes:
    """Runs that add up, so that the check sum is what is left in the way."""
    return (
        b"".join(
            bytes((size + 1,)) + draw.randbytes(size).replace(b"\0", b"\7")
            for size in draw.choices(range(40), k=40)
        )
        + b"\0"
    )


def of_few_bytes(draw: random.Random) -> bytes:
    return bytes(draw.choices((0, 1, 2, 3, 4, 0xFE, 0xFF), k=1000))


KINDS = (uniform, without_an_end, like_cobs, of_few_bytes)


def check_garbage(seed: int, count: int) -> None:
    """The same garbage for both ends, in a session and before one."""
    draw = random.Random(seed)
    victims = [Victim(end, talking, seed) for end, talking in ENDS]
    sent = 0
    with little_memory():
        while sent < count:
            line = draw.choice(KINDS)(draw)
            sent += len(line)
            for victim in victims:
                victim.hear(line)
    for victim in victims:
        victim.hear(b"\0")
        victim.check()


def test_a_million_bytes_of_garbage_do_no_harm() -> None:
    check_garbage(1, GARBAGE)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(2, 12))
def test_a_hundred_million_bytes_of_garbage_do_no_harm(seed: int) -> None:
    check_garbage(seed, GARBAGE_IN_A_SOAK)


@pytest.mark.parametrize("seed", range(2))
def test_what_a_faulty_sender_seals_is_a_message_or_a_bad_frame(seed: int) -> None:
    """Behind the seal too nothing else is raised."""
    draw = random.Random(seed)
    texts = [encode_message(message) for message in (REPORT, Events(RECORDS), Status(1, 2, 3, 4), Ack(7))]
    forger = Forger(record(Pair())._replace(lines=[frame.encode(text) for text in texts]), draw)
    for _ in range(FRAMES):
        for text in Decoder().feed(forger.line()):
            for decode in (decode_message, messages.decode):
                try:
                    decode(text)
                except BadFrame:
                    continue
