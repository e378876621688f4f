"""A serial port of the host, held exclusively: bytes in, bytes out,
and open again when its adapter was pulled and is back.
"""

import asyncio
import contextlib
import errno
import os
import termios
from collections.abc import Callable
from typing import Self

import serial

from host_tools.errors import UserError

UNSENT_MAX = 65_536  # bytes
_READ_MAX = 4096  # bytes at once
_REOPEN_FIRST_S = 1.0
_REOPEN_MAX_S = 5.0
_NEVER_A_PORT = (errno.ENOTTY, errno.EINVAL, errno.ENOTDIR, errno.EISDIR)


class PortMissingError(UserError):
    """The port cannot be opened now, but may be later without a change here:
    its adapter is not there, is in use, or is not allowed yet.
    """


class SerialPort:
    """A port that is not there, or goes away, is opened when it comes:
    it is looked for 1 s to 5 s apart, until `close`.

    Those who stand on it say what bytes mean (`_take`).
    `found(port)` is told when it is opened, `lost(port, reason)` when it goes away.
    """

    found: Callable[[Self], None] | None = None

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
        """Opens the port.

        Raises PortMissingError: missing, busy, not allowed; UserError for what never is a port at this rate.
        """
        try:
            self._line = serial.Serial(self.port, self._baud, timeout=0, write_timeout=0, exclusive=True)
            asyncio.get_running_loop().add_reader(self._line.fileno(), self._readable, self._line.fileno())
        except (OSError, ValueError, termios.error) as error:
            # pyserial's own exception is an OSError, that of termios is none
            self._shut()
            number = _number_of(error)
            kind = UserError if number is None or number in _NEVER_A_PORT else PortMissingError
            raise kind(_why_not(self.port, self._baud, error)) from error
        self._reopen_s = _REOPEN_FIRST_S
        if self.found is not None:
            self.found(self)

    def await_it(self) -> None:
        """Looks for a port that could not be opened until it can."""
        self._again = asyncio.get_running_loop().call_later(self._reopen_s, self._reopen)
        self._reopen_s = min(2 * self._reopen_s, _REOPEN_MAX_S)

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
        self.await_it()
        self._lost(self, reason)

    def _reopen(self) -> None:
        try:
            self.open()
        except UserError:  # said once, when it was lost or missing
            self.await_it()

    def _shut(self) -> None:
        if self._line is not None:
            loop = asyncio.get_running_loop()
            loop.remove_reader(self._line.fileno())
            loop.remove_writer(self._line.fileno())
            with contextlib.suppress(OSError):  # of an adapter that is gone
                self._line.close()
        self._line = None
        self._unsent = b""

    def close(self) -> None:
        """Gives the port back."""
        if self._again is not None:
            self._again.cancel()
        self._shut()


def _number_of(error: Exception) -> int | None:
    """The system's number of what went wrong, None where there is none."""
    return error.args[0] if isinstance(error, termios.error) else getattr(error, "errno", None)


def _why_not(port: str, baud: int, error: Exception) -> str:
    number = _number_of(error)
    if number == errno.ENOENT:
        return f"There is no serial port {port}: plug the adapter in, or name another one."
    if number in (errno.EAGAIN, errno.EBUSY):
        return f"The serial port {port} is in use by another program: end that one first."
    if number in (errno.EACCES, errno.EPERM):
        return (
            f"The serial port {port} may not be opened by this user: "
            "add the user to the port's group (often dialout)."
        )
    if isinstance(error, ValueError) and not isinstance(error, OSError):
        return f"The serial port {port} cannot run at {baud} baud: name another rate with --baud."
    return (
        f"{port} cannot be opened as a serial port ({os.strerror(number) if number else 'it is none'}): "
        "name another one."
    )
