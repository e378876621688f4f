"""Nothing that a board says ends the host: the one record is set aside, and whoever said it goes on."""

import struct
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import exc

from host_tools.cli import ansim
from host_tools.host.fleet import ingest, orders
from host_tools.host.fleet.batch import Batch
from host_tools.host.fleet.ingest import take
from host_tools.host.fleet.orders import Order
from host_tools.host.fleet.received import Received
from host_tools.host.ledger import aside, lookups, tables
from host_tools.host.ledger.database import TransientError, now_ms
from host_tools.host.ledger.ledger import Ledger
from host_tools.host.notify.channels.file import FileNotifier
from host_tools.host.parcels import parcels, tickets
from host_tools.link.messages import Report
from locker.contract import commands, records
from locker.contract.records import Record
from tests.kit import post
from tests.kit.host_board import Journal, enrol

HOUR_MS = 3_600_000


def cabinet(ledger: Ledger, uid: bytes = b"uid-01") -> int:
    enrol(ledger, uid)
    known = ledger.enrolled(uid)
    assert known is not None
    return known.id


def said(
    number: int, journal: Journal, events: list[bytes], at_ms: int = 1_000_000, urgent: bool = False
) -> Received:
    return Received(
        number, journal.incarnation, journal.boot, 100, at_ms, tuple(events), urgent, journal.uptime
    )


def kinds(ledger: Ledger, table: str = "alarm") -> list[str]:
    with ledger.reading() as connection:
        return sorted(
            connection.scalars(
                tables.metadata.tables[table].select().with_only_columns(tables.metadata.tables[table].c.kind)
            )
        )


def deposit(ledger: Ledger, journal: Journal, door: int = 7) -> None:
    journal.deposit(door, tickets.issue(ledger, "Kim").serial, 1)


def fails_on(monkeypatch: pytest.MonkeyPatch, wrong: int, error: Exception) -> None:
    """Records of a kind meet a fault of this program, or one of the database's."""
    apply = Batch._apply

    def faulty(turn: Batch, board: lookups.Board, record: Record, at_ms: int) -> None:
        if record.kind == wrong:
            raise error
        apply(turn, board, record, at_ms)

    monkeypatch.setattr(Batch, "_apply", faulty)


def test_a_record_out_of_its_range_is_set_aside_alone_and_its_board_goes_on(ledger: Ledger) -> None:
    board, journal = cabinet(ledger), Journal()
    journal.add(records.REISSUED, 7, 256, 1)
    deposit(ledger, journal)
    assert take(ledger, [said(board, journal, journal.events)]).applied == [4]
    (kept,) = aside.listing(ledger)
    assert (kept.site, kept.cabinet, kept.number, kept.raw, kept.reason) == (
        "mapo-3",
        1,
        1,
        journal.events[0],
        "a is 256",
    )
    assert [parcel.state for parcel in parcels.listing(ledger)] == ["waiting"]
    assert kinds(ledger) == ["set aside"]
    assert kinds(ledger, "outbox") == ["deposited", "set aside"]
    assert take(ledger, [said(board, journal, journal.events)]).applied == [4]  # once is enough
    assert len(aside.listing(ledger)) == 1


@pytest.mark.parametrize(
    ("kind", "door", "a", "alarm"),
    [
        (records.BELL_RUNG, 200, 1, "bell"),
        (records.TAMPERED, 200, 0, "tamper"),
        (records.DOOR_FORCED, 200, 0, "forced"),
    ],
)
@pytest.mark.parametrize("urgent", [False, True])
def test_what_cries_for_help_is_heard_also_when_it_cannot_be_applied(
    ledger: Ledger, kind: int, door: int, a: int, alarm: str, urgent: bool
) -> None:
    board, journal = cabinet(ledger), Journal()
    if urgent:
        journal.add(records.BOOTED)
    journal.add(kind, door, a, 0)
    taken = take(ledger, [said(board, journal, journal.events[-1:], urgent=urgent)])
    assert alarm in kinds(ledger)
    assert alarm in [news.alarm for news in taken.news]
    assert alarm in kinds(ledger, "outbox")


