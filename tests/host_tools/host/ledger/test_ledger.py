"""The ledger keeps what it is given, keeps it to itself,
and says in a sentence what is wrong with its file.
"""

import os
import re
import shutil
import sqlite3
import stat
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine

from host_tools.errors import UserError
from host_tools.host.ledger import migrations, tables
from host_tools.host.ledger.data_folder import PRIVATE_FILES, data_folder, serving
from host_tools.host.ledger.database import TransientError
from host_tools.host.ledger.ledger import ENROLLED, PENDING, AlreadyEnrolledError, open_ledger
from host_tools.host.people import residents
from tests.kit.host_board import enrol, enrolment


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "a folder with ? and # and %41 in its name"


def everything_in(data: Path) -> bytes:
    return b"".join(path.read_bytes() for path in data.iterdir())


def test_a_site_keeps_its_identity_and_its_ticket_secret(data: Path) -> None:
    with open_ledger(data) as ledger:
        founded = ledger.site("mapo-3")
        assert ledger.site("mapo-3") == founded
        assert ledger.site("jongno-1") != founded
    with open_ledger(data, create=False) as ledger:
        assert ledger.site("mapo-3") == founded
        assert ledger.sites() == ["jongno-1", "mapo-3"]
    assert (len(founded.site_id), len(founded.ticket_secret)) == (8, 32)


def test_no_secret_rests_in_the_clear(data: Path) -> None:
    with open_ledger(data) as ledger:
        made = enrol(ledger)
        key = ledger.site("mapo-3").ticket_secret
        identity = ledger.identity(made.alias)
    assert identity is not None
    assert identity.master_secret == made.master_secret
    assert made.master_secret not in everything_in(data)
    assert key not in everything_in(data)


def test_a_sealed_secret_opens_only_in_its_own_row(data: Path) -> None:
    with open_ledger(data) as ledger:
        mine, theirs = enrol(ledger, b"uid-01"), enrol(ledger, b"uid-02")
        with ledger.writing() as connection:
            moved = (
                "UPDATE cabinet SET master_secret = (SELECT master_secret FROM cabinet WHERE uid = ?) "
                "WHERE uid = ?"
            )
            connection.exec_driver_sql(moved, (theirs.uid, mine.uid))
        with pytest.raises(UserError, match="same backup"):
            ledger.identity(mine.alias)


def test_a_provisioning_that_was_killed_is_seen_and_can_be_taken_back(data: Path) -> None:
    made = enrolment()
    with open_ledger(data) as ledger:
        assert ledger.enrol(made) == 1
    with open_ledger(data) as ledger:
        known = ledger.enrolled(made.uid)
        assert known is not None
        assert (known.state, known.number, known.site) == (PENDING, 1, "mapo-3")
        with pytest.raises(AlreadyEnrolledError, match="half enrolled"):
            ledger.enrol(enrolment(made.uid))
        ledger.forget(made.uid)
        ledger.forget(made.uid)
        assert ledger.enrolled(made.uid) is None
        assert ledger.enrol(enrolment(made.uid)) == 1


def test_a_confirmed_board_is_in_service_and_is_not_forgotten(data: Path) -> None:
    with open_ledger(data) as ledger:
        made = enrol(ledger)
        ledger.confirm(made.board_id)
        known = ledger.enrolled(made.uid)
        assert known is not None
        assert known.state == ENROLLED
        with pytest.raises(AlreadyEnrolledError, match="in service"):
            ledger.forget(made.uid)
        with pytest.raises(UserError, match="does not know"):
            ledger.confirm(bytes(8))


def test_numbers_are_unique_at_a_site_and_the_lowest_free_one_is_given(data: Path) -> None:
    with open_ledger(data) as ledger:
        assert ledger.enrol(enrolment(b"uid-01", number=2)) == 2
        assert ledger.enrol(enrolment(b"uid-02")) == 1
        assert ledger.enrol(enrolment(b"uid-03")) == 3
        assert ledger.enrol(enrolment(b"uid-04", "jongno-1", 2)) == 2
        with pytest.raises(AlreadyEnrolledError, match="a cabinet 2 already"):
            ledger.enrol(enrolment(b"uid-05", number=2))
        for number in (0, 10_000, -1):
            with pytest.raises(UserError, match="from 1 to 9999"):
                ledger.enrol(enrolment(b"uid-05", number=number))
        assert [(cabinet.site, cabinet.number) for cabinet in ledger.cabinets()] == [
            ("jongno-1", 2),
            ("mapo-3", 1),
            ("mapo-3", 2),
            ("mapo-3", 3),
        ]


