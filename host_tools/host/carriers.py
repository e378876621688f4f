"""What moves bytes between boards and host: TCP connections and serial ports. A carrier knows nothing of what it carries.

Whatever arrives may come from a stranger, so each carrier holds at most one frame of what it received and `UNSENT_MAX` bytes of what it
is to send. A bus of cabinets is in rs485.py.
"""

import asyncio
import socket
from collections.abc import Callable
from typing import Protocol, cast

from host_tools.host.serial_port import UNSENT_MAX, SerialPort
from locker.wire.frame import Decoder

#: A peer that has vanished without a word, by the options of its socket: asked after a minute of silence, given up a minute later.
_KEEPALIVE = {"TCP_KEEPIDLE": 60, "TCP_KEEPINTVL": 20, "TCP_KEEPCNT": 3, "TCP_USER_TIMEOUT": 120_000}


class Carrier(Protocol):
    """A way to a board, or to several."""

    name: str  # for the log
    verified: bool  # a frame of one of our boards has come this way

    def write(self, frame: bytes) -> None:
        """Hands over one whole frame, or drops it where the line is stuck; the protocol above says things again."""
        ...

    def close(self) -> None:
        """Ends it."""
        ...


#: Takes each payload as it arrives, with the carrier that brought it.
Hear = Callable[[Carrier, bytes], None]


class TcpCarrier(asyncio.Protocol):
    """One connection that a board, or a stranger, has made."""

    def __init__(self, hear: Hear, opened: Callable[["TcpCarrier"], None], closed: Callable[["TcpCarrier"], None]) -> None:
        self.name = "tcp"
        self.verified = False
        self.opened_s = 0.0
        self.heard_s = 0.0
        self._hear = hear
        self._opened = opened
        self._closed = closed
        self._decoder = Decoder()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self.opened_s = self.heard_s = asyncio.get_running_loop().time()
        _watch(transport.get_extra_info("socket"))
        self.name = "tcp {}:{}".format(*transport.get_extra_info("peername")[:2])
        self._opened(self)

    def data_received(self, data: bytes) -> None:
        self.heard_s = asyncio.get_running_loop().time()
        for payload in self._decoder.feed(data):
            self._hear(self, payload)

    def connection_lost(self, exc: Exception | None) -> None:
        self._closed(self)

    def write(self, frame: bytes) -> None:
        """One write a frame; a peer that does not read is cut off."""
        if self._transport is None or self._transport.is_closing():
            return
        if self._transport.get_write_buffer_size() > UNSENT_MAX:
            self._transport.abort()
        else:
            self._transport.write(frame)

    def close(self) -> None:
        """Ends the connection; what was not sent yet is dropped."""
        if self._transport is not None:
            self._transport.abort()


def _watch(connection: socket.socket) -> None:
    """Has the system notice a peer whose cable was pulled or whose power was cut, as far as it knows how to."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _KEEPALIVE.items():
        if hasattr(socket, name):
            connection.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


class SerialCarrier(SerialPort):
    """A serial line with one cabinet at its other end."""

    def __init__(self, port: str, baud: int, hear: Hear, lost: Callable[["SerialCarrier", str], None]) -> None:
        super().__init__(port, baud, lost)
        self.verified = False
        self._hear = hear
        self._decoder = Decoder()

    def _take(self, data: bytes) -> None:
        for payload in self._decoder.feed(data):
            self._hear(self, payload)

    def write(self, frame: bytes) -> None:
        """Sends what the line takes now and keeps the rest; drops the frame when too much waits already."""
        self._send(frame)
