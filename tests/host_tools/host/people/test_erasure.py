"""An erasure leaves neither name nor contact anywhere: the database's files, its log, files of messages,
and a backup that is restored later. The audit verifies.
"""

import asyncio
import contextlib
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from host_tools.errors import UserError
from host_tools.host.accounts import audit
from host_tools.host.ledger import backups, tables
from host_tools.host.ledger.actors import Actor
from host_tools.host.ledger.data_folder import ERASURES, MESSAGES
from host_tools.host.ledger.ledger import Ledger, open_ledger
from host_tools.host.notify import spooled
from host_tools.host.notify.channels import FileNotifier
from host_tools.host.notify.notifier import Message
from host_tools.host.parcels import parcels, tickets
from host_tools.host.people import changes, erasure, residents, retention, spools
from host_tools.host.people.contacts import Contact
from tests.kit.host_board import enrol
from tests.kit.letter_site import DOOR, Site
from tests.kit.postgres_server import PostgresServer

AT_MS = 1_900_000_000_000
DAY_MS = 86_400_000
NAME = "Zephyrine Quagmire"
OTHER = "Lee"
SECRETS = [NAME, "zephyrine@example.org", "+821099887766", "flat 4711x"]


@pytest.fixture
def ledger(home: Path) -> Iterator[Ledger]:
    with open_ledger(home) as opened:
        yield opened


def live(ledger: Ledger) -> Site:
    """She has lived here: letters, contacts that changed, another name before, parcels that have ended."""
    site = Site(ledger)
    residents.rename(ledger, "Kim", None, NAME, "flat 4711x")
    with ledger.writing() as connection:
        her = residents.find(connection, NAME)
        its = [Contact("zephyrine@example.org", True), Contact("+821099887766", False)]
        changes.contacts.put(connection, her.id, its, AT_MS)
        changes.ask_contacts(connection, ledger, her.id, its[:1], AT_MS, "resident contact remove")
        audit.note(connection, ledger, "parcel recall", resident=her.id, text=f"{NAME} called")
    residents.set_tail(ledger, NAME, "37")
    residents.add(ledger, OTHER, "lee@example.org")
    board = site.board()
    serial = tickets.issue(ledger, NAME, "mapo-3").serial
    site.boards[board].deposit(DOOR, serial, 1)
    site.boards[board].pickup(DOOR, serial, 1)
    site.hear(board)
    spool(ledger.data, [("a1", f"{NAME} (flat 4711x)", ""), ("b2", OTHER, ""), ("c3", "x", SECRETS[1])])
    return site


def spool(data: Path, lines: list[tuple[str, str, str]]) -> None:
    with (data / MESSAGES).open("a") as file:
        for id_, to, contact in lines:
            message = Message(id_, to, contact, "deposited", f"for {to}", heard="2023-11-14T22:13:20.000Z")
            file.write(json.dumps(message._asdict()) + "\n")
    (data / MESSAGES).chmod(0o600)


def bytes_of(data: Path, postgres: PostgresServer | None) -> bytes:
    """All that lies on the disk of a host, and of its database but for the server's own log."""
    found = [path.read_bytes() for path in data.rglob("*") if path.is_file()]
    if postgres is not None:
        for path in (postgres.folder / "data" / "base").rglob("*"):
            # The server removes files of its own meanwhile: what is gone holds nothing.
            with contextlib.suppress(FileNotFoundError, IsADirectoryError):
                found.append(path.read_bytes())
    return b"\n".join(found)


def traces(data: Path, postgres: PostgresServer | None = None) -> list[str]:
    raw = bytes_of(data, postgres)
    return [secret for secret in SECRETS if secret.encode() in raw]


@pytest.fixture
def server(request: pytest.FixtureRequest, home: Path) -> PostgresServer | None:
    return request.getfixturevalue("postgres") if (home / "database.url").exists() else None


