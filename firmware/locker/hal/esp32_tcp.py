"""The ESP32's way to a host over the network; imported only by a board that has one."""

import errno
import select
import socket

import network

from locker.compat import TYPE_CHECKING, const

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_BACKOFF_MS_MIN = const(1000)
_BACKOFF_MS_MAX = const(60000)
_HURRY_MS = const(500)  # within which a board with something urgent tries again
_LOOK_MS = const(200)  # between two looks at a station that is joining
_CONNECT_MS_MAX = const(10000)
_NAME_MS_MAX = const(3000)
# after something was said and nothing heard: a host that is there has answered a greeting of ours by then
_DEAD_MS = const(25000)
# without a word from the host, until the radio is started anew: a lease may have run out, or the driver hang
_ANEW_MS = const(300000)
_DATAGRAM_MAX = const(512)
_NAME_PORT = const(53)
_MDNS = ("224.0.0.251", 5353)


class Tcp:
    """A connection from the board to its host that reopens itself with capped, jittered backoff.

    `draw(n)` gives a random number below n.

    Whatever radio, name look-up and sockets raise ends this try and not the board; nothing here keeps the
    board waiting. The port joins an access point again by itself, so it is asked once. A look-up that fails
    leaves the address that was found before.

    A host whose cable was pulled, or that a router has forgotten, ends no connection. The session says
    something at least every 5 minutes and greets anew after 10 s without an answer: a connection on which
    nothing comes back for 25 s is dead.
    """

    def __init__(self, settings: "dict[str, Any]", draw: "Callable[[int], int]") -> None:
        self._host = settings["host"]
        self._port = settings["port"]
        self._is_name = max(self._host.encode()) > 57  # which is 9: an address has digits and dots
        self._address = None if self._is_name else self._host
        self._wifi = settings.get("wifi")
        self._draw = draw
        self._station = self._socket = self._poller = None
        self._question = b""  # to a name server, while it is asked
        self._open = False
        self._now_ms = self._next_ms = self._heard_ms = 0
        self._give_up_ms = 0  # when connecting has taken too long, or an answer; 0 for none awaited
        self._backoff_ms = _BACKOFF_MS_MIN
        self._said = ""

    def poll(self, now_ms: int) -> bool:
        self._now_ms = now_ms
        try:
            if self._open:
                if 0 < self._give_up_ms <= now_ms:
                    self._close()
            elif self._socket:
                self._finish()
            elif now_ms >= self._next_ms and self._in_the_air():
                self._begin()
        except (OSError, RuntimeError, MemoryError, ValueError, IndexError) as error:
            said = repr(error)
            if said != self._said:
                self._said = said
                print("No link:", said)
            self._close()
        return self._open

    def hurry(self, now_ms: int) -> None:
        """There is something urgent: a pause before the next try ends within half a second,
        and the next ones are short again.
        """
        self._backoff_ms = _BACKOFF_MS_MIN
        self._next_ms = min(self._next_ms, now_ms + self._draw(_HURRY_MS))

    def _in_the_air(self) -> bool:
        """Whether the station has joined; starts it when it was not,
        or anew when nothing has come through it for long.
        """
        now_ms = self._now_ms
        station = self._station
        if not self._wifi:
            return True
        if not station or now_ms - self._heard_ms >= _ANEW_MS:
            self._heard_ms = now_ms
            self._station = None
            station = network.WLAN(network.STA_IF)
            station.active(False)
            station.active(True)
            station.connect(self._wifi["ssid"], self._wifi["password"])
            self._station = station
        self._next_ms = now_ms + _LOOK_MS
        return station.isconnected()

    def _begin(self) -> None:
        if not self._is_name:
            self._dial()
            return
        from locker.wire.names import question

        self._question = question(self._host, self._draw(65536))
        self._give_up_ms = self._now_ms + _NAME_MS_MAX
        server = (network.WLAN(network.STA_IF).ifconfig()[3], _NAME_PORT)
        self._socket = one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        one.setblocking(False)
        one.sendto(self._question, _resolved(*(_MDNS if self._host.endswith(".local") else server)))

    def _dial(self) -> None:
        self._give_up_ms = self._now_ms + _CONNECT_MS_MAX
        self._socket = one = socket.socket()
        one.setblocking(False)
        self._poller = select.poll()
        self._poller.register(one, select.POLLOUT)
        try:
            one.connect(_resolved(self._address, self._port))  # pyright: ignore[reportArgumentType] - it is known by now
        except OSError as error:
            if error.errno != errno.EINPROGRESS:
                raise

    def _finish(self) -> None:
        is_late = self._now_ms >= self._give_up_ms
        if self._question:
            self._hear_name(is_late)
            return
        for _, flags in self._poller.poll(0):  # pyright: ignore[reportOptionalMemberAccess, reportUnknownVariableType] - there is one
            if flags & (select.POLLERR | select.POLLHUP):
                is_late = True
            else:
                self._open = True
                self._give_up_ms = 0
        if is_late and not self._open:
            self._close()

    def _hear_name(self, is_late: bool) -> None:
        from locker.wire.names import answer

        try:
            found = answer(self._socket.recv(_DATAGRAM_MAX), self._question)  # pyright: ignore[reportOptionalMemberAccess] - it was asked
        except OSError as error:
            if error.errno != errno.EAGAIN:
                raise
            found = None
        if found is None and not is_late:
            return
        self._drop()
        self._address = found or self._address
        if not self._address:
            raise OSError(errno.ENOENT)
        self._dial()

    def _drop(self) -> None:
        one = self._socket
        self._socket = self._poller = None
        self._question = b""
        self._open = False
        if one:
            one.close()

    def _close(self) -> None:
        try:
            self._drop()
        except OSError:
            self._open = False
        self._next_ms = self._now_ms + self._backoff_ms // 2 + self._draw(self._backoff_ms)
        self._backoff_ms = min(2 * self._backoff_ms, _BACKOFF_MS_MAX)

    def read_into(self, buffer: bytearray) -> int:
        try:
            count = self._socket.readinto(buffer) if self._open else None  # pyright: ignore[reportOptionalMemberAccess] - open: it is
        except OSError as error:
            if error.errno == errno.EAGAIN:
                return 0
            count = 0
        if count == 0:
            self._close()
        elif count:
            self._give_up_ms = 0
            self._heard_ms = self._now_ms
            self._backoff_ms = _BACKOFF_MS_MIN  # one who accepts and never answers is no host
        return count or 0

    def write(self, data: bytes) -> bool:
        """One send for one frame; a connection that takes only a part of it is closed,
        so no frame is ever torn on the way out.
        """
        try:
            sent = self._socket.send(data) if self._open else 0  # pyright: ignore[reportOptionalMemberAccess] - likewise
        except OSError:
            sent = 0
        if sent != len(data):
            self._close()
        elif not self._give_up_ms:
            self._give_up_ms = self._now_ms + _DEAD_MS
        return sent == len(data)


def _resolved(address: str, port: int) -> "tuple[str, int] | tuple[str, int, int, int]":
    """What `connect` and `sendto` want; of an address in numbers, which takes no look-up."""
    return socket.getaddrinfo(address, port)[0][-1]
