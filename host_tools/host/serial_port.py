"""A serial port of the host, held exclusively: bytes in, bytes out, and open again when its adapter was pulled and is back."""

import asyncio
import errno
import os
from collections.abc import Callable
from typing import Self

import serial

from host_tools.errors import Complaint

UNSENT_MAX = 65_536  # bytes
_READ_MAX = 4096  # bytes at once
_REOPEN_FIRST_S = 1.0
_REOPEN_MAX_S = 30.0


class SerialPort:
    """A port that goes away is opened again, 1 s to 30 s apart, until `close`. Those who stand on it say what bytes mean (`_take`)."""

    def __init__(self, port: str, baud: int, lost: Callable[[Self, str], None]) -> None:
        self.name = f"serial {port}"
        self.port = port
        self._baud = baud
        self._lost = lost
        self._line: serial.Serial | None = None
        self._unsent = b""
        self._reopen_s = _REOPEN_FIRST_S
        self._again: asyncio.TimerHandle | None = None

    def _take(self, data: bytes) -> None:
        """Takes what has arrived."""
        raise NotImplementedError

    def open(self) -> None:
        """Opens the port and listens. Raises Complaint: missing, busy, not allowed."""
        try:
            self._line = serial.Serial(self.port, self._baud, timeout=0, write_timeout=0, exclusive=True)
        except (OSError, ValueError) as error:  # pyserial's own exception is an OSError
            raise Complaint(_why_not(self.port, self._baud, error)) from error
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
        self._take(data)

    def _send(self, data: bytes) -> None:
        """Sends what the line takes now and keeps the rest; drops it all when too much waits already."""
        if self._line is None or len(self._unsent) + len(data) > UNSENT_MAX:
            return
        self._unsent += data
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
        return f"There is no serial port {port}: plug the adapter in, or name another one."
    if number in (errno.EAGAIN, errno.EBUSY):
        return f"The serial port {port} is in use by another program: end that one first."
    if number in (errno.EACCES, errno.EPERM):
        return f"The serial port {port} may not be opened by this user: add the user to the port's group (often dialout)."
    if isinstance(error, ValueError) and not isinstance(error, OSError):
        return f"The serial port {port} cannot run at {baud} baud: name another rate with --baud."
    return f"{port} cannot be opened as a serial port ({os.strerror(number) if number else 'it is none'}): name another one."