def test_nothing_on_the_disk_holds_her_name_or_contact_any_more(
    ledger: Ledger, home: Path, server: PostgresServer | None
) -> None:
    live(ledger)
    if server is not None:
        with ledger.writing() as connection:
            connection.exec_driver_sql("CHECKPOINT")  # else it is in the server's memory alone
    assert traces(home, server) == SECRETS
    ledger.actor = Actor(os_user="dae", reason="request", text=f"{NAME} moves to flat 4711x")
    done = erasure.erase(ledger, NAME, None, AT_MS, files=spooled.files(ledger.data))
    assert (done.lines, done.audit_rows > 4, done.letters > 0) == (2, True, True)
    assert traces(home, server) == []
    assert [one.name for one in residents.everyone(ledger)] == [OTHER]
    assert [one.resident for one in parcels.listing(ledger)] == [None]
    assert [one.wrong for one in audit.verify(ledger)] == [None]
    assert "b2" in (home / MESSAGES).read_text()
    with pytest.raises(UserError, match="no resident of that name"):
        erasure.erase(ledger, NAME, None, AT_MS, files=spooled.files(ledger.data))
    residents.add(ledger, NAME, unit="flat 4711x")
    assert len(residents.everyone(ledger)) == 2


def test_a_server_that_reads_meanwhile_does_not_keep_her_in_the_log(tmp_path: Path) -> None:
    with open_ledger(tmp_path / "data") as ledger, open_ledger(tmp_path / "data") as server:
        live(ledger)
        with server.reading() as connection:
            connection.execute(tables.resident.select()).all()
        erasure.erase(ledger, NAME, None, AT_MS, files=spooled.files(ledger.data))
        assert traces(ledger.data) == []
        assert (ledger.data / "ledger.db-wal").stat().st_size == 0


def test_a_backup_that_is_restored_later_is_erased_anew(tmp_path: Path) -> None:
    data, backup = tmp_path / "data", tmp_path / "monday.db"
    with open_ledger(data) as ledger:
        live(ledger)
    backups.back_up(data, backup)
    with open_ledger(data) as ledger:
        erasure.erase(ledger, NAME, None, AT_MS, files=spooled.files(ledger.data))
    assert traces(data) == []
    backups.restore(data, backup)
    assert traces(data) == SECRETS
    with open_ledger(data) as ledger:
        assert erasure.reapply(ledger, AT_MS + DAY_MS) == 1
        assert erasure.reapply(ledger, AT_MS + DAY_MS) == 0
        assert traces(data) == []
        assert [one.wrong for one in audit.verify(ledger)] == [None]
        assert [one.name for one in residents.everyone(ledger)] == [OTHER]


def test_restore_erases_anew_by_itself(tmp_path: Path) -> None:
    from click.testing import CliRunner

    from host_tools.cli import ansim

    data, backup = tmp_path / "data", tmp_path / "monday.db"
    with open_ledger(data) as ledger:
        live(ledger)
    backups.back_up(data, backup)
    typed = ["resident", "erase", NAME, "--data", str(data), "--json"]
    assert json.loads(CliRunner().invoke(ansim, [*typed, "--dry-run"]).stdout)["dry_run"]
    assert json.loads(CliRunner().invoke(ansim, typed).stdout)["copies"] == []
    ended = CliRunner().invoke(ansim, ["restore", str(backup), "--data", str(data)])
    assert "1 residents of it were erased since, and are erased anew." in ended.stdout
    assert traces(data) == []


def test_the_files_of_channels_are_looked_through_too(tmp_path: Path) -> None:
    (tmp_path / "channels.toml").write_text(
        'staff = { channel = "mail", address = "x" }\n'
        '[mail]\nkind = "file"\npath = "mail.jsonl"\nfor = ["*"]\n'
    )
    (tmp_path / "channels.toml").chmod(0o600)
    assert [path.name for path in spooled.files(tmp_path)] == [MESSAGES, "mail.jsonl"]


def test_a_resident_who_came_later_with_her_number_is_not_taken_for_her(tmp_path: Path) -> None:
    data, backup = tmp_path / "data", tmp_path / "first.db"
    with open_ledger(data) as ledger:
        enrol(ledger)
    backups.back_up(data, backup)
    with open_ledger(data) as ledger:
        residents.add(ledger, NAME)
        erasure.erase(ledger, NAME, None, AT_MS, files=spooled.files(ledger.data))
    backups.restore(data, backup)
    with open_ledger(data) as ledger:
        other = residents.add(ledger, OTHER)
        with ledger.writing() as connection:
            connection.execute(tables.resident.update().values(since_ms=AT_MS))
        assert other.id == 1
        assert erasure.reapply(ledger, AT_MS) == 0
    written = (data / ERASURES).read_text()
    assert NAME not in written
    assert json.loads(written.split()[0] if "{" not in written else written.strip())["resident"] == 1


