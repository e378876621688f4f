"""A service manager hears when the server is ready, that its loop goes on, and when it stops; the units and
proxies of docs/examples are what their programs take.
"""

import os
import shutil
import socket
import subprocess
from pathlib import Path

import pytest

from host_tools.host.ledger.ledger import open_ledger
from host_tools.host.systemd import ALIVE, READY, STOPPING, Manager
from tests.kit.host_board import PATIENCE_S, Host

EXAMPLES = Path(__file__).parents[3] / "docs" / "examples"


def test_a_manager_hears_that_the_server_is_ready_alive_and_stopping(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_ledger(tmp_path / "data").close()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "manager"))
        manager.settimeout(PATIENCE_S)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "manager"))
        monkeypatch.setenv("WATCHDOG_USEC", "300000")
        with Host(tmp_path / "data") as host:
            heard = [manager.recv(100)]
            while heard.count(ALIVE) < 2:
                heard.append(manager.recv(100))
            assert host.end() == 0
        manager.settimeout(0)
        while STOPPING not in heard:
            heard.append(manager.recv(100))
    assert heard[0] == READY
    assert set(heard) == {READY, ALIVE, STOPPING}


@pytest.mark.parametrize(
    "around",
    [
        {},
        {"WATCHDOG_USEC": "1000"},
        {"NOTIFY_SOCKET": "/nowhere", "WATCHDOG_USEC": "soon"},
        {"NOTIFY_SOCKET": "/nowhere", "WATCHDOG_USEC": "1000", "WATCHDOG_PID": str(os.getppid())},
    ],
)
def test_a_server_without_a_manager_or_with_one_that_is_gone_serves_as_ever(around: dict[str, str]) -> None:
    manager = Manager(around)
    manager.tell(READY)
    assert manager.watchdog_s is None


def test_a_manager_behind_an_abstract_address_hears_too() -> None:
    name = f"ansim-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(f"\0{name}")
        listening.settimeout(PATIENCE_S)
        Manager({"NOTIFY_SOCKET": f"@{name}"}).tell(READY)
        assert listening.recv(100) == READY


def test_the_units_are_what_systemd_takes(tmp_path: Path) -> None:
    verify = shutil.which("systemd-analyze")
    names = [path.name for path in EXAMPLES.glob("*.service")] + [
        path.name for path in EXAMPLES.glob("*.timer")
    ]
    assert names
    for name in names:
        text = (EXAMPLES / name).read_text().replace("/opt/ansim/bin/ansim", "/bin/true")
        (tmp_path / name).write_text(text)
    if verify is None:  # then at least their sections are there
        assert all("[Unit]" in (tmp_path / name).read_text() for name in names)
        return
    ended = subprocess.run(
        [verify, "verify", "--recursive-errors=no", *(str(tmp_path / name) for name in names)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (0, "")
