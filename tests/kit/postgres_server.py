"""A real PostgreSQL of the tests' own: in a temporary folder, behind a socket in it,
as durable as in earnest. It can be killed.
"""

import os
import select
import shutil
import signal
import subprocess
import tempfile
from itertools import count
from pathlib import Path

import psycopg

PASSWORD = "not-to-be-shown"
_START_S = 60.0


def _binaries() -> Path:
    """Where Debian keeps the newest of its servers."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[4]))
    return (
        found[-1].parent
        if found
        else Path(shutil.which("postgres") or "PostgreSQL is missing: apt-get install postgresql").parent
    )


class PostgresServer:
    """One server. `start` returns when it takes connections."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="ansim-pg-"))
        self._data = self.folder / "data"
        self._numbers = count(1)
        self._process: subprocess.Popen | None = None
        self._as_whom = {}
        if os.geteuid() == 0:  # it refuses to run as root
            self._as_whom = {"user": "postgres", "group": "postgres", "extra_groups": []}
            shutil.chown(self.folder, "postgres", "postgres")
        secret = self.folder / "password"
        secret.write_text(PASSWORD)
        how = [
            "--username=ansim",
            "--auth=scram-sha-256",
            f"--pwfile={secret}",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
        ]
        self._run("initdb", f"--pgdata={self._data}", *how)

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [_binaries() / program, *arguments],
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
            **self._as_whom,
        )
        assert done.returncode == 0, done.stdout + done.stderr

    def start(self) -> None:
        quiet = [
            "-c",
            "listen_addresses=",
            "-c",
            "max_connections=50",
            "-c",
            "shared_buffers=16MB",
            "-c",
            "lc_messages=C",
        ]
        place = [
            "-D",
            str(self._data),
            "-c",
            f"unix_socket_directories={self.folder}",
            "-c",
            "checkpoint_timeout=1h",
        ]
        with (self.folder / "log").open("ab") as log:
            # It ends with us, also where we are killed.
            command = ["setpriv", "--pdeathsig=QUIT", _binaries() / "postgres", *place, *quiet]
            self._process = subprocess.Popen(
                command, stdout=log, stderr=log, cwd="/", start_new_session=True, **self._as_whom
            )
        ready = [_binaries() / "pg_isready", "--quiet", f"--host={self.folder}", "--dbname=postgres"]
        while subprocess.run(ready, check=False).returncode:
            assert self._process.poll() is None, (self.folder / "log").read_text()

    def kill(self) -> None:
        """SIGKILL to the server and all its processes at one instant,
        as the end of the machine's power would.
        """
        assert self._process
        pid = self._process.pid
        self._process.send_signal(signal.SIGSTOP)
        children = [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
        ends = [os.pidfd_open(child) for child in children]
        for child in children:
            os.kill(child, signal.SIGKILL)
        self._process.kill()
        self._process.wait()
        for end in ends:
            assert select.select([end], [], [], _START_S)[0]
            os.close(end)

    def database(self) -> str:
        """The URL of a new, empty place for a ledger: a schema of its own,
        which costs less than a database of its own.
        """
        name = f"place{next(self._numbers)}"
        with psycopg.connect(self.url("postgres").replace("+psycopg", ""), autocommit=True) as connection:
            connection.execute(f"CREATE SCHEMA {name}".encode())
        return f"{self.url('postgres')}&options=-csearch_path%3D{name}"

    def url(self, name: str, user: str = "ansim", password: str = PASSWORD) -> str:
        return f"postgresql+psycopg://{user}:{password}@/{name}?host={self.folder}"

    def remove(self) -> None:
        if self._process and self._process.poll() is None:
            self._process.send_signal(signal.SIGQUIT)  # at once: nobody will read it again
            self._process.wait(_START_S)
        shutil.rmtree(self.folder)


def keep_in(data: Path, url: str) -> None:
    """A new data folder whose ledger is kept behind a URL."""
    data.mkdir(mode=0o700)
    (data / "database.url").touch(0o600)
    (data / "database.url").write_text(url)
