"""A backup is whole, of one moment, for nobody else's eyes; what is restored was looked at first;
who was lost gets her parcel back.
"""

import errno
import json
import os
import resource
import shutil
import signal
import sqlite3
import stat
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from host_tools.cli import ansim
from host_tools.errors import UserError
from host_tools.host.fleet.ingest import Received, take
from host_tools.host.ledger import backups, tables
from host_tools.host.ledger.data_folder import KEY, LEDGER, serving
from host_tools.host.ledger.ledger import open_ledger
from host_tools.host.notify.channels.console import ConsoleNotifier
from host_tools.host.notify.notifier import Message
from host_tools.host.parcels import parcels, tickets
from host_tools.host.people import residents
from tests.kit import post
from tests.kit.host_board import Journal, enrol


@pytest.fixture
def data(tmp_path: Path) -> Path:
    with open_ledger(tmp_path / "host") as ledger:
        enrol(ledger)
        residents.add(ledger, "Kim", "kim@example.org")
    return tmp_path / "host"


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    (tmp_path / "shelf").mkdir()
    return tmp_path / "shelf" / "monday.db"


def deposit(data: Path, serial: int, counter: int = 1) -> None:
    journal = Journal()
    journal.deposit(7, serial, counter)
    with open_ledger(data) as ledger:
        take(
            ledger, [Received(1, 7, 1, 100, 1_700_000_000_000, tuple(journal.events), uptime=journal.uptime)]
        )


def run(*arguments: object):
    return CliRunner().invoke(ansim, [str(argument) for argument in arguments])


def test_a_backup_is_for_its_owners_eyes_only_whatever_the_umask_and_holds_no_key(
    data: Path, shelf: Path
) -> None:
    before = os.umask(0)
    try:
        found = backups.back_up(data, shelf)
    finally:
        os.umask(before)
    assert stat.S_IMODE(shelf.stat().st_mode) == 0o600
    assert (found.sites, found.cabinets, found.residents) == (1, 1, 1)
    assert found.in_words() == "1 cabinet, 1 resident, 0 parcels, 0 events"
    assert (data / KEY).read_bytes() not in shelf.read_bytes()
    assert [path.name for path in shelf.parent.iterdir()] == [shelf.name]


def test_a_backup_that_is_taken_while_the_server_writes_is_of_one_moment(data: Path, shelf: Path) -> None:
    stop = threading.Event()

    def write() -> None:
        with open_ledger(data) as ledger:
            number = 0
            while not stop.is_set():
                number += 1
                with ledger.writing() as connection:  # two rows that are always as many
                    for name in (f"a {number}", f"b {number}"):
                        connection.execute(tables.resident.insert().values(name=name, contact="", since_ms=0))

    writer = threading.Thread(target=write)
    writer.start()
    try:
        counts = [backups.back_up(data, shelf.with_name(f"{number}.db")).residents for number in range(5)]
    finally:
        stop.set()
        writer.join()
    assert all(count % 2 == 1 for count in counts)  # Kim, and pairs


def test_the_key_goes_elsewhere_or_nowhere(data: Path, shelf: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="apart"):
        backups.back_up(data, shelf, shelf.with_name(KEY))
    assert not shelf.exists()
    (tmp_path / "safe").mkdir()
    key = tmp_path / "safe" / KEY
    backups.back_up(data, shelf, key)
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    with open_ledger(data) as ledger:
        site = ledger.site("mapo-3")
    found, before = backups.restore(tmp_path / "new", shelf, key)
    assert (found.residents, before) == (1, None)
    with open_ledger(tmp_path / "new", create=False) as ledger:
        assert ledger.site("mapo-3") == site


