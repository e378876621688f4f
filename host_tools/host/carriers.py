"""What moves bytes between boards and host: TCP connections and serial ports. A carrier knows nothing of what it carries.

Whatever arrives may come from a stranger, so each carrier holds at most one frame of what it received and `_UNSENT_MAX` bytes of what it
is to send.
"""

import asyncio
import errno
import os
from collections.abc import Callable
from typing import Protocol, cast

import serial

from host_tools.errors import Complaint
from locker.wire.frame import Decoder

_UNSENT_MAX = 65_536  # bytes
_READ_MAX = 4096  # bytes at once
_REOPEN_FIRST_S = 1.0
_REOPEN_MAX_S = 30.0


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
        self._hear = hear
        self._opened = opened
        self._closed = closed
        self._decoder = Decoder()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self.opened_s = asyncio.get_running_loop().time()
        self.name = "tcp {}:{}".format(*transport.get_extra_info("peername")[:2])
        self._opened(self)

    def data_received(self, data: bytes) -> None:
        for payload in self._decoder.feed(data):
            self._hear(self, payload)

    def connection_lost(self, exc: Exception | None) -> None:
        self._closed(self)

    def write(self, frame: bytes) -> None:
        """One write a frame; a peer that does not read is cut off."""
        if self._transport is None or self._transport.is_closing():
            return
        if self._transport.get_write_buffer_size() > _UNSENT_MAX:
            self._transport.abort()
        else:
            self._transport.write(frame)

    def close(self) -> None:
        """Ends the connection; what was not sent yet is dropped."""
        if self._transport is not None:
            self._transport.abort()


class SerialCarrier:
    """A serial port, held exclusively. A port that goes away is opened again, 1 s to 30 s apart, until `close`."""

    def __init__(self, port: str, baud: int, hear: Hear, lost: Callable[["SerialCarrier", str], None]) -> None:
        self.name = f"serial {port}"
        self.verified = False
        self._port = port
        self._baud = baud
        self._hear = hear
        self._lost = lost
        self._decoder = Decoder()
        self._line: serial.Serial | None = None
        self._unsent = b""
        self._reopen_s = _REOPEN_FIRST_S
        self._again: asyncio.TimerHandle | None = None

    def open(self) -> None:
        """Opens the port and listens. Raises Complaint: missing, busy, not allowed."""
        try:
            self._line = serial.Serial(self._port, self._baud, timeout=0, write_timeout=0, exclusive=True)
        except (OSError, ValueError) as error:  # pyserial's own exception is an OSError
            raise Complaint(_why_not(self._port, self._baud, error)) from error
        self._reopen_s = _REOPEN_FIRST_S
        asyncio.get_running_loop().add_reader(self._line.fileno(), self._readable, self._line.fileno())

    def _readable(self, line: int) -> None:
        try:
            data = os.read(line, _READ_MAX)
        except BlockingIOError:
            return
        except OSError as error:
            self._fail(error.strerror or "it failed")
            return
        if not data:
            self._fail("it was disconnected")
            return
        for payload in self._decoder.feed(data):
            self._hear(self, payload)

    def write(self, frame: bytes) -> None:
        """Sends what the line takes now and keeps the rest; drops the frame when too much waits already."""
        if self._line is None or len(self._unsent) + len(frame) > _UNSENT_MAX:
            return
        self._unsent += frame
        self._writable(self._line.fileno())

    def _writable(self, line: int) -> None:
        loop = asyncio.get_running_loop()
        try:
            self._unsent = self._unsent[os.write(line, self._unsent) :]
        except BlockingIOError:
            loop.add_writer(line, self._writable, line)
            return
        except OSError as error:
            self._fail(error.strerror or "it failed")
            return
        if self._unsent:
            loop.add_writer(line, self._writable, line)
        else:
            loop.remove_writer(line)

    def _fail(self, reason: str) -> None:
        self._shut()
        self._lost(self, reason)
        self._again = asyncio.get_running_loop().call_later(self._reopen_s, self._reopen)
        self._reopen_s = min(2 * self._reopen_s, _REOPEN_MAX_S)

    def _reopen(self) -> None:
        wait = self._reopen_s
        try:
            self.open()
        except Complaint:  # said once, when it was lost
            self._again = asyncio.get_running_loop().call_later(wait, self._reopen)
            self._reopen_s = min(2 * wait, _REOPEN_MAX_S)

    def _shut(self) -> None:
        if self._line is not None:
            loop = asyncio.get_running_loop()
            loop.remove_reader(self._line.fileno())
            loop.remove_writer(self._line.fileno())
            self._line.close()
        self._line = None
        self._unsent = b""

    def close(self) -> None:
        """Gives the port back."""
        if self._again is not None:
            self._again.cancel()
        self._shut()


def _why_not(port: str, baud: int, error: Exception) -> str:
    number = getattr(error, "errno", None)
    if number == errno.ENOENT:
        return f"There is no serial port {port}: plug the adapter in, or name another with --serial."
    if number in (errno.EAGAIN, errno.EBUSY):
        return f"The serial port {port} is in use by another program: end that one first."
    if number in (errno.EACCES, errno.EPERM):
        return f"The serial port {port} may not be opened by this user: add the user to the port's group (often dialout)."
    if isinstance(error, ValueError) and not isinstance(error, OSError):
        return f"The serial port {port} cannot run at {baud} baud: name another rate with --baud."
    return f"{port} cannot be opened as a serial port ({os.strerror(number) if number else 'it is none'}): name another with --serial."
