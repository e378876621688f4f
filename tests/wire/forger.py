"""Whoever owns the line: has recorded conversations, and sends what can be made of them."""

import random
from collections.abc import Callable
from typing import NamedTuple

from pair import ALIAS, REPORT, BoardSession, Entropy, Pair

from host_tools.link.messages import Ack, Events, Status, Urgent
from host_tools.link.session import HostSession
from locker.wire.frame import Decoder, encode

RECORDS = tuple(
    bytes((kind, 7, 2, 0, kind, 0, 0, 0, 0x69, 0, 0, 0, 0, 0, 0, 0, 0x2C, 1, 0, 0)) for kind in range(2, 7)
)


class Recording(NamedTuple):
    """Frames of whole conversations as they were on the line, both ways;
    `hellos` are the payloads of their HELLOs.
    """

    lines: list[bytes]
    hellos: set[bytes]


def talk(pair: Pair) -> list[bytes]:
    """A whole conversation, from the HELLO on; every frame has arrived."""
    hello = pair.greet()
    pair.at_host(hello)
    lines = [hello, pair.host.outgoing()]
    pair.at_board(lines[-1])
    for number, message in enumerate(
        (REPORT, Urgent(RECORDS[1]), Events(RECORDS), Status(3000, 6, 4, 64), Events(RECORDS[:1]))
    ):
        lines.append(pair.board.seal(message))
        assert pair.at_host(lines[-1]) == [message]
        lines.append(pair.host.seal(Ack(number)))
        assert pair.at_board(lines[-1]) == [Ack(number)]
    return lines


def stranger(seed: bytes) -> Pair:
    """A board and a host with the alias of ours, and a secret of their own."""
    pair = Pair(seed)
    pair.board = BoardSession(seed.ljust(32), b"stranger", ALIAS, Entropy(seed))
    pair.host = HostSession(seed.ljust(32), b"stranger", ALIAS, Entropy(seed + b"h"))
    return pair


def record(pair: Pair) -> Recording:
    """What this pair says from now on (half of all), what it said at other meetings,
    and what others with its alias say.
    """
    lines = talk(pair)
    hellos = lines[:1]
    lines *= 8
    for seed in range(4):
        other = talk(Pair(b"other %d" % seed))
        lines += other
        hellos += other[:1]
        lines += talk(stranger(b"stranger %d" % seed))
    return Recording(lines, {payload for line in hellos for payload in Decoder().feed(line)})


class Forger:
    """Makes frames of recorded ones.

    Half of what it changes has a right check sum again, so that only the seal is in its way.
    """

    def __init__(self, recording: Recording, draw: random.Random) -> None:
        self._draw = draw
        self._lines = recording.lines
        self._payloads = [payload for line in recording.lines for payload in Decoder().feed(line)]
        self._ways: tuple[Callable[[bytes, bytes], bytes], ...] = (
            self._flipped,
            self._flipped,
            self._with_another_header,
            self._cut,
            self._merged,
            self._spliced,
            self._with_noise,
        )

    def line(self) -> bytes:
        """The next bytes on the line, delimiter included."""
        draw = self._draw
        way = int(draw.random() * (len(self._ways) + 1))
        if way == len(self._ways):  # replayed as it was, once or twice
            return self._lines[int(draw.random() * len(self._lines))] * (1 + draw.getrandbits(1))
        choices = self._payloads if draw.getrandbits(1) else self._lines
        one, other = [choices[int(draw.random() * len(choices))] for _ in range(2)]
        if choices is self._payloads:
            return encode(self._ways[way](one, other))
        return self._ways[way](one[:-1], other[:-1]) + b"\0"

    def _at(self, data: bytes) -> int:
        return int(self._draw.random() * (len(data) + 1))

    def _flipped(self, one: bytes, _: bytes) -> bytes:
        number = int.from_bytes(one, "big")
        for _ in range(self._draw.choice((1, 1, 1, 2, 3, 8))):
            number ^= 1 << int(self._draw.random() * 8 * len(one))
        return number.to_bytes(len(one), "big")

    def _with_another_header(self, one: bytes, _: bytes) -> bytes:
        """The kind, or the sequence number or nonce behind the alias."""
        changed = bytearray(one)
        changed[self._draw.choice((0, 0, 5, 6, 7, 12, 13)) % len(one)] = self._draw.getrandbits(8)
        return bytes(changed)

    def _cut(self, one: bytes, _: bytes) -> bytes:
        at = self._at(one)
        return one[:at] if self._draw.getrandbits(2) else one[at:]

    def _merged(self, one: bytes, other: bytes) -> bytes:
        return one + other

    def _spliced(self, one: bytes, other: bytes) -> bytes:
        at = self._at(one)
        return one[:at] + other[at:]

    def _with_noise(self, one: bytes, _: bytes) -> bytes:
        at = self._at(one)
        return one[:at] + self._draw.randbytes(self._draw.randint(1, 40)) + one[at:]