def test_a_retired_cabinet_frees_its_chip_and_its_number_and_loses_its_voice(data: Path) -> None:
    with open_ledger(data) as ledger:
        first = enrol(ledger)
        ledger.retire(first.uid)
        assert ledger.enrolled(first.uid) is None
        assert ledger.identity(first.alias) is None
        assert ledger.enrol(enrolment(first.uid)) == 1


@pytest.mark.parametrize("name", ["", " ", "a ", " a", "x" * 65, "a\nb", "a\x1b[2J"])
def test_names_that_no_screen_could_carry_are_refused(data: Path, name: str) -> None:
    with open_ledger(data) as ledger:
        with pytest.raises(UserError, match="printable"):
            ledger.site(name)
        with pytest.raises(UserError, match="printable"):
            residents.add(ledger, name)


def test_only_the_owner_can_look_into_the_folder_whatever_the_umask(data: Path) -> None:
    before = os.umask(0)
    try:
        with open_ledger(data) as ledger, serving(data):
            ledger.site("mapo-3")
            modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in data.iterdir()}
    finally:
        os.umask(before)
    assert stat.S_IMODE(data.stat().st_mode) == 0o700
    assert set(modes) <= set(PRIVATE_FILES)
    assert len(modes) == 5
    assert set(modes.values()) == {0o600}


def test_wide_permissions_are_refused_with_the_cure(data: Path) -> None:
    with open_ledger(data):
        pass
    for path, mode, cure in (
        (data, 0o750, "chmod 700"),
        (data / "ledger.db", 0o640, "chmod 600"),
        (data / "host.key", 0o604, "chmod 600"),
    ):
        before = stat.S_IMODE(path.stat().st_mode)
        path.chmod(mode)
        with pytest.raises(UserError) as refused:
            open_ledger(data)
        assert f"{cure} {path}" in str(refused.value)
        path.chmod(before)
    with open_ledger(data):
        pass


def test_a_missing_or_foreign_key_is_refused_and_never_replaced(data: Path) -> None:
    with open_ledger(data) as ledger:
        made = enrol(ledger)
    key = (data / "host.key").read_bytes()
    (data / "host.key").unlink()
    with pytest.raises(UserError, match="restore it from the backup"):
        open_ledger(data)
    assert not (data / "host.key").exists()
    (data / "host.key").write_bytes(key[:-1])
    (data / "host.key").chmod(0o600)
    with pytest.raises(UserError, match="damaged"):
        open_ledger(data)
    (data / "host.key").write_bytes(bytes(32))
    with open_ledger(data) as ledger, pytest.raises(UserError, match="same backup"):
        ledger.identity(made.alias)


def test_a_ledger_that_was_killed_while_it_was_made_is_finished_by_the_next(data: Path) -> None:
    data.mkdir(mode=0o700)
    (data / "host.key").write_bytes(os.urandom(32))
    (data / "host.key").chmod(0o600)
    with open_ledger(data) as ledger:
        enrol(ledger)
    for path in data.glob("ledger.db*"):
        path.unlink()
    (data / "ledger.db").touch(0o600)
    with open_ledger(data) as ledger:
        enrol(ledger)


def test_a_folder_without_a_ledger_is_not_made_by_looking(data: Path) -> None:
    with pytest.raises(UserError, match="There is no ledger"):
        open_ledger(data, create=False)
    assert not data.exists()
    data.mkdir(mode=0o700)
    shutil.copy("/dev/null", data / "host.key")
    (data / "host.key").write_bytes(bytes(32))
    (data / "host.key").chmod(0o600)
    with pytest.raises(UserError, match="There is no ledger"):
        open_ledger(data, create=False)


def test_a_damaged_file_is_said_to_be_damaged(data: Path) -> None:
    with open_ledger(data) as ledger:
        enrol(ledger)
    (data / "ledger.db").write_bytes(b"no database at all, not even a little one" * 100)
    with pytest.raises(UserError, match="is damaged"):
        open_ledger(data)