def test_what_was_restored_is_the_backup_and_the_ledger_before_is_kept(data: Path, shelf: Path) -> None:
    backups.back_up(data, shelf)
    with open_ledger(data) as ledger:
        residents.add(ledger, "Lee")
        open_reader = ledger.reading()
        with open_reader:  # a command beside it
            pass
    _, before = backups.restore(data, shelf)
    with open_ledger(data, create=False) as ledger:
        assert [one.name for one in residents.everyone(ledger)] == ["Kim"]
    assert before is not None
    assert stat.S_IMODE(before.stat().st_mode) == 0o600
    assert stat.S_IMODE((data / LEDGER).stat().st_mode) == 0o600
    backups.restore(data, before)
    with open_ledger(data, create=False) as ledger:
        assert [one.name for one in residents.everyone(ledger)] == ["Kim", "Lee"]


@pytest.mark.parametrize("harm", ["cut", "torn", "text", "other", "newer", "key"])
def test_what_cannot_be_the_ledger_changes_nothing(data: Path, shelf: Path, harm: str) -> None:
    backups.back_up(data, shelf)
    if harm == "cut":
        os.truncate(shelf, 3 * 4096)
    elif harm == "torn":
        content = bytearray(shelf.read_bytes())
        content[4096 : 8 * 4096] = os.urandom(7 * 4096)
        shelf.write_bytes(content)
    elif harm == "text":
        shelf.write_text("a letter to my aunt\n" * 1000)
    elif harm in ("other", "newer"):
        with closing(sqlite3.connect(shelf)) as connection:
            connection.execute(
                "DROP TABLE parcel" if harm == "other" else "UPDATE alembic_version SET version_num = '9999'"
            )
            connection.commit()
    else:
        (data / KEY).write_bytes(os.urandom(32))
    before = {path.name: path.read_bytes() for path in data.iterdir()}
    with pytest.raises(UserError):
        backups.restore(data, shelf)
    assert {path.name: path.read_bytes() for path in data.iterdir()} == before


def test_a_running_server_is_not_restored_under(data: Path, shelf: Path) -> None:
    backups.back_up(data, shelf)
    with serving(data), pytest.raises(UserError, match="Another `ansim serve`"):
        backups.restore(data, shelf)


