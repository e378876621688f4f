"""`ansim doctor` finds what keeps a host from serving, names its cure, and changes nothing."""

import importlib.metadata
import json
import os
import shutil
import socket
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import pytest
from click.testing import CliRunner

from host_tools.cli import ansim
from host_tools.host import doctor
from host_tools.host.connections.presence import Presence
from host_tools.host.ledger.database import now_ms
from host_tools.host.ledger.ledger import open_ledger
from tests.kit.peers import PASSWORD, SECRET, USER, MailServer, Receiver


class Usage(NamedTuple):
    free: int


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    open_ledger(folder).close()
    return folder


def looks(data: Path, *arguments: str, code: int) -> dict[str, dict[str, str]]:
    """What it says under --json, by what was looked at; asserts the exit code."""
    listen = () if "--listen" in arguments else ("--listen", "none")
    ended = CliRunner().invoke(ansim, ["doctor", "--data", str(data), *listen, *arguments, "--json"])
    assert ended.exit_code == code, ended.output
    return {check["of"]: check for check in json.loads(ended.stdout)}


def content(folder: Path) -> dict[str, tuple[int, int, bytes]]:
    found = [
        path for path in folder.rglob("*") if path.is_file() and not path.name.endswith(("-shm", "-wal"))
    ]
    return {path.name: (path.stat().st_mode, path.stat().st_mtime_ns, path.read_bytes()) for path in found}


def test_a_sound_host_is_well_and_nothing_is_changed(data: Path) -> None:
    before = content(data)
    found = looks(data, code=0)
    assert [check["state"] for check in found.values()] == ["ok"] * len(found)
    assert all(check["cure"] == "" for check in found.values())
    assert content(data) == before


def test_a_ledger_in_postgresql_is_looked_at_too(home: Path) -> None:
    with open_ledger(home) as ledger:
        assert looks(home, code=0)["ledger"]["state"] == "ok"
        with ledger.writing() as connection:
            connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    check = looks(home, code=1)["ledger"]
    assert (check["state"], "update ansim" in check["cure"]) == ("wrong", True)


def test_where_there_is_no_ledger_none_is_made(tmp_path: Path) -> None:
    found = looks(tmp_path / "none", code=1)
    assert found["data folder"]["state"] == "wrong"
    assert "ansim provision" in found["data folder"]["cure"]
    assert "ledger" not in found
    assert not (tmp_path / "none").exists()


def write(path: Path, content: bytes) -> None:
    path.write_bytes(content)


