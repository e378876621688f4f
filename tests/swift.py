"""Commands that begin at once: forked from a process that has imported the libraries,
for tests that give very many of them.

Importing is most of what `ansim COMMAND` takes.
From the fork on it is the same program in a process of its own.
"""

import contextlib
import importlib
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TextIO

from host_tools.demo.service import end_with_parent

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(
    [
        "host_tools.__main__",
        "host_tools.boards.board_file",
        *(
            f"host_tools.cli.{name}"
            for name in ("serve", "virtual", "provision", "flash", "link", "cabinet", "key", "_tables")
        ),
        *(f"host_tools.cli.{name}" for name in ("ticket", "parcel", "resident", "bell", "hands")),
        "host_tools.simulator.virtual_board.board",
        *(
            f"host_tools.host.{name}"
            for name in ("server", "pager", "upkeep", "notify.channels.tables", "notify.callbacks")
        ),
        *(
            f"host_tools.host.ledger.{name}"
            for name in ("ledger", "sqlite", "postgres", "key_file", "migrations")
        ),
        "click._textwrap",
        "encodings.idna",
        "sqlalchemy.dialects.sqlite",
        "sqlalchemy.dialects.postgresql.psycopg",
        "aiosmtplib",
        "httpx",
        "standardwebhooks",
        "mpremote.main",
        "pydantic",
        "rich._emoji_codes",
        "rich.progress",
        "rich.table",
        "tests.ready_forks",
    ]
)
_SECONDS_MAX = 120


def ansim(
    *arguments: str, typed: str = "", cwd: Path | None = None, first: str = "", **environment: str
) -> subprocess.CompletedProcess[str]:
    """Runs the command as a user would, without a terminal; `typed` is what it reads,
    `first` a program that its process runs before.
    """
    return _ended("host_tools.__main__", arguments, typed, cwd, environment, first)


def mpremote(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """The same for the unmodified mpremote."""
    return _ended("mpremote.main", arguments, "", None, environment)


def _ended(
    program: str,
    arguments: tuple[str, ...],
    typed: str,
    cwd: Path | None,
    environment: Mapping[str, str],
    first: str = "",
) -> subprocess.CompletedProcess[str]:
    with TemporaryDirectory(prefix="ansim-test-") as folder:
        streams = [Path(folder, name) for name in ("stdin", "stdout", "stderr")]
        for stream in streams:
            stream.write_text(typed if stream.name == "stdin" else "")
        surroundings = os.environ | environment
        told = (
            program,
            arguments,
            surroundings,
            str(cwd or Path.cwd()),
            [str(one) for one in streams],
            False,
            first,
        )
        process = FORKS.Process(target=_run, args=told)
        process.start()
        process.join(_SECONDS_MAX)
        code = process.exitcode
        if code is None:
            process.kill()
            process.join()
        process.close()
        stdout, stderr = (stream.read_text(errors="replace") for stream in streams[1:])
    if code is None:
        raise subprocess.TimeoutExpired([program, *arguments], _SECONDS_MAX, stdout, stderr)
    return subprocess.CompletedProcess([program, *arguments], code, stdout, stderr)


class Running:
    """A command that goes on: what `subprocess.Popen` with pipes for stdout and stderr would be, in text;
    stdin has ended.

    `stderr` may be a file. It ends with the tests.
    """

    def __init__(
        self, arguments: Sequence[str], surroundings: Mapping[str, str], *, stderr: Path | None = None
    ) -> None:
        out = FORKS.Pipe(duplex=False)
        err = None if stderr else FORKS.Pipe(duplex=False)
        streams = [os.devnull, out[1], str(stderr) if err is None else err[1]]
        self.args = ["ansim", *arguments]
        told = ("host_tools.__main__", tuple(arguments), dict(surroundings), str(Path.cwd()), streams, True)
        self._process = FORKS.Process(target=_run, args=told, daemon=True)
        self._process.start()
        self.returncode: int | None = None
        self.pid = self._process.pid or 0
        self.stdout = _text(*out)
        self.stderr = _text(*err) if err else None

    def poll(self) -> int | None:
        if self.returncode is None:
            self.returncode = self._process.exitcode
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        if self.returncode is None:
            self._process.join(timeout)
        code = self.poll()
        if code is None:
            raise subprocess.TimeoutExpired(self.args, timeout or 0)
        return code

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            # It may have ended and its end not been told yet, as subprocess.Popen allows for (bpo-40550).
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        """What has been printed since, once it has ended.

        What it printed must fit into the pipes (64 KiB each).
        """
        self.wait(timeout)
        told = [
            "" if stream is None or stream.closed else stream.read() for stream in (self.stdout, self.stderr)
        ]
        for stream in (self.stdout, self.stderr):
            if stream:
                stream.close()
        return told[0], told[1]


def _text(reading: Connection, writing: Connection) -> TextIO:
    """The near end of a pipe, once the other one has been handed over."""
    writing.close()
    stream = open(os.dup(reading.fileno()), errors="replace")  # noqa: SIM115 - its owner closes it
    reading.close()
    return stream


def _run(
    program: str,
    arguments: tuple[str, ...],
    surroundings: Mapping[str, str],
    cwd: str,
    streams: list[str | Connection],
    ends_with_tests: bool,
    first: str = "",
) -> None:
    os.environ.clear()
    os.environ.update(surroundings)
    time.tzset()
    os.chdir(cwd)
    if ends_with_tests:
        end_with_parent()
    for number, stream in enumerate(streams):
        file = (
            os.open(stream, os.O_WRONLY | os.O_CREAT | os.O_TRUNC if number else os.O_RDONLY, 0o600)
            if isinstance(stream, str)
            else stream.fileno()
        )
        os.dup2(file, number)
        os.close(file) if isinstance(stream, str) else stream.close()
    sys.stdin, sys.stdout, sys.stderr = (
        # As of a fresh process, whatever they were.
        open(number, "w" if number else "r", closefd=False)  # noqa: SIM115
        for number in range(3)
    )
    sys.argv = [program, *arguments]
    exec(first, {})
    sys.exit(importlib.import_module(program).main())
