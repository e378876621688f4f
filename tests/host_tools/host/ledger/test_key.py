"""The host key at rest: whoever copies the folder needs the passphrase,
and no change of it can lose the key.
"""

import json
import os
import pty
import random
import select
import stat
import sys
import unicodedata
from pathlib import Path

import pytest

from host_tools.errors import UserError
from host_tools.host.ledger import key_file
from host_tools.host.ledger.ledger import open_ledger
from tests.kit.host_board import PATIENCE_S, Host, enrol
from tests.kit.key_changes import CHEAP, NEW, OLD, change_for_ever
from tests.swift import FORKS, ansim


@pytest.fixture
def data(tmp_path: Path) -> Path:
    with open_ledger(tmp_path / "data") as ledger:
        enrol(ledger)
    return tmp_path / "data"


def protect(data: Path, passphrase: str = OLD) -> bytes:
    """Puts the key under a passphrase; the key."""
    key = (data / "host.key").read_bytes()
    key_file.change_key_file(data, lambda: "", lambda: passphrase)
    return key


def test_a_protected_key_rests_nowhere_in_the_folder_and_every_command_wants_its_passphrase(
    data: Path, tmp_path: Path
) -> None:
    key = (data / "host.key").read_bytes()
    ended = ansim("key", "protect", "--data", str(data), typed=OLD + "\n")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert not [
        path for path in data.iterdir() if key in path.read_bytes() or key.hex().encode() in path.read_bytes()
    ]
    assert stat.S_IMODE((data / "host.key").stat().st_mode) == 0o600
    listing = ("cabinet", "list", "--data", str(data))
    refused = ansim(*listing)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "name a file with --passphrase-file, or set $ANSIM_PASSPHRASE" in refused.stderr
    wrong = ansim(*listing, ANSIM_PASSPHRASE="not " + OLD)
    assert (wrong.returncode, wrong.stdout) == (1, "")
    assert (
        wrong.stderr == f"ansim: That passphrase does not open {data / 'host.key'}: check it and try again.\n"
    )
    assert ansim(*listing, ANSIM_PASSPHRASE=OLD).returncode == 0
    (tmp_path / "secret").touch(0o600)
    (tmp_path / "secret").write_text(OLD + "\n")
    assert ansim(*listing, "--passphrase-file", str(tmp_path / "secret")).returncode == 0
    assert ansim(*listing, ANSIM_PASSPHRASE_FILE=str(tmp_path / "secret")).returncode == 0
    (tmp_path / "secret").chmod(0o644)
    assert "chmod 600" in ansim(*listing, "--passphrase-file", str(tmp_path / "secret")).stderr


def test_the_passphrase_is_asked_for_at_a_terminal_and_does_not_show(data: Path) -> None:
    protect(data)
    pid, terminal = pty.fork()
    if pid == 0:
        os.execv(
            sys.executable,
            [sys.executable, "-m", "host_tools", "resident", "add", "Kim", "--data", str(data)],
        )
    shown = b""
    while b"Passphrase of the host key: " not in shown:
        assert select.select([terminal], [], [], PATIENCE_S)[0]
        shown += os.read(terminal, 1024)
    os.write(terminal, OLD.encode() + b"\n")
    while b"Entered Kim" not in shown:
        assert select.select([terminal], [], [], PATIENCE_S)[0]
        shown += os.read(terminal, 1024)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    os.close(terminal)
    assert OLD.encode() not in shown


def test_a_server_starts_with_the_passphrase_of_its_environment(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    protect(data)
    monkeypatch.setenv("ANSIM_PASSPHRASE", OLD)
    with Host(data) as host:
        host.wait_for("listening")
        assert host.end() == 0
    assert OLD.encode() not in host.output


def test_the_passphrase_is_changed_and_taken_off_and_the_key_stays(data: Path) -> None:
    key = protect(data)
    key_file.change_key_file(data, lambda: OLD, lambda: NEW)
    with pytest.raises(UserError, match="does not open"):
        key_file.read_key(data, lambda: OLD)
    decomposed = unicodedata.normalize("NFD", NEW)
    assert decomposed != NEW
    assert key_file.read_key(data, lambda: decomposed) == key  # another keyboard's spelling of the same word
    status = ansim("key", "status", "--json", "--data", str(data))
    assert json.loads(status.stdout) == {"protected": True, "scrypt": {"n": 131072, "r": 8, "p": 1}}
    ended = ansim("key", "unprotect", "--data", str(data), ANSIM_PASSPHRASE=NEW)
    assert ended.returncode == 0
    assert (data / "host.key").read_bytes() == key
    assert json.loads(ansim("key", "status", "--json", "--data", str(data)).stdout) == {
        "protected": False,
        "scrypt": None,
    }


def test_a_short_passphrase_is_refused_and_changes_nothing(data: Path) -> None:
    key = (data / "host.key").read_bytes()
    ended = ansim("key", "protect", "--data", str(data), typed="eleven char\n")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "at least 12 characters" in ended.stderr
    assert (data / "host.key").read_bytes() == key


def test_the_parameters_are_those_of_rfc_7914_and_none_can_be_altered(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(key_file, "COST", CHEAP)
    protect(data)
    written = json.loads((data / "host.key").read_bytes())
    assert (written["kdf"], written["n"], written["r"], written["p"]) == ("scrypt", 4, 1, 1)
    for name, value in (
        ("n", 8),
        ("n", 3),
        ("n", 0),
        ("n", 2**40),
        ("r", 2),
        ("r", 0),
        ("p", 2),
        ("p", 10**6),
        ("salt", "00" * 16),
        ("kdf", "none"),
    ):
        (data / "host.key").write_bytes((json.dumps(written | {name: value}) + "\n").encode())
        with pytest.raises(UserError, match=r"does not open|is damaged"):
            key_file.read_key(data, lambda: OLD)


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b"null", b"\xff" * 33, b'{"n": "x"}', b"{" * 5000])
def test_what_is_no_key_is_said_to_be_damaged(data: Path, content: bytes) -> None:
    (data / "host.key").write_bytes(content)
    with pytest.raises(UserError, match="is damaged"):
        key_file.read_key(data, lambda: OLD)


def test_two_changes_at_once_are_one_and_a_refusal(data: Path) -> None:
    def meanwhile() -> str:
        key_file.change_key_file(data, lambda: OLD, None)
        return OLD

    key = protect(data)
    with pytest.raises(UserError, match="Another command is changing"):
        key_file.change_key_file(data, meanwhile, None)
    assert key_file.read_key(data, lambda: OLD) == key


def test_a_change_that_is_killed_leaves_the_old_key_file_or_the_new_one(data: Path) -> None:
    key = (data / "host.key").read_bytes()
    chance = random.Random(1)
    for _ in range(40):
        before = (data / "host.key").read_bytes()
        process = FORKS.Process(target=change_for_ever, args=(data,))
        process.start()
        while (data / "host.key").read_bytes() == before:  # until it is at work
            assert process.is_alive()
        process.join(chance.uniform(0, 0.01))
        process.kill()
        process.join()
        process.close()
        opened = []
        for which in (OLD, NEW):
            try:
                opened.append(key_file.read_key(data, lambda which=which: which))
            except UserError:
                continue
        assert set(opened) == {key}
