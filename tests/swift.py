"""Commands that begin at once: forked from a process that has imported the libraries, for tests that give very many of them.

Importing is most of what `ansim COMMAND` takes. From the fork on it is the same program in a process of its own.
"""

import multiprocessing
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(
    [
        "host_tools.cli.serve",
        *(f"host_tools.host.{name}" for name in ("server", "notifier", "ledger", "sqlite", "postgres", "key_file")),
        "sqlalchemy.dialects.sqlite",
        "sqlalchemy.dialects.postgresql.psycopg",
        "mpremote.transport_serial",
        "pydantic",
        "rich.progress",
        "rich.table",
    ]
)
_SECONDS_MAX = 120


def ansim(*arguments: str, typed: str = "", cwd: Path | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
    """Runs the command as a user would, without a terminal; `typed` is what it reads."""
    with TemporaryDirectory(prefix="ansim-test-") as folder:
        streams = [Path(folder, name) for name in ("stdin", "stdout", "stderr")]
        for stream in streams:
            stream.write_text(typed if stream.name == "stdin" else "")
        surroundings = os.environ | environment
        process = FORKS.Process(target=_run, args=(arguments, surroundings, str(cwd or Path.cwd()), [str(one) for one in streams]))
        process.start()
        process.join(_SECONDS_MAX)
        code = process.exitcode
        if code is None:
            process.kill()
            process.join()
        process.close()
        stdout, stderr = (stream.read_text(errors="replace") for stream in streams[1:])
    if code is None:
        raise subprocess.TimeoutExpired(["ansim", *arguments], _SECONDS_MAX, stdout, stderr)
    return subprocess.CompletedProcess(["ansim", *arguments], code, stdout, stderr)


def _run(arguments: tuple[str, ...], surroundings: Mapping[str, str], cwd: str, streams: list[str]) -> None:
    os.environ.clear()
    os.environ.update(surroundings)
    time.tzset()
    os.chdir(cwd)
    for number, path in enumerate(streams):
        file = os.open(path, os.O_WRONLY if number else os.O_RDONLY)
        os.dup2(file, number)
        os.close(file)
    sys.stdin, sys.stdout, sys.stderr = (open(number, "w" if number else "r", closefd=False) for number in range(3))  # noqa: SIM115 - as of a fresh process, whatever they were
    sys.argv = ["ansim", *arguments]
    from host_tools.__main__ import main

    main()
