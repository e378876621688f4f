"""A stranger at the line who sends frames as fast as it carries them,
each with a right check sum and the board's alias.
"""

import random

from host_tools.simulator.chip.link import SerialEnd
from host_tools.simulator.chip.network import Stream
from host_tools.simulator.world import World
from locker.wire import frame
from tests.simulation.stage import IDENTITY

TICK_US = 5_000
SERIAL_BYTES_A_SECOND = 11_520
TCP_WINDOW = 5_744  # what lwIP on an ESP32 takes before the board has read it
ALIAS = bytes.fromhex(IDENTITY["alias"])
# Kind, bytes behind the alias.
KINDS = {"short": (frame.DATA, 17), "long": (frame.DATA, 230), "welcomes": (frame.WELCOME, 24)}


def forged(kind: int, count: int, draw: random.Random) -> bytes:
    """A whole frame that nobody but the holder of the keys could tell from a genuine one."""
    return frame.encode(bytes((frame.VERSION << 4 | kind,)) + ALIAS + draw.randbytes(count))


class Flood:
    """Sends frames of one of the KINDS on an end of a line, between two instants of the world."""

    def __init__(self, world: World, kind: str, since_ms: int, until_ms: int) -> None:
        self._clock = world.clock
        self._draw = random.Random(1)
        self._kind = KINDS[kind]
        self._since_us, self._until_us = since_ms * 1000, until_ms * 1000
        self._end: SerialEnd | Stream | None = None
        self.sent = 0  # bytes
        self._clock.at(self._since_us, self._tick)

    def take(self, end: SerialEnd | Stream) -> None:
        """The line that is flooded from now on."""
        self._end = end

    def _tick(self) -> None:
        if self._clock.now_us() >= self._until_us:
            return
        room = self._room()
        while room > 0 and self._end:
            line = forged(*self._kind, self._draw)
            self._end.write(line)
            self.sent += len(line)
            room -= len(line)
        self._clock.after(TICK_US, self._tick)

    def _room(self) -> int:
        """How many bytes the line takes now:
        as many as its rate has room for, or as the board has not read.
        """
        if isinstance(self._end, Stream):
            board = self._end.peer
            return TCP_WINDOW - len(board._ready) - sum(len(segment) for _, segment in board._arriving)
        return SERIAL_BYTES_A_SECOND * (self._clock.now_us() - self._since_us) // 1_000_000 - self.sent
