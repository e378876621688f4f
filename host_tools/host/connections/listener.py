"""The port where boards connect, and everybody else: who is let in, who has a turn, who has to go.

Boards that have proved themselves are read as soon as they speak. All others share a small part of the host's
time (turnstile.py) and `STRANGERS_MAX` places. When these are taken, a connection from the address that has
most of them gives way: the oldest that has not greeted, then the oldest. A right greeting keeps its place,
for the two latest of each alias, since old ones can be repeated.
"""

import asyncio
import errno
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterable

from host_tools.host.connections.carriers import Hear, TcpCarrier
from host_tools.host.connections.links import SILENT_S
from host_tools.host.connections.tally import DAMAGED, TURNED_AWAY, Tally
from host_tools.host.connections.turnstile import Turnstile, source_of

STRANGERS_MAX = 256  # connections that have proved nothing
STRANGER_S = 30.0  # so long such a connection may stay
GREETED_MAX = 2  # connections of one alias whose greeting keeps them their place

_BACKLOG = 1024
_ACCEPTS_MAX = 4  # connections that are taken between two looks at the boards
# so the oldest of STRANGERS_MAX has 0.25 s to greet in when all places are wanted: a board greets at once
_ACCEPTS_PER_S = 1000
_ACCEPTS_BURST = 64
_NO_FILES = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
_NO_FILES_S = 1.0
_ODD_S = 0.1


#: Hears of a connection that has ended.
Lost = Callable[[TcpCarrier], None]


def _greeted_last(strangers: Iterable[TcpCarrier]) -> set[TcpCarrier]:
    """Those whose greeting keeps them their place."""
    by_alias: dict[bytes, list[TcpCarrier]] = {}
    for carrier in strangers:
        if carrier.greeted is not None:
            by_alias.setdefault(carrier.greeted, []).append(carrier)
    return {carrier for carriers in by_alias.values() for carrier in carriers[-GREETED_MAX:]}


class Listener:
    """Listens at one address. `hear` takes payloads, `lost` hears of connections that have ended."""

    def __init__(self, hear: Hear, lost: Lost, tally: Tally) -> None:
        self._hear = hear
        self._lost = lost
        self._tally = tally
        self._lines: list[socket.socket] = []
        self._connections: set[TcpCarrier] = set()
        # Those of them that have proved nothing, in the order in which they came.
        self._strangers: dict[TcpCarrier, None] = {}
        self._turnstile: Turnstile[TcpCarrier] = Turnstile()
        self._pumping: asyncio.TimerHandle | None = None
        self._accepts = float(_ACCEPTS_BURST)
        self._accepted_s = 0.0

    async def open(self, address: str, port: int) -> list[tuple[str, int]]:
        """Listens; the addresses where. Raises OSError when one cannot be had."""
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(address, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        for family, kind, protocol, _, where in dict.fromkeys(found):
            line = socket.socket(family, kind, protocol)
            self._lines.append(line)
            line.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                line.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            line.bind(where)
            line.listen(_BACKLOG)
            line.setblocking(False)
        self._listen()
        return [line.getsockname()[:2] for line in self._lines]

    def close(self) -> None:
        """Ends it, and all connections."""
        if self._pumping is not None:
            self._pumping.cancel()
        for line in self._lines:
            asyncio.get_running_loop().remove_reader(line)
            line.close()
        self._lines = []
        for carrier in list(self._connections):
            carrier.close()

    # Who is let in

    def _listen(self) -> None:
        for line in self._lines:
            asyncio.get_running_loop().add_reader(line, self._accept, line)

    def _pause(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        for line in self._lines:
            loop.remove_reader(line)
        loop.call_later(seconds, self._listen)

    def _accept(self, line: socket.socket) -> None:
        now_s = asyncio.get_running_loop().time()
        self._accepts = min(_ACCEPTS_BURST, self._accepts + (now_s - self._accepted_s) * _ACCEPTS_PER_S)
        self._accepted_s = now_s
        for _ in range(_ACCEPTS_MAX):
            if self._accepts < 1:
                self._pause(_ACCEPTS_MAX / _ACCEPTS_PER_S)
                return
            try:
                connection, peer = line.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                self._pause(_NO_FILES_S if error.errno in _NO_FILES else _ODD_S)
                return
            self._accepts -= 1
            self._take(connection, peer[:2])

    def _take(self, connection: socket.socket, address: tuple[str, int]) -> None:
        self.make_room(source_of(address[0]))
        try:
            carrier = TcpCarrier(connection, address, self._hear, self._ask, self._closed)
        except OSError:  # gone already
            connection.close()
            return
        self._connections.add(carrier)
        self._strangers[carrier] = None
        carrier.listen()

    def make_room(self, source: str) -> None:
        """Has a stranger go when one more comes from that source and all places are taken."""
        if len(self._strangers) < STRANGERS_MAX:
            return
        held = Counter(carrier.source for carrier in self._strangers)
        held[source] += 1
        most = max(held[carrier.source] for carrier in self._strangers)
        crowd = [carrier for carrier in self._strangers if held[carrier.source] == most]
        keeps = _greeted_last(self._strangers)
        goes = next((carrier for carrier in crowd if carrier not in keeps), crowd[0])
        self._tally.count(TURNED_AWAY)
        self._forget(goes)
        goes.close()

    # Who has a turn

    def _ask(self, carrier: TcpCarrier) -> None:
        self._strangers.setdefault(carrier)  # a board's connection may have become one
        self._turnstile.come(carrier, carrier.source, carrier.turns)
        if self._pumping is None:
            self._pump()

    def _pump(self) -> None:
        loop = asyncio.get_running_loop()
        self._pumping = None
        while (carrier := self._turnstile.next(loop.time())) is not None:
            began_s = time.thread_time()
            damaged = carrier.damaged
            carrier.turn()
            if carrier.verified:
                self._strangers.pop(carrier, None)
            self._tally.count(DAMAGED, carrier.damaged - damaged)
            self._turnstile.spent(time.thread_time() - began_s)
        wait_s = self._turnstile.wait_s()
        if wait_s is not None:
            self._pumping = loop.call_later(wait_s, self._pump)

    # Who has to go

    def _closed(self, carrier: TcpCarrier) -> None:
        self._forget(carrier)
        self._lost(carrier)

    def _forget(self, carrier: TcpCarrier) -> None:
        self._connections.discard(carrier)
        self._strangers.pop(carrier, None)

    def close_idle(self, now_s: float) -> None:
        """Closes the connections of strangers that have had their time,
        and of boards that are silent for more than two heartbeats.
        """
        for carrier in list(self._connections):
            if now_s - carrier.heard_s > SILENT_S or (
                not carrier.verified and now_s - carrier.opened_s > STRANGER_S
            ):
                carrier.close()


def why_not(address: str, number: int, error: OSError) -> str:
    """Why an address and port cannot be had, as a sentence that says what to do."""
    reason = (error.strerror or "it is not an address of this machine").lower()
    return (
        f"Cannot listen on {address}:{number} ({reason}): stop the other program, "
        "or choose another with --listen."
    )
