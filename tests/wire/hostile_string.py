"""A line between two sessions that does whatever the test tells it to,
and a notebook of what was said and what was believed.
"""

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random
from unittest.mock import patch

from pair import ALIAS, BOARD_ID, MASTER_SECRET, REPORT, BoardSession, Pair

from host_tools.link.messages import Ack, Urgent
from host_tools.link.session import HostSession
from locker.wire import ccm

KEPT_MAX = 400  # frames that an eavesdropper remembers


@contextmanager
def every_seal_watched() -> Iterator[None]:
    """Fails when one key and nonce ever seal two different things."""
    sealed: dict[tuple[bytes, bytes], tuple[bytes, bytes]] = {}
    seal = ccm.seal

    def watched(key: bytes, nonce: bytes, aad: bytes, plaintext: bytes, tag_length: int = 16) -> bytes:
        assert sealed.setdefault((key, nonce), (aad, plaintext)) == (aad, plaintext)
        return seal(key, nonce, aad, plaintext, tag_length)

    with patch.object(ccm, "seal", watched):
        yield


class HostileString:
    """Two sessions, and two queues of bytes on their way.

    Every message said is one of its kind, so that each can be believed once only.
    """

    def __init__(self, random: Random) -> None:
        self.random = random
        self.pair = Pair(random.randbytes(8))
        self.ways: dict[str, list[bytes]] = {"host": [], "board": []}  # by destination
        self.kept: dict[str, list[bytes]] = {"host": [], "board": []}
        self.said: dict[str, set[tuple]] = {"host": {REPORT}, "board": set()}
        self.believed: dict[str, list[tuple]] = {"host": [], "board": []}
        self._count = 0

    def put(self, destination: str, line: bytes | None) -> None:
        """Bytes enter the line, and somebody writes them down."""
        if line is not None:
            self.ways[destination].append(line)
            self.kept[destination] = [*self.kept[destination], line][-KEPT_MAX:]

    def say(self, destination: str) -> None:
        """One end says something new, if it can."""
        session = self.pair.board if destination == "host" else self.pair.host
        if session.ready:
            self._count += 1
            message = (
                Ack(self._count)
                if destination == "board"
                else Urgent(struct.pack("<BBHIIII", 1, 1, 1, self._count, 0, 0, 0))
            )
            self.said[destination].add(message)
            self.put(destination, session.seal(message))

    def wait(self, ms: int) -> None:
        """Time passes at both ends."""
        self.pair.now_ms += ms
        self.pair.board.step(self.pair.now_ms)
        self.put("host", self.pair.board.outgoing())
        self.pair.host.step(self.pair.now_ms)
        self.put("board", self.pair.host.outgoing())

    def deliver(self, destination: str, line: bytes) -> None:
        """Bytes arrive. What is believed must have been said, and must not have been believed before."""
        hear = self.pair.at_host if destination == "host" else self.pair.at_board
        for message in hear(line):
            assert message in self.said[destination]
            if message != REPORT:
                assert message not in self.believed[destination]
            self.believed[destination].append(message)
        self.wait(0)

    def restart_board(self) -> None:
        """The board loses its power."""
        self.pair.board = BoardSession(MASTER_SECRET, BOARD_ID, ALIAS, self.random.randbytes)
        self.pair.board.start(self.pair.now_ms)

    def restart_host(self) -> None:
        """The host's process ends and begins anew."""
        self.pair.host = HostSession(MASTER_SECRET, BOARD_ID, ALIAS, self.random.randbytes)

    def damage(self, line: bytes) -> bytes:
        """Some bits flipped, or the line cut or joined with noise."""
        changed = bytearray(line)
        how = self.random.randrange(3)
        if how == 0 and changed:
            for _ in range(self.random.randint(1, 4)):
                changed[self.random.randrange(len(changed))] ^= 1 << self.random.randrange(8)
        elif how == 1:
            del changed[self.random.randrange(len(changed) + 1) :]
        else:
            at = self.random.randrange(len(changed) + 1)
            changed[at:at] = self.random.randbytes(self.random.randint(1, 300))
        return bytes(changed)

    def calm(self) -> None:
        """The line is honest until both ends have heard each other; what is on its way arrives first."""
        self.clean(60, drop=False)

    def clean(self, seconds: int, drop: bool = True) -> int:
        """From now on the line is honest: board and host talk as they do.

        The seconds until both have been believed, -1 if never.
        """
        if drop:
            for way in self.ways.values():
                way.clear()
        seen = {destination: len(messages) for destination, messages in self.believed.items()}
        for second in range(seconds):
            self.say("host")
            for _ in range(10):
                self.wait(100)
                for destination in ("host", "board"):
                    arrived, self.ways[destination] = self.ways[destination], []
                    for line in arrived:
                        before = len(self.believed["host"])
                        self.deliver(destination, line)
                        if len(self.believed["host"]) > before:
                            self.say("board")
            if all(len(messages) > seen[destination] for destination, messages in self.believed.items()):
                return second
        return -1