@pytest.mark.parametrize(
    "error", [KeyError("x"), ValueError("x"), exc.IntegrityError("x", {}, Exception()), OverflowError("x")]
)
def test_a_record_that_this_program_fails_on_is_set_aside_and_nobody_else_notices(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    fails_on(monkeypatch, records.SUPPLY_LOW, error)
    odd, others = cabinet(ledger), [cabinet(ledger, b"uid-%02d" % number) for number in (2, 3)]
    journals = [Journal(7), Journal(8), Journal(9)]
    for journal in journals:
        deposit(ledger, journal)
    journals[0].add(records.SUPPLY_LOW, 7, 3000, 1)
    journals[0].add(records.BELL_RUNG)
    turn = [
        said(board, journal, journal.events) for board, journal in zip((odd, *others), journals, strict=True)
    ]
    assert take(ledger, turn).applied == [5, 3, 3]
    assert len(parcels.listing(ledger)) == 3
    (kept,) = aside.listing(ledger)
    why = (
        "it contradicts what the ledger holds"
        if isinstance(error, exc.IntegrityError)
        else f"fails on it with {type(error).__name__}"
    )
    assert (kept.cabinet, kept.number, why in kept.reason) == (1, 4, True)
    assert kinds(ledger) == ["bell", "set aside", "supply"]
    assert take(ledger, turn).news == []


def test_a_bell_that_this_program_fails_on_is_heard_all_the_same(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    fails_on(monkeypatch, records.BELL_RUNG, KeyError("x"))
    board, journal = cabinet(ledger), Journal()
    journal.add(records.BELL_RUNG)
    assert [news.alarm for news in take(ledger, [said(board, journal, journal.events)]).news] == [
        None,
        "bell",
        "set aside",
    ]
    assert kinds(ledger, "outbox") == ["bell", "set aside"]


def test_a_report_that_this_program_fails_on_is_not_answered_but_told_and_the_others_are_taken(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ingest, "meet", lambda *_: struct.pack("B", 256))
    board, journal = cabinet(ledger), Journal()
    journal.add(records.BELL_RUNG)
    report = said(board, journal, [])._replace(report=object())  # type: ignore[arg-type]
    taken = take(ledger, [report, said(board, journal, journal.events)])
    assert (taken.applied, taken.meetings, [news.alarm for news in taken.news]) == (
        [0, 1],
        {},
        [None, "bell"],
    )
    assert kinds(ledger, "outbox") == ["bell", "unmet"]
    again, an_hour_later = (
        take(ledger, [report._replace(at_ms=report.at_ms + ms)]) for ms in (3_000, HOUR_MS)
    )
    assert [(one.unmet, one.has_letters) for one in (taken, again, an_hour_later)] == [
        ((board,), True),
        ((), False),
        ((board,), True),
    ]


@pytest.mark.parametrize("how", [records.BY_CODE, records.BY_DURESS])
@pytest.mark.parametrize("urgent", [False, True])
def test_a_pickup_that_cannot_be_applied_is_for_dispatchers_to_look_at_whoever_made_it(
    ledger: Ledger, how: int, urgent: bool
) -> None:
    board, journal = cabinet(ledger), Journal()
    if urgent:
        journal.add(records.BOOTED)
    journal.add(records.PICKUP_OPENED, 200, how, 1)
    assert take(ledger, [said(board, journal, journal.events[-1:], urgent=urgent)]).has_pickups
    with ledger.reading() as connection:
        assert connection.execute(tables.pickup.select()).one().how == how
    assert kinds(ledger) == ([] if urgent else ["set aside"])


@pytest.mark.parametrize(
    "wrong", [TransientError("The disk is full."), OSError("x"), exc.OperationalError("x", {}, Exception())]
)
def test_a_full_disk_or_an_absent_database_is_no_boards_fault(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch, wrong: Exception
) -> None:
    fails_on(monkeypatch, records.DEPOSITED, wrong)
    board, journal = cabinet(ledger), Journal()
    deposit(ledger, journal)
    with pytest.raises(Exception, match=r"."):
        take(ledger, [said(board, journal, journal.events)])
    assert aside.listing(ledger) == []
    monkeypatch.undo()
    assert take(ledger, [said(board, journal, journal.events)]).applied == [3]


def test_staff_are_told_of_records_set_aside_once_an_hour_and_cabinet(ledger: Ledger) -> None:
    board, journal = cabinet(ledger), Journal()
    for _ in range(20):
        journal.add(records.REISSUED, 7, 256, 1)
    take(ledger, [said(board, journal, journal.events[:10])])
    take(ledger, [said(board, journal, journal.events[10:19], at_ms=1_000_000 + HOUR_MS - 1)])
    assert kinds(ledger) == ["set aside"]
    take(ledger, [said(board, journal, journal.events[19:], at_ms=1_000_000 + HOUR_MS)])
    assert kinds(ledger) == ["set aside"] * 2
    assert len(aside.listing(ledger)) == 20
    assert aside.mark_seen(ledger) == 20
    assert aside.listing(ledger, unseen=True) == []


def test_times_go_on_behind_a_record_that_was_set_aside(ledger: Ledger) -> None:
    board, journal = cabinet(ledger), Journal()
    journal.add(records.BOOTED)
    take(ledger, [said(board, journal, journal.events)])
    journal.add(records.REISSUED, 7, 256, 1)
    take(ledger, [said(board, journal, journal.events)._replace(uptime=None)])
    with ledger.reading() as connection:
        found = lookups.boards(connection, [(board, 7)])[board, 7]
    assert (found.applied, found.last.boot, found.last.uptime) == (2, 1, 10)


def test_a_letter_that_cannot_be_made_is_held_and_told_and_the_others_leave(
    ledger: Ledger, tmp_path: Path
) -> None:
    board, journal = cabinet(ledger), Journal()
    for door in (1, 2):
        deposit(ledger, journal, door)
    take(ledger, [said(board, journal, journal.events)])
    with ledger.writing() as connection:
        connection.exec_driver_sql("UPDATE outbox SET retry = 256 WHERE door = 1")
    notifier = FileNotifier(tmp_path / "messages.jsonl")
    assert [message.kind for message in post.deliver(ledger, notifier).sent] == ["deposited"]
    assert [message.kind for message in post.deliver(ledger, notifier).sent] == ["unmade letter"]
    assert post.deliver(ledger, notifier) == ([], 0, "")
    post.close(notifier)


def test_an_order_that_no_message_holds_is_impossible_and_told_and_the_next_one_goes(ledger: Ledger) -> None:
    board = cabinet(ledger)
    with ledger.writing() as connection:
        wanted = [Order(commands.BEGIN_EPOCH, 0, 1, 2**32), Order(commands.SET_PATIENCE, 0, 0, 2)]
        orders.queue(connection, board, wanted, now_ms())
    assert orders.next_orders(ledger, [board]) == {}
    assert orders.next_orders(ledger, [board])[board].kind == commands.SET_PATIENCE
    assert kinds(ledger) == ["unmade order"]


def test_no_list_of_what_is_set_aside_tells_that_it_was_duress(ledger: Ledger) -> None:
    enrol(ledger)
    lists = (["link", "aside"], ["link", "aside", "--json"], ["events", "--site", "mapo-3", "--cabinet", "1"])
    shown = []
    for how in (records.BY_CODE, records.BY_DURESS):
        with ledger.writing() as connection:
            connection.execute(tables.aside.delete())
            aside.keep(
                connection,
                1,
                7,
                1,
                records.pack(Record(records.PICKUP_OPENED, 7, 1, 1, 10, how, 1)),
                "it could not be applied",
                1_000,
            )
        shown.append(
            [CliRunner().invoke(ansim, [*command, "--data", str(ledger.data)]).output for command in lists]
        )
    assert shown[0] == shown[1]
    assert "event 1 is set aside (it could not be applied)" in shown[0][2]


def test_of_a_board_that_is_refused_nothing_is_taken_in_the_same_breath_but_its_alarms_are_heard(
    ledger: Ledger,
) -> None:
    here, journal = cabinet(ledger), Journal()
    deposit(ledger, journal)
    bell = journal.add(records.BELL_RUNG)
    copied = Report(
        bytes(8),
        7,
        1,
        len(journal.events) + 1,
        0,
        0,
        1,
        1,
        100,
        journal.uptime,
        int.from_bytes(b"uid-99", "big"),
    )
    told = [
        said(here, journal, [])._replace(report=copied),
        said(here, journal, journal.events),
        said(here, journal, [bell], urgent=True),
    ]
    taken = take(ledger, told)
    assert taken.applied == [0, 0, 0]
    assert taken.meetings[0].fault == "copied"
    assert parcels.listing(ledger) == []
    assert kinds(ledger) == ["bell", "refused"]
    assert kinds(ledger, "event") == []
