"""One run of the MicroPython interpreter: a process that ends with every reset of the board."""

import contextlib
import importlib.util
import json
import os
import platform
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from host_tools.errors import UserError
from host_tools.extras import lacking
from host_tools.simulator.virtual_board import launch
from host_tools.simulator.virtual_board.modules import modules_image

_STOPPED_MS_MAX = 1000
_END_S_MAX = 1.0


@dataclass(frozen=True)
class Settings:
    """What every run of one board has in common."""

    flash: Path
    heap_bytes: int
    chip: str
    virtual_time: bool = False


def require_interpreter() -> Path:
    """The folder of the interpreter's wheel; a UserError where it does not exist."""
    found = importlib.util.find_spec("micropython_run")
    if not sys.platform.startswith("linux") or platform.machine() != "x86_64":
        raise UserError(
            "A virtual board needs the MicroPython interpreter, which comes for Linux on x86-64 only; "
            "a real board works everywhere."
        )
    if found is None or found.origin is None:
        raise lacking("micropython_run")
    return Path(found.origin).parent


class Interpreter:
    """A running interpreter.

    `console` is its standard input and output, `chip` the line to its hardware: nonblocking sockets.
    """

    def __init__(self, settings: Settings, raw: bool) -> None:
        self.console, console = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        self.chip, chip = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        packages = require_interpreter()
        told = {
            "parent": os.getpid(),
            "packages": str(packages),
            "modules": str(modules_image()),
            "flash": str(settings.flash.resolve()),
            "heap_bytes": settings.heap_bytes,
            "chip": settings.chip,
            "raw": raw,
            "virtual_time": settings.virtual_time,
        }
        with console, chip:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", launch.__file__, str(chip.fileno()), json.dumps(told)],
                stdin=console.fileno(),
                stdout=console.fileno(),
                stderr=console.fileno(),
                pass_fds=(chip.fileno(),),
                cwd="/",
                env={"PYTHONHASHSEED": "0", "TZ": "UTC"},
                start_new_session=True,  # a Ctrl-C at the terminal of `ansim virtual` is not the board's
            )
        self.console.setblocking(False)
        self.chip.setblocking(False)

    @property
    def pid(self) -> int:
        return self._process.pid

    def executing(self) -> bool:
        """True while MicroPython code runs that Ctrl-C may interrupt:
        the port then has a handler for SIGINT.
        """
        caught = _status(self.pid, "SigCgt")
        return caught is not None and bool(int(caught, 16) >> (signal.SIGINT - 1) & 1)

    def busy(self) -> bool:
        """True while it computes: it neither waits for input nor sleeps."""
        state = _status(self.pid, "State")
        return state is not None and state.startswith("R")

    def interrupt(self) -> bool:
        """Ctrl-C: raises KeyboardInterrupt in the code that runs.

        False when none runs, and Ctrl-C is a byte for the REPL.

        The process stands still while it is looked at, or the code might end between the look and the signal.
        """
        os.kill(self.pid, signal.SIGSTOP)
        try:
            self._wait_until_stopped()
            if not self.executing():
                return False
            os.kill(self.pid, signal.SIGUSR1)
            return True
        finally:
            os.kill(self.pid, signal.SIGCONT)

    def timer_interrupt(self) -> None:
        """Has the interpreter run the callbacks of its timers at the next safe point."""
        if self._process.poll() is None:
            os.kill(self.pid, signal.SIGUSR2)

    def _wait_until_stopped(self) -> None:
        until = time.monotonic() + _STOPPED_MS_MAX / 1000
        while (
            (state := _status(self.pid, "State")) is not None
            and not state.startswith(("T", "Z", "X"))
            and time.monotonic() < until
        ):
            time.sleep(0)

    def kill(self) -> None:
        """Ends it as the chip ends: no `finally`, no flush."""
        self._process.kill()
        self.close()

    def close(self) -> int:
        """Sees it off; the exit status as subprocess gives it.

        One that goes on without console and chip is killed after a second.
        """
        self.console.close()
        self.chip.close()
        try:
            return self._process.wait(_END_S_MAX)
        except subprocess.TimeoutExpired:
            self._process.kill()  # ends a stopped process too
            return self._process.wait()


def soft_reset_mode(status: int) -> bool | None:
    """What the exit status of an interpreter says: soft reset in raw mode (True),
    in friendly mode (False), or a crash (None).
    """
    return {launch.EXIT_RAW: True, launch.EXIT_FRIENDLY: False}.get(status)


def _status(pid: int, field: str) -> str | None:
    with contextlib.suppress(OSError), open(f"/proc/{pid}/status") as lines:
        for line in lines:
            name, _, value = line.partition(":")
            if name == field:
                return value.strip()
    return None