def test_she_is_not_erased_while_something_waits_for_her(ledger: Ledger) -> None:
    site = Site(ledger)
    board = site.board()
    serial = site.serial()
    with pytest.raises(UserError, match="ansim ticket revoke"):
        erasure.erase(ledger, "Kim", None, AT_MS, files=())
    site.boards[board].deposit(DOOR, serial, 1)
    site.hear(board)
    with pytest.raises(UserError, match="ansim parcel recall"):
        erasure.erase(ledger, "Kim", None, AT_MS, files=())
    assert not (ledger.data / ERASURES).exists()


def test_every_row_that_names_a_resident_has_an_end() -> None:
    keys = {
        (table.name, key.parent.name)
        for table in tables.metadata.tables.values()
        for key in table.foreign_keys
        if key.column.table is tables.resident
    }
    assert keys == set(erasure.OF_HERS), "people/erasure.py: say what becomes of it"


def test_no_line_that_a_server_appends_meanwhile_is_lost_or_repeated(tmp_path: Path) -> None:
    path = tmp_path / "messages.jsonl"
    notifier = FileNotifier(path)
    count = 60

    def append() -> None:
        for number in range(count):
            message = Message(f"{number:032x}", "hers" if number % 3 else "other", "", "k", "t")
            asyncio.run(notifier.deliver([message]))

    thread = threading.Thread(target=append)
    thread.start()
    while thread.is_alive():
        spools.take_out(path, lambda told: told["to"] == "hers")
    thread.join()
    spools.take_out(path, lambda told: told["to"] == "hers")
    ids = [json.loads(line)["id"] for line in path.read_text().splitlines()]
    assert ids == [f"{number:032x}" for number in range(0, count, 3)]
    asyncio.run(notifier.close())


def test_after_thirty_days_nobody_can_say_whose_a_parcel_was(ledger: Ledger) -> None:
    site = Site(ledger)
    board = site.board()
    serial = site.serial()
    site.boards[board].deposit(DOOR, serial, 1)
    site.boards[board].pickup(DOOR, serial, 1)
    site.hear(board)
    spool(ledger.data, [("a1", "Kim", "")])
    with ledger.reading() as connection:
        ended_ms = connection.execute(tables.parcel.select()).one().ended_ms
    assert retention.apply(ledger, spooled.files(ledger.data), ended_ms + 30 * DAY_MS) == (0, 0, 0)
    done = retention.apply(ledger, spooled.files(ledger.data), ended_ms + 30 * DAY_MS + 1)
    assert done.parcels == 1
    assert [one.resident for one in parcels.listing(ledger)] == [None]
    later = max(AT_MS, site.heard_ms) + 200 * DAY_MS
    retention.apply(ledger, spooled.files(ledger.data), later)
    assert [one.resident for one in tickets.listing(ledger)] == [None]
    with ledger.reading() as connection:
        assert not [row for row in connection.execute(tables.outbox.select()) if row.resident is not None]
    assert (ledger.data / MESSAGES).read_text() == ""
    assert len(residents.everyone(ledger)) == 1
    assert retention.apply(ledger, spooled.files(ledger.data), later) == (0, 0, 0)


def test_what_waits_is_kept_however_long(ledger: Ledger) -> None:
    site = Site(ledger)
    board = site.board()
    site.boards[board].deposit(DOOR, site.serial(), 1)
    site.hear(board)
    assert retention.apply(ledger, spooled.files(ledger.data), AT_MS + 400 * DAY_MS) == (0, 0, 0)
    assert [one.resident for one in parcels.listing(ledger)] == ["Kim"]


@pytest.mark.parametrize("text", ["retention_days = 0", "retention_days = true", "retention_days = 'x'", "]"])
def test_a_setting_that_is_none_gets_one_sentence(tmp_path: Path, text: str) -> None:
    assert retention.days_of(tmp_path) == 30
    (tmp_path / "settings.toml").write_text("retention_days = 7")
    assert retention.days_of(tmp_path) == 7
    (tmp_path / "settings.toml").write_text(text)
    with pytest.raises(UserError, match="retention_days"):
        retention.days_of(tmp_path)
