"""The ledger in PostgreSQL: one writer at a time, durable commits,
failures as sentences, and hosts that wait for their server.
"""

import asyncio
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, inspect

from host_tools.errors import UserError
from host_tools.host import server
from host_tools.host.connections import links
from host_tools.host.fleet.ingest import Received, take
from host_tools.host.ledger import postgres as postgres_module
from host_tools.host.ledger import tables
from host_tools.host.ledger.database import TransientError
from host_tools.host.ledger.ledger import Ledger, open_ledger
from host_tools.host.notify.channels.file import FileNotifier
from host_tools.host.notify.lines import Lines
from host_tools.host.parcels import parcels, tickets
from host_tools.host.people import residents
from host_tools.host.postman import Desk
from host_tools.link import messages
from locker.contract import records
from tests.host_tools.host.test_kill import check, story, unsent
from tests.kit import post
from tests.kit.host_board import PATIENCE_S, Board, Host, Journal, enrol, was_away_for_a_month
from tests.kit.occurrences import into
from tests.kit.postgres_server import PASSWORD, PostgresServer, keep_in
from tests.swift import ansim


@pytest.fixture
def data(tmp_path: Path, postgres: PostgresServer) -> Path:
    keep_in(tmp_path / "data", postgres.database())
    return tmp_path / "data"


@pytest.fixture
def ledger(data: Path) -> Iterator[Ledger]:
    with open_ledger(data) as opened:
        opened.site("mapo-3")
        residents.add(opened, "Kim")
        yield opened


def test_a_servers_sudden_end_while_boards_talk_loses_nothing_and_doubles_nothing(
    data: Path, ledger: Ledger, postgres: PostgresServer
) -> None:
    chance = random.Random(1)
    enrolled = enrol(ledger)
    was_away_for_a_month(ledger)
    with Board(enrolled, story(ledger, 1, lives=40)) as board, Host(data) as host:
        board.connect(host.address)
        board.meet()
        for _ in range(4):
            for _ in range(chance.randrange(1, 6)):
                board.send_batch()
            board.say(messages.Events(board.journal.events[board.acknowledged : board.acknowledged + 8]))
            board.arrived(chance.uniform(0, 0.02))
            postgres.kill()
            board.say(messages.Events(board.journal.events[board.acknowledged : board.acknowledged + 8]))
            host.wait_for_next("ledger waits")
            postgres.start()
        while board.acknowledged < len(board.journal.events):
            board.send_batch()
        with open_ledger(data) as reopened:
            while unsent(reopened):
                host.listen()
            assert host.end() == 0
            check(data, reopened, board.enrolled, board.journal)
    assert PASSWORD.encode() not in host.output


