"""What moves bytes between boards and host: TCP connections and serial ports.

A carrier knows nothing of what it carries.

Whatever arrives may come from a stranger, so each carrier holds at most one frame of what it received and
`UNSENT_MAX` bytes of what it is to send. A bus of cabinets is in rs485.py.
"""

import asyncio
import socket
from collections.abc import Callable
from typing import Protocol

from host_tools.host.connections.serial_port import UNSENT_MAX, SerialPort
from host_tools.host.connections.turnstile import source_of
from locker.wire.frame import HELLO, Decoder, alias_of, kind_of

#: A peer that has vanished without a word, by the options of its socket: asked after 20 s of silence, given
#: up half a minute later, so that it is away within a minute for whoever looks.
_KEEPALIVE = {"TCP_KEEPIDLE": 20, "TCP_KEEPINTVL": 10, "TCP_KEEPCNT": 3, "TCP_USER_TIMEOUT": 50_000}


class Carrier(Protocol):
    """A way to a board, or to several."""

    name: str  # for the log
    verified: bool  # a frame of one of our boards has come this way

    def write(self, frame: bytes) -> None:
        """Hands over one whole frame, or drops it where the line is stuck;
        the protocol above says things again.
        """
        ...

    def close(self) -> None:
        """Ends it."""
        ...


#: Takes each payload as it arrives, with the carrier that brought it; whether it was from a board of ours.
Hear = Callable[[Carrier, bytes], bool]

_READ_MAX = 4096  # bytes of a board that are looked at before another has its turn
STRANGER_READ_MAX = 128  # and of a connection that has proved nothing: its greeting, or its first message
# bytes from which a board's connection has proved nothing new, until it is a stranger's again
_FUTILE_MAX = 2048
_LINE_FUTILE_PER_S = 400  # seals of a serial line that are looked at in vain: all that 115200 baud can carry
_LINE_FUTILE_BURST = 100
_PAUSES_S = (0.0, 0.0, 0.25, 0.5, 1.0, 2.0)  # behind each turn of a stranger; the last one goes on


class TcpCarrier:
    """One connection that a board, or a stranger, has made.

    `verified` turns true when a board has proved itself, and false again when nothing but rubbish follows.
    Until then the connection asks for each of its turns (`asks`), in which it is read a little and at most
    one of its seals is looked at. `ended` is told of its end.
    """

    def __init__(
        self,
        line: socket.socket,
        address: tuple[str, int],
        hear: Hear,
        asks: Callable[["TcpCarrier"], None],
        ended: Callable[["TcpCarrier"], None],
    ) -> None:
        self.name = f"tcp {address[0]}:{address[1]}"
        self.source = source_of(address[0])
        self.verified = False
        self.greeted: bytes | None = None  # the alias whose greeting was right; it may be an old one
        self.opened_s = self.heard_s = asyncio.get_running_loop().time()
        self.turns = 0  # that it had as a stranger
        self._hear = hear
        self._asks = asks
        self._ended = ended
        self._decoder = Decoder()
        self._futile = 0  # bytes since a board last proved itself
        self._is_watched = False
        self._unsent = b""
        self._line: socket.socket | None = line
        line.setblocking(False)
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    @property
    def damaged(self) -> int:
        """How many frames that were none have come."""
        return self._decoder.rejected

    def listen(self) -> None:
        """Waits for bytes."""
        if self._line is not None:
            asyncio.get_running_loop().add_reader(self._line, self._readable)

    def _readable(self) -> None:
        if self._line is None:
            return
        if self.verified:
            self._receive(_READ_MAX)
            return
        asyncio.get_running_loop().remove_reader(self._line)
        self._asks(self)

    def turn(self) -> None:
        """The turn of a stranger that has asked for one;
        the next one it may ask for after a pause that grows.
        """
        self._receive(STRANGER_READ_MAX)
        if self._line is None or self.verified:
            self.listen()
            return
        pause_s = _PAUSES_S[min(self.turns, len(_PAUSES_S) - 1)]
        self.turns += 1
        if pause_s:
            asyncio.get_running_loop().call_later(pause_s, self.listen)
        else:
            self.listen()

    def _receive(self, at_most: int) -> None:
        try:
            data = self._line.recv(at_most) if self._line else b""
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            data = b""
        if not data:
            self.close()
            return
        self.heard_s = asyncio.get_running_loop().time()
        self._futile += len(data)
        for payload in self._decoder.feed(data):
            is_ours = self._hear(self, payload)
            is_greeting = kind_of(payload) == HELLO if is_ours else False  # it may be an old one
            if is_ours and not is_greeting:
                self._proved()
            elif not self.verified:
                self.greeted = alias_of(payload) if is_greeting else self.greeted
                break  # one seal a turn
        if self.verified and self._futile > _FUTILE_MAX:
            self.verified, self.greeted = False, None
            self.turns, self.opened_s = 0, self.heard_s

    def _proved(self) -> None:
        self._futile = 0
        if not self._is_watched and self._line is not None:
            _watch(self._line)
            self._is_watched = True

    def write(self, frame: bytes) -> None:
        """Sends what the connection takes now and keeps the rest; a peer that does not read is cut off."""
        if self._line is None:
            return
        if len(self._unsent) > UNSENT_MAX:
            self.close()
            return
        self._unsent += frame
        self._writable()

    def _writable(self) -> None:
        if self._line is None:
            return
        loop = asyncio.get_running_loop()
        try:
            self._unsent = self._unsent[self._line.send(self._unsent) :]
        except (BlockingIOError, InterruptedError):
            pass
        except OSError:
            self.close()
            return
        if self._unsent:
            loop.add_writer(self._line, self._writable)
        else:
            loop.remove_writer(self._line)

    def close(self) -> None:
        """Ends the connection; what was not sent yet is dropped."""
        line, self._line = self._line, None
        if line is None:
            return
        loop = asyncio.get_running_loop()
        loop.remove_reader(line)
        loop.remove_writer(line)
        line.close()
        loop.call_soon(self._ended, self)


def _watch(connection: socket.socket) -> None:
    """Has the system notice a peer whose cable was pulled or whose power was cut,
    as far as it knows how to.
    """
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _KEEPALIVE.items():
        if hasattr(socket, name):
            connection.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


class SerialCarrier(SerialPort):
    """A serial line with one cabinet at its other end."""

    def __init__(
        self, port: str, baud: int, hear: Hear, lost: Callable[["SerialCarrier", str], None]
    ) -> None:
        super().__init__(port, baud, lost)
        self.verified = False
        self._hear = hear
        self._decoder = Decoder()
        self._futile = float(_LINE_FUTILE_BURST)
        self._heard_s = 0.0

    def _take(self, data: bytes) -> None:
        now_s = asyncio.get_running_loop().time()
        self._futile = min(_LINE_FUTILE_BURST, self._futile + (now_s - self._heard_s) * _LINE_FUTILE_PER_S)
        self._heard_s = now_s
        for payload in self._decoder.feed(data):
            if self._futile >= 1:
                self._futile -= not self._hear(self, payload)

    def write(self, frame: bytes) -> None:
        """Sends what the line takes now and keeps the rest; drops the frame when too much waits already."""
        self._send(frame)
