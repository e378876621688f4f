"""A network as TCP feels it: connections that are slow, stall and break, but never reorder or invent."""

import random
from collections import deque
from collections.abc import Callable

from host_tools.simulator.clock import Clock

_RETRANSMIT_US = 200_000  # the shortest retransmission time of common stacks; doubles with each loss
_LOSSES_MAX = 6  # in a row; then the connection is given up
_PROBE_US = 1_000_000  # how often a stalled connection tries again
_GIVE_UP_US = 30_000_000  # of stalling


class Stream:
    """One end of a connection."""

    def __init__(self, network: "Network") -> None:
        self._network = network
        self._arriving: deque[tuple[int, bytes]] = deque()  # (instant, segment), in order
        self._ready = bytearray()
        self.backlog: deque[bytes] = deque()  # on their way here, held up by a network that is down
        self.peer: Stream
        self.open = False
        self.closed = False
        self.forgotten = False  # by the routers between: what is sent here arrives nowhere
        self.on_bytes: Callable[[bytes], object] | None = None
        self.on_close: Callable[[], object] | None = None

    def write(self, data: bytes) -> bool:
        """Hands bytes to the network; False when there is no connection."""
        if not self.open:
            return False
        self._network.carry(self.peer, bytes(data))
        return True

    def read(self, count: int) -> bytes:
        """Up to count bytes of what has arrived."""
        while self._arriving and self._arriving[0][0] <= self._network.clock.now_us():
            self._ready += self._arriving.popleft()[1]
        data = bytes(self._ready[:count])
        del self._ready[:count]
        return data

    def close(self) -> None:
        """Ends the connection on this side now, on the other when it hears of it."""
        if not self.closed:
            self.end()
            if not self.forgotten:
                self._network.clock.after(self._network.latency_us, self.peer.end)

    def arrive(self, at_us: int, data: bytes) -> None:
        """The network delivers; what overtook an earlier segment waits for it."""
        self._arriving.append((at_us, data))
        if self.on_bytes:
            self._network.clock.at(at_us, self._hand_over)

    def _hand_over(self) -> None:
        data = b"" if self.closed else self.read(1 << 20)
        if data and self.on_bytes:
            self.on_bytes(data)

    def end(self) -> None:
        """The connection is over on this side."""
        if not self.closed:
            self.open, self.closed = False, True
            if self.on_close:
                self.on_close()


class Network:
    """What lies between cabinet and host.

    `loss` is the probability that a segment must be sent again; `up` False stalls everything.
    """

    def __init__(self, clock: Clock, rng: random.Random) -> None:
        self.clock = clock
        self._rng = rng
        self._listeners: dict[tuple[str, int], Callable[[Stream], object]] = {}
        self._streams: list[Stream] = []
        self.latency_us = 20_000
        self.jitter_us = 10_000
        self.loss = 0.0
        self.up = True

    def listen(self, host: str, port: int, accepted: Callable[[Stream], object]) -> None:
        """Calls `accepted(stream)` for each connection to that address."""
        self._listeners[host, port] = accepted

    def connect(self, host: str, port: int) -> Stream:
        """A stream that becomes open after a round trip, or closed when nobody listens there;
        with the network down, neither.
        """
        near, far = Stream(self), Stream(self)
        near.peer, far.peer = far, near

        def arrived() -> None:
            accepted = self._listeners.get((host, port))
            if near.closed or not self.up:
                return
            if accepted is None:
                near.end()
                return
            near.open = far.open = True
            self._streams = [stream for stream in self._streams if not stream.closed] + [near, far]
            accepted(far)

        self.clock.after(2 * self.latency_us, arrived)
        return near

    def switch(self, up: bool) -> None:
        """Stalls everything, or lets it go on."""
        self.up = up

    def cut(self) -> None:
        """Breaks every connection at once, as a router that starts anew does."""
        streams, self._streams = self._streams, []
        for stream in streams:
            stream.end()

    def forget(self) -> None:
        """Has whatever lies between forget every connection, as a router without power does:
        neither end hears of it, or anything more.
        """
        for stream in self._streams:
            stream.forgotten = True

    def carry(self, to: Stream, data: bytes) -> None:
        """Moves one segment, behind all that were sent before it; six losses in a row end the connection."""
        if to.forgotten:
            return
        to.backlog.append(data)
        if len(to.backlog) == 1:
            self._move(to, self.clock.now_us())

    def _move(self, to: Stream, since_us: int) -> None:
        """Sends what waits for that end;
        while the network is down tries again each second, and gives up after 30 s.
        """
        now = self.clock.now_us()
        if to.closed:
            to.backlog.clear()
        elif not self.up:
            if now - since_us >= _GIVE_UP_US:
                to.peer.end()
                to.end()
            else:
                self.clock.after(_PROBE_US, lambda: self._move(to, since_us))
        else:
            while to.backlog:
                self._deliver(to, to.backlog.popleft())

    def _deliver(self, to: Stream, data: bytes) -> None:
        delay_us, losses = self.latency_us + self._rng.randint(0, self.jitter_us), 0
        while self.loss and self._rng.random() < self.loss:
            delay_us += _RETRANSMIT_US << losses
            losses += 1
            if losses > _LOSSES_MAX:
                to.peer.end()
                to.end()
                return
        to.arrive(self.clock.now_us() + delay_us, data)
