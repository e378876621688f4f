"""`ansim` commands as processes: one that runs to its end, and one that serves until it is stopped."""

import ctypes
import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

from host_tools.errors import UserError

STOP_S_MAX = 10
_PR_SET_PDEATHSIG = 1  # prctl(2)


def end_with_parent() -> None:
    """On Linux, this process gets SIGTERM when its parent dies in whatever way."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def surroundings() -> dict[str, str]:
    """The environment without what it says of a real host:
    the demonstration has a folder, a database and a key of its own.
    """
    return {name: value for name, value in os.environ.items() if not name.startswith("ANSIM_")}


def user_error(name: object, what: str, said: str) -> UserError:
    """What a command that failed said last, as one sentence."""
    lines = said.strip().splitlines()
    return UserError(
        f"`ansim {name}` {what}: {lines[-1].removeprefix('ansim: ') if lines else 'it said nothing'}"
    )


def ansim(*arguments: object) -> str:
    """Runs one `ansim` command to its end; its stdout.

    Raises UserError with its own sentence when it fails.
    """
    command = [sys.executable, "-m", "host_tools", *map(str, arguments)]
    ended = subprocess.run(
        command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, env=surroundings()
    )
    if ended.returncode:
        raise user_error(arguments[0], "failed", ended.stderr or ended.stdout)
    return ended.stdout


class Service:
    """A long-running `ansim` command that prints one JSON line when it is ready (`ready`)
    and one for each thing that happens.
    """

    def __init__(self, log: Path, *arguments: object) -> None:
        self._reading = threading.Lock()
        self._process = self._begun(log, list(map(str, arguments)))
        line = self.readline()
        if not line:
            self.stop()
            raise user_error(arguments[0], "did not start", log.read_text())
        self.ready: dict[str, Any] = json.loads(line)

    @staticmethod
    def _begun(log: Path, arguments: list[str]) -> subprocess.Popen[str]:
        with log.open("wb") as errors:
            return subprocess.Popen(
                [sys.executable, "-m", "host_tools", *arguments],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                env=surroundings(),
                start_new_session=True,
                preexec_fn=end_with_parent,  # noqa: PLW1509 - no thread runs yet
            )

    def readline(self) -> str:
        """The next line that the command prints; empty when it has ended."""
        out = self._process.stdout
        with self._reading:
            line = out.readline() if out and not out.closed else ""
            if out and not line:
                out.close()
        return line

    def stop(self) -> None:
        """Asks it to end, and makes it when it does not within ten seconds."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(STOP_S_MAX)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        while self.readline():
            pass  # what nobody has read goes, and the pipe with it
