"""Hosts that begin at once: forked from a process that has imported everything, for what is said about a host that is killed often.

Importing is most of what a start of `ansim serve` takes. From the fork on it is the same program in a process of its own.
"""

import os
import signal
import sys
from multiprocessing.connection import Connection
from pathlib import Path

from host_board import Host

from tests.swift import FORKS


class SwiftHost(Host):
    """`ansim serve --json` in a process of its own, killed by `kill`."""

    def __init__(self, data: Path) -> None:
        self._told, theirs = FORKS.Pipe(duplex=False)
        self._begin(self._told.fileno())
        self._process = FORKS.Process(target=_serve, args=(theirs, ["serve", "--json", "--data", str(data), "--listen", "127.0.0.1:0"]))
        self._process.start()
        theirs.close()

    def kill(self) -> None:
        self._process.kill()

    def __exit__(self, *_error: object) -> None:
        self.kill()
        self._process.join()
        self._process.close()
        self._told.close()

    def _complaint(self) -> bytes:
        return self._rest  # what is no JSON

    def end(self, number: int = signal.SIGTERM) -> int:
        """Signals it and waits for its end; the exit code."""
        assert self._process.pid
        os.kill(self._process.pid, number)
        self._process.join()
        assert self._process.exitcode is not None
        return self._process.exitcode


def _serve(told: Connection, arguments: list[str]) -> None:
    os.dup2(told.fileno(), sys.stdout.fileno())
    os.dup2(told.fileno(), sys.stderr.fileno())
    told.close()
    sys.stdout, sys.stderr = (open(number, "w", closefd=False) for number in (1, 2))  # noqa: SIM115 - as of a fresh process, whatever they were
    sys.argv = ["ansim", *arguments]
    from host_tools.cli import main

    main()