def test_two_hosts_on_one_database_apply_each_event_once_and_tell_it_once(
    data: Path, ledger: Ledger, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    keep_in(other, (data / "database.url").read_text())
    (other / "host.key").touch(0o600)
    (other / "host.key").write_bytes((data / "host.key").read_bytes())
    made = enrol(ledger)
    known = ledger.enrolled(made.uid)
    assert known is not None
    with ledger.writing() as connection:
        # Nobody was at this cabinet for long.
        connection.execute(tables.cabinet.update().values(letters=100.0))
    journal = story(ledger, 3, lives=30)
    with open_ledger(other) as second, ThreadPoolExecutor(2) as at_once:
        applied = 0
        while applied < len(journal.events):
            said = Received(
                known.id, journal.incarnation, 1, 1, 1_000_000, tuple(journal.events[applied : applied + 8])
            )
            results = [at_once.submit(take, one, [said]) for one in (ledger, second)]
            first, again = (result.result() for result in results)
            assert first.applied == again.applied
            assert len(first.news) + len(again.news) == len(said.records)
            applied = first.applied[0]
        notifiers = [FileNotifier(folder / "messages.jsonl") for folder in (data, other)]
        rounds = [at_once.submit(post.deliver, *who) for who in zip((ledger, second), notifiers, strict=True)]
        sent = [message.id for done in rounds for message in done.result().sent]
        for notifier in notifiers:
            post.close(notifier)
    assert len(sent) == len(set(sent)) == 60
    assert sorted(p.state for p in parcels.listing(ledger)) == ["collected"] * 30


def test_tickets_drawn_at_once_by_many_commands_are_all_different(ledger: Ledger) -> None:
    with ThreadPoolExecutor(4) as at_once:
        drawn = list(at_once.map(lambda _: tickets.issue(ledger, "Kim").serial, range(24)))
    assert len(set(drawn)) == 24


def test_a_writer_waits_for_another_and_then_says_why_it_does_not_write_while_readers_read(
    data: Path, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(postgres_module._SETTINGS, "lock_timeout", "50ms")
    with open_ledger(data) as impatient, ledger.writing() as connection:
        connection.exec_driver_sql("UPDATE site SET name = 'other'")
        assert impatient.sites() == ["mapo-3"]
        with pytest.raises(
            TransientError, match="is being written by another program: try again; nothing was lost"
        ):
            impatient.site("jongno-1")
    assert ledger.sites() == ["other"]


def test_a_reader_sees_one_moment(ledger: Ledger) -> None:
    with ledger.reading() as connection:
        before = connection.execute(tables.site.select()).all()
        ledger.site("jongno-1")
        assert connection.execute(tables.site.select()).all() == before
    assert len(ledger.sites()) == 2


def test_a_commit_is_on_the_servers_disk_when_it_returns(ledger: Ledger, postgres: PostgresServer) -> None:
    with ledger.writing() as connection:
        assert connection.exec_driver_sql("SHOW synchronous_commit").scalar_one() == "on"
        assert connection.exec_driver_sql("SHOW fsync").scalar_one() == "on"
    ledger.site("jongno-1")
    postgres.kill()
    postgres.start()
    with pytest.raises(TransientError):
        ledger.sites()  # the connection that was kept is dead; the next one is a new one
    assert ledger.sites() == ["jongno-1", "mapo-3"]


def test_the_migrations_and_the_tables_say_the_same(ledger: Ledger) -> None:
    with ledger.reading() as connection:
        assert compare_metadata(MigrationContext.configure(connection), tables.metadata) == []
        migrated = indexes(connection)
    assert (
        sum(
            bool(index.get("dialect_options", {}).get("postgresql_where"))
            for found in migrated.values()
            for index in found
        )
        == sum(
            index.dialect_options["postgresql"]["where"] is not None
            for table in tables.metadata.sorted_tables
            for index in table.indexes
        )
        > 0
    )
    with ledger.writing() as connection:
        connection.exec_driver_sql("CREATE SCHEMA straight")
        connection.exec_driver_sql("SET LOCAL search_path = straight")
        tables.metadata.create_all(connection)
        assert indexes(connection) == migrated
        connection.exec_driver_sql("DROP SCHEMA straight CASCADE")


def indexes(connection: Connection) -> dict[str, list]:
    found = inspect(connection)
    return {
        name: sorted(found.get_indexes(name), key=lambda index: index["name"] or "")
        for name in tables.metadata.tables
    }


@pytest.mark.parametrize(
    ("given", "exit_code", "sentence"),
    [
        (
            "postgresql+psycopg://ansim:{wrong}@/postgres?host={folder}",
            1,
            "refuses the user or the password: check the URL",
        ),
        (
            "postgresql://nobody:{wrong}@/postgres?host={folder}",
            1,
            "refuses the user or the password: check the URL",
        ),
        (
            "postgresql+psycopg://ansim:{password}@/nowhere?host={folder}",
            1,
            "database nowhere at {folder} does not exist on that server",
        ),
        ("postgresql+psycopg://ansim:{password}@127.0.0.1:1/postgres", 1, "cannot be reached"),
        ("postgresql+psycopg://ansim:{password}@/postgres?host=/nowhere", 1, "cannot be reached"),
        ("postgresql+psycopg://ansim:{password}@/postgres?host={folder}&frob=1", 1, "cannot be used"),
        ("mysql://ansim:{password}@127.0.0.1/ansim", 2, "is no URL of a database"),
        ("postgresql://ansim:{password}@127.0.0.1:port/ansim", 2, "is no URL of a database"),
        ("{password}", 2, "is no URL of a database"),
        ("", 2, "is no URL of a database"),
    ],
)
def test_what_is_wrong_with_the_database_is_said_in_one_sentence_without_the_password(
    tmp_path: Path, postgres: PostgresServer, given: str, exit_code: int, sentence: str
) -> None:
    names = {"folder": postgres.folder, "password": PASSWORD, "wrong": "another-secret"}
    keep_in(tmp_path / "data", given.format(**names))
    ended = ansim("resident", "add", "Kim", "--data", str(tmp_path / "data"))
    assert (ended.returncode, ended.stdout) == (exit_code, "")
    assert sentence.format(**names) in ended.stderr
    assert len(ended.stderr.splitlines()) == 1
    assert not [secret for secret in (PASSWORD, "another-secret") if secret in ended.stderr]
    # There was never a key that could be restored.
    looked = ansim("resident", "list", "--data", str(tmp_path / "data"))
    assert (looked.returncode, looked.stderr) == (ended.returncode, ended.stderr)


def test_looking_makes_no_ledger_and_a_foreign_or_newer_one_is_left_alone(
    tmp_path: Path, postgres: PostgresServer
) -> None:
    data = tmp_path / "data"
    keep_in(data, postgres.database())
    (data / "host.key").touch(0o600)
    (data / "host.key").write_bytes(bytes(32))
    with pytest.raises(UserError, match="There is no ledger in the PostgreSQL database postgres"):
        open_ledger(data, create=False)
    with open_ledger(data) as ledger, ledger.writing() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(UserError, match="newer ansim"):
        open_ledger(data)
    with ledger.writing() as connection:
        connection.exec_driver_sql("DROP TABLE alembic_version")
    with pytest.raises(UserError, match="not a ledger"):
        open_ledger(data)
    ledger.close()


def test_a_ledger_whose_key_is_gone_gets_no_new_one(ledger: Ledger, data: Path) -> None:
    (data / "host.key").unlink()
    with pytest.raises(UserError, match="restore it from the backup"):
        open_ledger(data)
    assert not (data / "host.key").exists()


def test_a_user_without_rights_is_told_what_it_lacks(
    tmp_path: Path, postgres: PostgresServer, ledger: Ledger
) -> None:
    with ledger.writing() as connection:
        connection.exec_driver_sql("CREATE ROLE guest LOGIN PASSWORD 'guest'")
    keep_in(tmp_path / "guest", postgres.url("postgres", "guest", "guest"))
    with pytest.raises(UserError, match="gives this user no right to its tables"):
        open_ledger(tmp_path / "guest")


def test_the_environment_names_the_database_before_the_folder_does(
    ledger: Ledger, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = (data / "database.url").read_text()
    monkeypatch.setenv("ANSIM_DATABASE", url)
    (data / "database.url").write_text("postgresql://nowhere.invalid/x")
    with open_ledger(data) as opened:
        assert opened.sites() == ["mapo-3"]


def test_a_url_that_others_can_read_is_refused(data: Path) -> None:
    (data / "database.url").chmod(0o644)
    with pytest.raises(UserError, match="chmod 600"):
        open_ledger(data)


def test_a_full_disk_of_the_server_passes_and_loses_nothing(ledger: Ledger) -> None:
    made = enrol(ledger)
    known = ledger.enrolled(made.uid)
    assert known is not None
    journal = Journal()
    journal.add(records.BELL_RUNG)
    said = Received(known.id, journal.incarnation, 1, 1, 1_000_000, tuple(journal.events))
    with ledger.writing() as connection:  # the server raises what a full disk raises
        connection.exec_driver_sql(
            "CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE SQLSTATE '53100'; "
            "END $$;CREATE TRIGGER no_room BEFORE INSERT ON event EXECUTE FUNCTION no_room()"
        )
    with pytest.raises(TransientError, match="has a full disk: try again; nothing was lost"):
        take(ledger, [said])
    with ledger.writing() as connection:
        connection.exec_driver_sql("DROP TRIGGER no_room ON event")
    assert take(ledger, [said]).applied == [1]


def test_a_host_whose_server_is_away_for_long_goes_on_and_takes_nothing_before_it_has_compared_journals(
    data: Path, ledger: Ledger, postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(links, "_REFRESH_ANYWAY_S", 0.0)
    monkeypatch.setattr(server, "_TICK_S", 0.005)
    board = Board(enrol(ledger))
    board.journal.add(records.BELL_RUNG)
    told = []
    notifier = FileNotifier(data / "messages.jsonl")
    host = server.Server(ledger, Lines.single(notifier), into(told), Desk(notifier))

    async def serve() -> None:
        running = asyncio.ensure_future(host.run(server.Settings(("127.0.0.1", 0))))
        address = await until(
            lambda: next(((one["address"], one["port"]) for one in told if one["event"] == "listening"), None)
        )
        board.connect(address)
        await asyncio.to_thread(board.meet)
        postgres.kill()
        await asyncio.to_thread(board.greet)
        board.say(board.report())  # it cannot be compared with the ledger now
        board.say(messages.Events(board.journal.events))
        await until(lambda: any(one["event"] == "ledger waits" for one in told))
        assert not running.done()
        postgres.start()
        assert await asyncio.to_thread(board.answer) == 0
        await asyncio.to_thread(board.send_all)
        host.stop()
        await running

    asyncio.run(serve())
    post.close(notifier)
    board.close()
    assert [one["event"] for one in told].count("bell rung") == 1


def test_a_host_whose_connection_dies_in_a_commit_takes_another_and_says_only_that_it_waits(
    data: Path, ledger: Ledger
) -> None:
    with ledger.writing() as connection:  # each of the first deaths is in the middle of another turn's rows
        connection.exec_driver_sql("CREATE SEQUENCE insertions")
        connection.exec_driver_sql(
            "CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            "IF nextval('insertions') IN (2, 5, 9) THEN PERFORM pg_terminate_backend(pg_backend_pid()); END "
            "IF; RETURN NEW; END $$;CREATE TRIGGER die BEFORE INSERT ON event FOR "
            "EACH ROW EXECUTE FUNCTION die()"
        )
    enrolled = enrol(ledger)
    with Board(enrolled, story(ledger, 4, lives=4)) as board, Host(data) as host:
        board.connect(host.address)
        board.meet()
        board.send_all()
        while unsent(ledger):
            host.listen()
        assert host.end() == 0
    assert len([one for one in host.told if one["event"] == "ledger waits"]) >= 1
    check(data, ledger, board.enrolled, board.journal)


def test_what_the_drivers_note_of_errors_that_they_ignore_is_not_printed() -> None:
    noting = "import logging; import host_tools.host.ledger.ledger; "
    noting += "[logging.getLogger(name).error('ignored') for name in ('psycopg', 'sqlalchemy.pool')]"
    ended = subprocess.run(
        [sys.executable, "-c", noting], capture_output=True, text=True, timeout=PATIENCE_S, check=True
    )
    assert (ended.stdout, ended.stderr) == ("", "")


async def until(found: Callable[[], Any]) -> Any:
    """What is found at last."""
    async with asyncio.timeout(PATIENCE_S):
        while not (what := found()):
            await asyncio.sleep(0)
    return what
