"""The ways to the host, with all that ways do to bytes: a serial cable here, a network in network.py."""

import math
import random
from collections import deque
from collections.abc import Callable

from host_tools.simulator.clock import Clock

BITS_PER_BYTE = 10  # 8N1: start, eight, stop


class SerialEnd:
    """One end of a serial cable.

    Bytes take their time at the baud rate; each may be lost or damaged on the way.
    """

    def __init__(self, clock: Clock, rng: random.Random, cable: "SerialCable") -> None:
        self._clock = clock
        self._rng = rng
        self._cable = cable
        self._arriving: deque[tuple[int, int]] = deque()  # (instant, byte) still on the way, in order
        self._waiting = bytearray()  # arrived, not yet read
        self._sent_until_us = 0.0
        self._limit = 1 << 16
        self.peer: SerialEnd
        self.baud = 0  # closed
        self.overflowed = 0
        self.cut = False  # the wires between this end and its UART
        # What its UART makes of a byte that arrives; None for a lost one.
        self.spoil: Callable[[int], int | None] | None = None
        self.on_bytes: Callable[[bytes], object] | None = None  # told what has arrived instead of being asked

    def open(self, baud: int, limit: int = 1 << 16) -> None:
        """Opens the port; what arrives and is not read beyond `limit` bytes
        is lost and counted in `overflowed`.
        """
        self.baud = baud
        self._limit = limit
        self._arriving.clear()
        self._waiting.clear()

    def close(self) -> None:
        """What waits here is lost, and so is what has not left yet."""
        self.baud = 0
        self._arriving.clear()
        self._waiting.clear()
        now = self._clock.now_us()
        self.peer._arriving = deque(item for item in self.peer._arriving if item[0] <= now)
        self._sent_until_us = 0.0

    def write(self, data: bytes) -> None:
        """Sends bytes, one behind the other, after those still being sent."""
        if not self.baud or self.cut:
            return
        byte_us = BITS_PER_BYTE * 1_000_000 / self.baud
        at = max(self._sent_until_us, self._clock.now_us())
        for byte in data:
            at += byte_us
            arrived = self._cable.carry(byte, self._rng, self.baud == self.peer.baud)
            if arrived is not None:
                self.peer._receive(math.ceil(at) + self._cable.latency_us, arrived)
        self._sent_until_us = at
        if self.peer.on_bytes:
            self._clock.at(math.ceil(at) + self._cable.latency_us, self.peer._hand_over)

    @property
    def idle(self) -> bool:
        """Whether all has been sent."""
        return self._clock.now_us() >= self._sent_until_us

    def read(self, count: int) -> bytes:
        """Up to count bytes of what has arrived."""
        if not self._arriving and not self._waiting:
            return b""
        now = self._clock.now_us()
        while self._arriving and self._arriving[0][0] <= now:
            byte = self._arriving.popleft()[1]
            if len(self._waiting) < self._limit:
                self._waiting.append(byte)
            else:
                self.overflowed += 1
        data = bytes(self._waiting[:count])
        del self._waiting[:count]
        return data

    def _receive(self, at_us: int, byte: int) -> None:
        if self.baud and not self.cut:
            heard = byte if self.spoil is None else self.spoil(byte)
            if heard is not None:
                self._arriving.append((at_us, heard))

    def _hand_over(self) -> None:
        data = self.read(self._limit)
        if data and self.on_bytes:
            self.on_bytes(data)


class SerialCable:
    """A cable between the cabinet's second UART (`board`) and the host (`host`)."""

    def __init__(self, clock: Clock, rng: Callable[[str], random.Random]) -> None:
        self.latency_us = 0
        self.loss = 0.0  # probability that a byte never arrives
        self.damage = 0.0  # probability that a byte arrives changed
        self.on_plugged: list[Callable[[], object]] = []
        self._plugged = True
        self.board = SerialEnd(clock, rng("serial to host"), self)
        self.host = SerialEnd(clock, rng("serial to board"), self)
        self.board.peer, self.host.peer = self.host, self.board

    @property
    def plugged(self) -> bool:
        """Whether the host's end is in its socket."""
        return self._plugged

    @plugged.setter
    def plugged(self, plugged: bool) -> None:
        self._plugged = plugged
        for told in self.on_plugged:
            told()

    def carry(self, byte: int, rng: random.Random, same_baud: bool) -> int | None:
        """What becomes of one byte: itself, another one, or None."""
        if not self.plugged or (self.loss and rng.random() < self.loss):
            return None
        if not same_baud or (self.damage and rng.random() < self.damage):
            return byte ^ rng.randint(1, 255)
        return byte
