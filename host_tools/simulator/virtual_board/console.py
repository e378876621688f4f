"""What lies between a serial port and the REPL: Ctrl-C, line ends, and whether the REPL is raw."""

import fcntl
import struct
import termios
import time
from typing import Protocol

from host_tools.simulator.virtual_board.interpreter import Interpreter

_CTRL_C = 3
_MOUNT_ESCAPE = b"\x18"  # mpremote mount: from here on the board sends binary data
_RAW_BANNER = b"raw REPL; CTRL-B to exit\r\n"
_FRIENDLY_BANNER = b'Type "help()" for more information.'
_TYPED_BYTES_MAX = 65536
_CATCH_UP_S_MAX = 1.0


class Port(Protocol):
    """Where what the board says goes."""

    def write(self, data: bytes) -> None: ...


class Console:
    """The console of one board; interpreters come and go behind it."""

    def __init__(self, port: Port) -> None:
        self._port = port
        self._typed = bytearray()
        self._tail = b""
        self._binary = False
        self.started = False
        self._waits_since: float | None = None
        self.raw = False
        self.interpreter: Interpreter | None = None

    def attach(self, interpreter: Interpreter | None) -> None:
        """Another interpreter, or none while the board is off.

        What was typed for the last one is lost with it.
        """
        self.interpreter = interpreter
        self.started = False
        self._binary = False
        self._tail = b""
        self._waits_since = None
        if interpreter is None:
            self._typed.clear()

    def ready(self) -> None:
        """The interpreter is about to run boot.py; what was typed before waits until now,
        so that a Ctrl-C meets code to interrupt.
        """
        self.started = True

    def say(self, text: bytes) -> None:
        """A word of the board itself, such as the soft reboot's."""
        self._port.write(text)

    def type(self, data: bytes) -> None:
        """Takes what arrived at the port; `pump` passes it on.

        What a program leaves unread beyond 64 KiB is lost, as in a UART.
        """
        if self.interpreter is not None:
            self._typed += data[: _TYPED_BYTES_MAX - len(self._typed)]

    @property
    def waits(self) -> bool:
        """True while something typed waits for the interpreter: call `pump` again within a millisecond."""
        return bool(self._typed)

    def pump(self) -> None:
        """Passes on what was typed, as far as the interpreter takes it."""
        interpreter = self.interpreter
        while self._typed and interpreter and self.started:
            at = self._typed.find(_CTRL_C)
            if at == 0:
                if not self._ctrl_c(interpreter):
                    return
                continue
            try:
                sent = interpreter.console.send(self._typed if at < 0 else self._typed[:at])
            except (BlockingIOError, BrokenPipeError, ConnectionResetError):
                return
            del self._typed[:sent]

    def _ctrl_c(self, interpreter: Interpreter) -> bool:
        """Interrupts the code that runs; with none, it is a byte like any other.

        False: not yet, since what was typed before is still being read or compiled, and will run in a moment.
        """
        if not interpreter.executing() and (_unread(interpreter) or interpreter.busy()):
            now = time.monotonic()
            self._waits_since = self._waits_since or now
            if now - self._waits_since < _CATCH_UP_S_MAX:
                return False
        self._waits_since = None
        if not interpreter.interrupt():
            try:
                interpreter.console.send(bytes((_CTRL_C,)))
            except (BlockingIOError, BrokenPipeError, ConnectionResetError):
                return False
        # Several at once are one: nobody can tell how fast the code would have seen the second.
        while self._typed.startswith(b"\x03"):
            del self._typed[:1]
        return True

    def show(self, data: bytes) -> None:
        """Passes on what the interpreter printed.

        People at a terminal need a carriage return with each new line; programs do not.
        """
        seen = self._tail + data
        self._tail = seen[-max(len(_RAW_BANNER), len(_FRIENDLY_BANNER)) :]
        raw_at, friendly_at = seen.rfind(_RAW_BANNER), seen.rfind(_FRIENDLY_BANNER)
        was_raw = self.raw
        if raw_at != friendly_at:
            self.raw = raw_at > friendly_at
        self._binary = self._binary or _MOUNT_ESCAPE in data
        if not (was_raw or self.raw or self._binary):
            ended_in_return = seen[: len(seen) - len(data)].endswith(b"\r") and data.startswith(b"\n")
            data = data.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
            data = data[1:] if ended_in_return else data
        self._port.write(data)


def _unread(interpreter: Interpreter) -> bool:
    """True while the interpreter has input that it has not read."""
    answer = fcntl.ioctl(interpreter.console.fileno(), termios.TIOCOUTQ, bytes(4))
    return struct.unpack("i", answer)[0] > 0