def newer(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")


TROUBLES: dict[str, tuple[Callable[[Path], object], str, str]] = {
    "others may enter the folder": (lambda data: data.chmod(0o755), "data folder", "chmod 700"),
    "others may read the key": (lambda data: (data / "host.key").chmod(0o644), "data folder", "chmod 600"),
    "the key is gone": (lambda data: (data / "host.key").unlink(), "host key", "restore it"),
    "the key is damaged": (lambda data: write(data / "host.key", b"x" * 40), "host key", ""),
    "the ledger is damaged": (lambda data: write(data / "ledger.db", b"x" * 8192), "ledger", "backup"),
    "the ledger is of a newer ansim": (lambda data: newer(data / "ledger.db"), "ledger", "update ansim"),
    "the ledger is gone": (lambda data: (data / "ledger.db").unlink(), "ledger", ""),
    "messages go nowhere": (
        lambda data: (data / "messages.jsonl").mkdir(mode=0o700),
        "messages",
        "move it away",
    ),
}


@pytest.mark.parametrize("trouble", TROUBLES)
def test_each_trouble_of_the_folder_is_found_with_its_cure(data: Path, trouble: str) -> None:
    make, of, cure = TROUBLES[trouble]
    make(data)
    check = looks(data, code=1)[of]
    assert check["state"] == "wrong", check
    assert cure in check["found"] + check["cure"], check


@pytest.mark.parametrize(("free", "state", "code"), [(10 << 20, "wrong", 1), (200 << 20, "warning", 0)])
def test_a_disk_that_is_nearly_full_is_told(
    data: Path, monkeypatch: pytest.MonkeyPatch, free: int, state: str, code: int
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(free))
    assert looks(data, code=code)["disk"]["state"] == state


@pytest.mark.parametrize("wrong_ms", [0, -3_600_000])
def test_a_clock_that_is_behind_what_the_ledger_has_heard_is_wrong(
    data: Path, monkeypatch: pytest.MonkeyPatch, wrong_ms: int
) -> None:
    with open_ledger(data) as ledger:
        Presence(ledger).beat(now_ms(), {})
    at_ms = now_ms() + wrong_ms if wrong_ms else 0
    monkeypatch.setattr(doctor, "now_ms", lambda: at_ms)
    check = looks(data, code=1)["clock"]
    assert (check["state"], "NTP" in check["cure"]) == ("wrong", True)


def test_an_address_is_told_that_another_program_has_and_not_that_of_a_server_that_runs(
    data: Path,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        address = f"127.0.0.1:{other.getsockname()[1]}"
        check = looks(data, "--listen", address, code=1)["server"]
        assert "stop the other program" in check["cure"]
        with open_ledger(data) as ledger:
            Presence(ledger).beat(now_ms(), {})
        assert looks(data, "--listen", address, code=0)["server"]["state"] == "ok"


def test_a_port_that_is_not_there_is_told_beside_one_that_is(data: Path) -> None:
    ours, theirs = os.openpty()
    try:
        name = os.ttyname(theirs)
        found = looks(data, "--serial", name, "--rs485", "/dev/ttyNONE", code=1)
    finally:
        os.close(ours)
        os.close(theirs)
    assert found[f"port {name}"]["state"] == "ok"
    assert found["port /dev/ttyNONE"]["state"] == "wrong"


def test_a_package_of_another_version_is_a_warning(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    true = importlib.metadata.version
    monkeypatch.setattr(importlib.metadata, "version", lambda name: "1.0" if name == "click" else true(name))
    check = looks(data, code=0)["packages"]
    assert (check["state"], "click 1.0 instead of" in check["found"]) == ("warning", True)


def test_a_person_reads_a_table_and_a_last_line(data: Path) -> None:
    (data / "host.key").unlink()
    ended = CliRunner().invoke(ansim, ["doctor", "--data", str(data), "--listen", "none"])
    assert "host key" in ended.stdout
    assert "looks found something wrong: host key" in ended.stderr


def test_channels_that_cannot_be_read_are_found(data: Path) -> None:
    path = data / "channels.toml"
    path.write_text('staff = { channel = "here" }\n[here]\nkind = "file"\nfor = ["email"]\n')
    path.chmod(0o644)
    assert "chmod 600" in str(looks(data, code=1)["channels"])
    path.chmod(0o600)
    assert "names here" in looks(data, code=0)["channels"]["found"]
    for text in ("[mail", ""):
        path.write_text(text)
        assert looks(data, code=1)["channels"]["state"] == "wrong"


def test_each_mistake_of_channels_toml_is_a_look_of_its_own(data: Path) -> None:
    path = data / "channels.toml"
    path.write_text('staff = { channel = "mail" }\n[mail]\nkind = "smtp"\nprot = 25\n')
    path.chmod(0o600)
    ended = CliRunner().invoke(ansim, ["doctor", "--data", str(data), "--listen", "none", "--json"])
    found = [(one["found"], one["cure"]) for one in json.loads(ended.stdout) if one["of"] == "channels"]
    assert found == [
        ("[mail] host is missing", 'add host = "mail.example.org"'),
        ("[mail] sender is missing", 'add sender = "ansim@example.org"'),
        ("[mail] prot is no setting of this kind of channel", "is it port?"),
    ]


def table(name: str, kind: str, **settings: object) -> str:
    told = "".join(f"{key} = {json.dumps(value)}\n" for key, value in settings.items())
    return f'[{name}]\nkind = "{kind}"\n{told}'


def test_each_channel_is_tried_without_a_letter(data: Path) -> None:
    with MailServer(data.parent) as server, Receiver() as peer, socket.create_server(("", 0)) as deaf:
        its = {"host": "127.0.0.1", "port": server.port, "user": USER, "sender": "ansim@example.org"}
        its |= {"ca_file": str(server.certificate), "password": PASSWORD}
        url, secret = f"http://127.0.0.1:{peer.port}/", {"secret": SECRET, "allow_private": True}
        tables = {
            "mail": table("mail", "smtp", **its),
            "guess": table("guess", "smtp", **its | {"password": "guess"}),
            "dead": table("dead", "smtp", **its | {"port": 1}),
            "deaf": table("deaf", "smtp", **its | {"port": deaf.getsockname()[1], "timeout_s": 1}),
            "hook": table("hook", "webhook", url=url, **secret),
            "gone": table("gone", "webhook", url="http://127.0.0.1:1/", **secret),
            "program": table("program", "exec", command=["/bin/true"]),
            "none": table("none", "exec", command=["/bin/none"]),
            "text": table("text", "exec", command=["/etc/passwd"]),
            "here": table("here", "file"),
            "away": table("away", "file", path="none/letters.jsonl"),
        }
        path = data / "channels.toml"
        path.write_text('staff = { channel = "here" }\n' + "".join(tables.values()))
        path.chmod(0o600)
        before = content(data)
        found = {of.removeprefix("channel "): one for of, one in looks(data, code=1).items()}
        assert content(data) == before
        assert (server.mails, peer.heard) == ([], [])
    assert {name for name in tables if found[name]["state"] == "ok"} == {"mail", "hook", "program", "here"}
    assert found["guess"]["found"] == "the mail server refuses the user or the password with 535"
    assert found["guess"]["cure"].startswith("mend `user` and `password`")
    assert found["dead"]["cure"].startswith("see `host`, `port` and `security`")
    assert found["deaf"]["found"] == "the mail server said nothing for 1 s"
    assert "see `url`" in found["gone"]["cure"]
    assert "install it" in found["none"]["cure"]
    assert "chmod +x /etc/passwd" in found["text"]["cure"]
    assert "mend `path`" in found["away"]["cure"]


def test_a_site_without_anybody_on_call_is_a_warning_with_its_cure(data: Path) -> None:
    with open_ledger(data) as ledger:
        ledger.site("mapo-3")
    check = looks(data, code=0)["on call"]
    assert (check["state"], check["found"]) == ("warning", "nobody is, from now on, at mapo-3")
    assert "ansim oncall set" in check["cure"]
    assert looks(data, code=0)["stays"]["found"].startswith("1 of 1 sites")


def test_an_address_for_pages_that_is_taken_is_found(data: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        assert "--web" in looks(data, "--web", f"127.0.0.1:{port}", code=1)["pages"]["found"]
    assert looks(data, "--web", f"127.0.0.1:{port}", code=0)["pages"]["state"] == "ok"
    assert "--web-insecure" in str(looks(data, "--web", "0.0.0.0:0", code=1)["pages"])
