"""The web process lives and dies with the server, and comes back when it dies alone."""

import os
import select
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from host_tools.errors import UserError
from host_tools.host.ledger.ledger import open_ledger
from host_tools.host.web.keeper import Web, bind
from tests.kit.host_board import Host
from tests.swift import ansim

GONE_S = 2.0
WEB = ("--listen", "127.0.0.1:0", "--web", "127.0.0.1:0")


def child_of(host: Host) -> int:
    """The process that answers browsers."""
    found = [
        int(pid)
        for children in Path(f"/proc/{host.process.pid}/task").glob("*/children")
        for pid in children.read_text().split()
    ]
    (pid,) = [pid for pid in found if b"host_tools.host.web" in Path(f"/proc/{pid}/cmdline").read_bytes()]
    return pid


@contextmanager
def watched(pid: int) -> Iterator[int]:
    """A descriptor that can be read when the process has ended."""
    descriptor = os.pidfd_open(pid)
    yield descriptor
    os.close(descriptor)


def get(host: Host, path: str) -> httpx.Response:
    return httpx.get(f"http://127.0.0.1:{host.wait_for('web listening')['port']}{path}", timeout=30)


def test_pages_are_there_with_the_server_and_gone_with_it_and_back_when_they_die_alone(
    tmp_path: Path,
) -> None:
    open_ledger(tmp_path / "data").close()
    with Host(tmp_path / "data", *WEB) as host:
        assert get(host, "/readyz").json() == {"ready": True, "reasons": []}
        child = child_of(host)
        with watched(child) as end:
            os.kill(child, signal.SIGKILL)
            assert select.select([end], [], [], GONE_S)[0]
        assert "it ended with -9" in host.wait_for("web ended")["detail"]
        while len([told for told in host.told if told["event"] == "web listening"]) < 2:
            host.listen()
        assert get(host, "/readyz").status_code == 200, "at the same address"
        with watched(child_of(host)) as end:
            assert host.end() == 0
            assert select.select([end], [], [], 0)[0], "nothing is left when the server has ended"


@pytest.mark.parametrize(("home", "stopped"), [("sqlite", True), ("postgresql", False)], indirect=["home"])
def test_a_server_that_is_killed_takes_its_pages_along(home: Path, stopped: bool) -> None:
    open_ledger(home).close()
    with Host(home, *WEB) as host:
        assert get(host, "/readyz").status_code == 200
        with watched(child_of(host)) as end:
            if stopped:  # the server stands still: the process waits as long as it lives
                host.process.send_signal(signal.SIGSTOP)
                assert not select.select([end], [], [], 0)[0]
            host.process.kill()
            assert select.select([end], [], [], GONE_S)[0]


def test_the_process_has_neither_the_key_nor_its_passphrase(tmp_path: Path) -> None:
    data, words = tmp_path / "data", tmp_path / "words"
    open_ledger(data).close()
    words.touch(0o600)
    words.write_text("correct horse\n")
    assert ansim("key", "protect", "--new-passphrase-file", str(words), "--data", str(data)).returncode == 0
    with Host(data, *WEB, "--passphrase-file", str(words)) as host:
        assert get(host, "/readyz").status_code == 200
        around = Path(f"/proc/{child_of(host)}/environ").read_bytes()
        assert b"PASSPHRASE" not in around
        opened = [os.readlink(link) for link in Path(f"/proc/{child_of(host)}/fd").iterdir()]
        assert not [path for path in opened if path.endswith("host.key")]


def test_an_address_that_is_taken_is_one_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other, pytest.raises(UserError) as told:
        bind(Web(*other.getsockname()))
    assert "choose another address with --web" in str(told.value)
    assert ansim("serve", "--data", str(tmp_path / "data"), "--web", "127.0.0.1").returncode == 2


def test_plain_http_leaves_this_machine_only_when_that_is_said() -> None:
    with pytest.raises(UserError, match="--web-insecure"):
        bind(Web("0.0.0.0", 0))
    for web in (Web("0.0.0.0", 0, (), True), Web("localhost", 0), Web("::1", 0)):
        bind(web).close()