def test_a_newer_ledger_and_a_foreign_database_are_left_alone(data: Path) -> None:
    with open_ledger(data):
        pass
    database = sqlite3.connect(data / "ledger.db")
    database.execute("UPDATE alembic_version SET version_num = '9999'")
    database.commit()
    with pytest.raises(UserError, match="newer ansim"):
        open_ledger(data)
    database.executescript("DROP TABLE alembic_version")
    with pytest.raises(UserError, match="not a ledger"):
        open_ledger(data)
    assert database.execute("SELECT count(*) FROM sqlite_master WHERE name = 'cabinet'").fetchone() == (1,)
    database.close()


def test_a_locked_ledger_can_be_read_and_says_why_it_is_not_written(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("host_tools.host.ledger.sqlite._BUSY_S", 0.01)
    with open_ledger(data) as ledger:
        ledger.site("mapo-3")
        other = sqlite3.connect(data / "ledger.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(TransientError, match="locked by another program"):
            ledger.site("jongno-1")
        assert ledger.sites() == ["mapo-3"]
        other.execute("ROLLBACK")
        other.close()
        ledger.site("jongno-1")


def test_a_full_disk_loses_nothing_that_was_there(data: Path) -> None:
    with open_ledger(data) as ledger:
        ledger.site("mapo-3")
        with ledger.reading() as connection:
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
            connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")

        def fill() -> None:
            for number in range(200):
                residents.add(ledger, f"resident {number}", "x" * 60 + "@" + "x" * 60 + ".example")

        with pytest.raises(TransientError, match="is full"):
            fill()
        assert ledger.sites() == ["mapo-3"]
        count = len(residents.everyone(ledger))
    with open_ledger(data) as ledger:
        residents.add(ledger, "one more")
        assert len(residents.everyone(ledger)) == count + 1


def test_a_transaction_that_fails_leaves_nothing(data: Path) -> None:
    with open_ledger(data) as ledger:
        ledger.site("mapo-3")

        def fail() -> None:
            with ledger.writing() as connection:
                connection.exec_driver_sql("DELETE FROM site")
                raise KeyError

        with pytest.raises(KeyError):
            fail()
        assert ledger.sites() == ["mapo-3"]


def test_commits_are_on_the_disk_and_references_are_kept(data: Path) -> None:
    with open_ledger(data) as ledger, ledger.writing() as connection:
        found = [
            connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        ]
    assert found == ["wal", 2, 1]


def test_one_line_of_migrations_leads_to_the_schema_of_this_program() -> None:
    assert migrations.heads() == [tables.SCHEMA]


def test_the_migrations_and_the_tables_say_the_same(data: Path) -> None:
    with open_ledger(data) as ledger, ledger.reading() as connection:
        assert compare_metadata(MigrationContext.configure(connection), tables.metadata) == []
        migrated = _schema(connection)
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        tables.metadata.create_all(connection)
        assert _schema(connection) == migrated
    engine.dispose()


def _schema(connection) -> dict[str, tuple]:
    """Each table's columns, and its constraints and indexes in an order of their own."""
    rows = connection.exec_driver_sql(
        "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name <> 'alembic_version'"
    ).all()
    constraint = re.compile(
        r"(?:CONSTRAINT|CREATE (?:UNIQUE )?INDEX) .*?(?=, *(?:\w+ (?:BIGINT|INTEGER|VARCHAR)|$)|$)",
        re.MULTILINE,
    )
    columns = {
        name: sorted(tuple(row)[1:] for row in connection.exec_driver_sql(f"PRAGMA table_info({name})"))
        for name, _ in rows
    }
    return {name: (columns[name], sorted(constraint.findall(sql.replace("\n)", "")))) for name, sql in rows}


def test_the_folder_is_the_one_given_else_the_environments_else_the_users(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("ANSIM_DATA", str(tmp_path / "a"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "b"))
    assert data_folder(tmp_path / "c") == tmp_path / "c"
    assert data_folder() == tmp_path / "a"
    monkeypatch.delenv("ANSIM_DATA")
    assert data_folder() == tmp_path / "b" / "ansim"
    monkeypatch.delenv("XDG_DATA_HOME")
    assert data_folder() == Path.home() / ".local" / "share" / "ansim"