def test_an_older_ledger_can_be_restored_and_is_brought_up_to_date(
    tmp_path: Path, shelf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from host_tools.host.ledger import migrations

    upgrade = migrations.upgrade
    monkeypatch.setattr(migrations, "upgrade", lambda connection: upgrade(connection, "0002"))
    with open_ledger(tmp_path / "old"):
        pass
    backups.back_up(tmp_path / "old", shelf)
    monkeypatch.setattr(migrations, "upgrade", upgrade)
    assert backups.restore(tmp_path / "old", shelf)[0].schema == "0002"
    with open_ledger(tmp_path / "old", create=False) as ledger:
        assert residents.everyone(ledger) == []


def test_a_ledger_in_postgresql_is_left_to_its_own_tools(
    data: Path, shelf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(data / LEDGER, shelf)
    monkeypatch.setenv("ANSIM_DATABASE", "postgresql+psycopg://ansim:s3cret@nowhere.invalid/ansim")
    for action, tool in (
        (lambda: backups.back_up(data, shelf), "pg_dump"),
        (lambda: backups.restore(data, shelf), "pg_restore"),
    ):
        with pytest.raises(UserError, match=tool) as told:
            action()
        assert "s3cret" not in str(told.value)


def test_the_commands_say_what_they_did_and_a_dry_run_does_nothing(data: Path, shelf: Path) -> None:
    assert json.loads(run("backup", shelf, "--data", data, "--dry-run", "--json").stdout)["dry_run"]
    assert not shelf.exists()
    assert "kept elsewhere" in run("backup", shelf, "--data", data).stdout
    assert "there already" in str(run("backup", shelf, "--data", data).exception)
    before = {path.name: path.read_bytes() for path in data.iterdir()}
    assert "can be restored" in run("restore", shelf, "--data", data, "--dry-run").stdout
    assert {path.name: path.read_bytes() for path in data.iterdir()} == before
    assert json.loads(run("restore", shelf, "--data", data, "--json").stdout)["cabinets"] == 1


def test_a_parcel_whose_ticket_the_restored_ledger_does_not_know_is_assigned_to_its_resident(
    data: Path, shelf: Path
) -> None:
    backups.back_up(data, shelf)
    with open_ledger(data) as ledger:
        serial = tickets.issue(ledger, "Kim").serial
    backups.restore(data, shelf)
    deposit(data, serial)
    place = ("--site", "mapo-3", "--cabinet", 1, "--door", 7, "--resident", "Kim", "--data", data)
    with open_ledger(data) as ledger:
        assert [one.resident for one in parcels.listing(ledger)] == [None]
        sent: list[Message] = []
        post.deliver(ledger, ConsoleNotifier(sent.append))
        assert [message.to for message in sent] == ["staff"]
    assert "Would" in run("parcel", "assign", *place, "--dry-run").stdout
    assert json.loads(run("parcel", "assign", *place, "--json").stdout)["resident"] == "Kim"
    with open_ledger(data) as ledger:
        (parcel,) = parcels.listing(ledger)
        assert (parcel.resident, parcel.flagged) == ("Kim", False)
        sent.clear()
        post.deliver(ledger, ConsoleNotifier(sent.append))
    (letter,) = sent
    assert (letter.to, letter.kind) == ("Kim", "deposited")
    assert "door 07 ·" in letter.text
    assert "has a resident" in str(run("parcel", "assign", *place).exception)


def test_a_place_that_cannot_be_written_is_one_sentence_and_leaves_nothing(
    data: Path, shelf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UserError, match="make it first"):
        backups.back_up(data, shelf.parent / "nowhere" / "monday.db")
    shelf.write_text("of last week")
    with pytest.raises(UserError, match="name a new file"):
        backups.back_up(data, shelf)
    assert shelf.read_text() == "of last week"
    shelf.unlink()

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as disk:
        disk.setattr(os, "fsync", full)
        with pytest.raises(UserError, match="the disk is full"):
            backups.back_up(data, shelf)
    assert list(shelf.parent.iterdir()) == []


def test_a_shelf_that_is_full_or_of_somebody_else_is_one_sentence(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = os.open
    for number, words in ((errno.EACCES, "Permission denied"), (errno.EROFS, "Read-only")):

        def refuse(path: Any, *more: Any, number: int = number, words: str = words, **how: Any) -> int:
            if "shelf" in str(path):
                raise OSError(number, words)
            return opened(path, *more, **how)

        (tmp_path / "shelf").mkdir(exist_ok=True)
        with monkeypatch.context() as place:
            place.setattr(os, "open", refuse)
            with pytest.raises(UserError, match=f"cannot be written \\({words}\\)"):
                backups.back_up(data, tmp_path / "shelf" / "monday.db")
        assert list((tmp_path / "shelf").iterdir()) == []


def test_a_disk_that_fills_while_the_copy_is_made_leaves_no_part_of_it(data: Path, tmp_path: Path) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    (tmp_path / "shelf").mkdir()
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (8192, before[1]))
    try:
        with pytest.raises(UserError) as told:
            backups.back_up(data, tmp_path / "shelf" / "monday.db")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert told.value.message
    assert list((tmp_path / "shelf").iterdir()) == []


def test_a_key_that_cannot_be_copied_leaves_no_backup_that_is_taken_for_one(
    data: Path, shelf: Path, tmp_path: Path
) -> None:
    (tmp_path / "safe").mkdir()
    key = tmp_path / "safe" / KEY
    key.write_text("another key")
    with pytest.raises(UserError, match="there already"):
        backups.back_up(data, shelf, key)
    assert not shelf.exists()
    assert key.read_text() == "another key"
    with pytest.raises(UserError, match="make it first"):
        backups.back_up(data, shelf, tmp_path / "nowhere" / KEY)
    assert not shelf.exists()
