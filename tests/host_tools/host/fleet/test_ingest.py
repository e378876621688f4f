"""What boards say becomes parcels, letters and alarms, each event once."""

from pathlib import Path

import pytest

from host_tools.host.fleet.ingest import Received, take
from host_tools.host.kinds import KINDS
from host_tools.host.ledger import tables
from host_tools.host.ledger.database import TransientError
from host_tools.host.ledger.ledger import ENROLLED, Ledger
from host_tools.host.notify.channels.file import FileNotifier
from host_tools.host.parcels import parcels, tickets
from locker.contract import records
from locker.contract.codes import NO_TAIL, pickup_code
from locker.contract.keys import epoch_keys
from tests.kit import post
from tests.kit.host_board import Journal, enrol


def ticket(ledger: Ledger, resident: str = "Kim") -> int:
    return tickets.issue(ledger, resident, "mapo-3").serial


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


def letters(ledger: Ledger) -> list[tuple[str, str]]:
    """Kind and addressee of what is in the outbox, in order."""
    with ledger.reading() as connection:
        rows = connection.execute(tables.outbox.select().order_by(tables.outbox.c.sequence))
        return [(row.kind, "staff" if row.resident is None else "resident") for row in rows]


def held(ledger: Ledger, board: int) -> int:
    """The number of the last event that the ledger holds of a board."""
    with ledger.reading() as connection:
        place = tables.position
        return (
            connection.scalar(
                place.select().with_only_columns(place.c.applied).where(place.c.cabinet == board)
            )
            or 0
        )


def alarms(ledger: Ledger) -> list[str]:
    with ledger.reading() as connection:
        return sorted(connection.scalars(tables.alarm.select().with_only_columns(tables.alarm.c.kind)))


def test_a_parcels_life_is_one_row_and_one_message_and_she_is_told_of_the_opening(ledger: Ledger) -> None:
    board, journal, serial = cabinet(ledger), Journal(), ticket(ledger)
    journal.deposit(7, serial, 1)
    assert take(ledger, [said(board, journal, journal.events)]).applied == [3]
    assert [
        (p.door, p.counter, p.serial, p.resident, p.state, p.flagged) for p in parcels.listing(ledger)
    ] == [(7, 1, serial, "Kim", "waiting", False)]
    assert [t.state for t in tickets.listing(ledger)] == ["used"]
    journal.pickup(7, serial, 1)
    assert take(ledger, [said(board, journal, journal.events[3:])]).applied == [7]
    assert [p.state for p in parcels.listing(ledger)] == ["collected"]
    assert letters(ledger) == [("deposited", "resident"), ("opened", "resident")]
    assert alarms(ledger) == []


def test_the_message_holds_the_code_that_the_board_derives_and_no_other_place_does(
    ledger: Ledger, tmp_path: Path
) -> None:
    made = enrol(ledger)
    known = ledger.enrolled(made.uid)
    assert known is not None
    journal = Journal()
    journal.deposit(7, ticket(ledger), 4)
    take(ledger, [said(known.id, journal, journal.events)])
    notifier = FileNotifier(tmp_path / "messages.jsonl")
    (message,) = post.deliver(ledger, notifier).sent
    post.close(notifier)
    code_key, _, _ = epoch_keys(made.master_secret, made.nonce_host, made.nonce_board, made.board_id, 1)
    code = pickup_code(code_key, made.board_id, 1, 7, 4, 0, NO_TAIL)
    assert f"door 07 · {code[:4]} {code[4:8]} · extra {code[8:]}" in message.text
    assert (message.to, message.contact) == ("Kim", "kim@example.org")
    assert "mapo-3, cabinet 1" in message.text
    kept = b"".join(path.read_bytes() for path in ledger.data.iterdir())
    assert not [part for part in (code, code[:8], message.text) if part.encode() in kept]


def test_an_event_that_comes_again_changes_nothing(ledger: Ledger) -> None:
    board, journal = cabinet(ledger), Journal()
    journal.deposit(7, ticket(ledger), 1)
    for _ in range(3):
        assert take(ledger, [said(board, journal, journal.events)] * 2).applied == [3, 3]
    assert len(parcels.listing(ledger)) == 1
    assert letters(ledger) == [("deposited", "resident")]


def test_events_behind_a_gap_wait_for_what_is_missing(ledger: Ledger) -> None:
    board, journal = cabinet(ledger), Journal()
    journal.deposit(7, ticket(ledger), 1)
    assert take(ledger, [said(board, journal, journal.events[1:])]).applied == [0]
    assert parcels.listing(ledger) == []
    assert take(ledger, [said(board, journal, journal.events[:1])]).applied == [1]
    assert take(ledger, [said(board, journal, [journal.events[1], *journal.events[2:]])]).applied == [3]
    assert held(ledger, board) == 3


def test_numbers_begin_anew_with_an_incarnation(ledger: Ledger) -> None:
    board, first, second = cabinet(ledger), Journal(7), Journal(8)
    first.deposit(7, ticket(ledger), 1)
    second.deposit(7, ticket(ledger), 1)
    take(ledger, [said(board, first, first.events)])
    assert take(ledger, [said(board, second, second.events)]).applied == [3]
    assert len(parcels.listing(ledger)) == 2
    assert letters(ledger) == [("deposited", "resident")] * 2


def test_a_code_that_was_right_is_told_to_her_once_the_door_has_really_opened(ledger: Ledger) -> None:
    board, journal, serial = cabinet(ledger), Journal(), ticket(ledger)
    journal.deposit(7, serial, 1)
    take(ledger, [said(board, journal, journal.events)])
    opened = journal.pickup(7, serial, 1, duress=1)
    for _ in range(2):
        assert take(ledger, [said(board, journal, [opened], urgent=True)]).applied == [3]
        assert letters(ledger)[1:] == []
        assert [p.state for p in parcels.listing(ledger)] == ["waiting"]
    take(ledger, [said(board, journal, journal.events[3:])])
    assert [p.state for p in parcels.listing(ledger)] == ["collected"]
    assert letters(ledger)[1:] == [("opened", "resident")]
    assert alarms(ledger) == []


def test_an_urgent_event_that_is_due_is_applied_and_one_that_came_late_is_not_again(ledger: Ledger) -> None:
    board, journal = cabinet(ledger), Journal()
    bell = journal.add(records.BELL_RUNG)
    assert take(ledger, [said(board, journal, [bell], urgent=True)]).applied == [1]
    assert take(ledger, [said(board, journal, [bell])]).applied == [1]
    assert alarms(ledger) == ["bell"]
    assert letters(ledger) == [("bell", "staff")]


def test_an_urgent_opening_before_its_deposit_is_known_is_told_in_its_turn(ledger: Ledger) -> None:
    board, journal, serial = cabinet(ledger), Journal(), ticket(ledger)
    journal.deposit(7, serial, 1)
    opened = journal.pickup(7, serial, 1)
    take(ledger, [said(board, journal, [opened], urgent=True)])
    assert letters(ledger) == []
    take(ledger, [said(board, journal, journal.events)])
    assert letters(ledger) == [("deposited", "resident"), ("opened", "resident")]


def test_the_duress_letter_of_the_resident_is_the_same_as_any_opening(ledger: Ledger, tmp_path: Path) -> None:
    board, journal = cabinet(ledger), Journal()
    for counter, duress in ((1, 0), (2, 1)):
        serial = ticket(ledger)
        journal.deposit(7, serial, counter)
        journal.pickup(7, serial, counter, duress)
    take(ledger, [said(board, journal, journal.events)])
    notifier = FileNotifier(tmp_path / "messages.jsonl")
    hers = [message.text for message in post.deliver(ledger, notifier).sent if message.kind == "opened"]
    post.close(notifier)
    assert len(hers) == 2
    assert hers[0] == hers[1]


@pytest.mark.parametrize("who", [records.BY_RECALL, records.BY_SERVICE, records.BY_HOST])
def test_she_is_told_that_it_was_staff_who_opened_her_door_and_nobody_is_alarmed(
    ledger: Ledger, who: int
) -> None:
    board, journal, serial = cabinet(ledger), Journal(), ticket(ledger)
    journal.deposit(7, serial, 1)
    journal.add(records.PICKUP_OPENED, 7, who, 1)
    journal.add(records.DOOR_OPENED, 7, 0, 1)
    take(ledger, [said(board, journal, journal.events)])
    assert letters(ledger) == [("deposited", "resident"), ("opened by staff", "resident")]
    assert alarms(ledger) == []


def test_a_withdrawn_parcel_that_stayed_inside_is_a_new_parcel_with_a_message_of_its_own(
    ledger: Ledger,
) -> None:
    board, journal, serial = cabinet(ledger), Journal(), ticket(ledger)
    journal.deposit(7, serial, 1)
    journal.add(records.WITHDRAWN, 7, serial, 1)
    journal.add(records.DEPOSITED, 7, serial, 2)  # the power failed before its door moved
    take(ledger, [said(board, journal, journal.events)])
    assert letters(ledger) == [
        ("deposited", "resident"),
        ("withdrawn", "resident"),
        ("deposited", "resident"),
    ]
    assert [(p.counter, p.state, p.flagged) for p in parcels.listing(ledger)] == [
        (2, "waiting", False),
        (1, "withdrawn", False),
    ]


def test_every_event_of_the_firmware_has_a_name() -> None:
    kinds = {
        name: value for name, value in vars(records).items() if isinstance(value, int) and name.isupper()
    }
    others = {"RECORD_BYTES", "URGENT", "TOLD"} | {
        name for name in kinds if name.startswith(("RESET_", "BY_"))
    }
    events = {value for name, value in kinds.items() if name not in others and value < records.ACKNOWLEDGED}
    assert set(KINDS) == events


def test_a_forced_door_alarms_staff_and_tells_the_resident_whose_parcel_was_behind_it(ledger: Ledger) -> None:
    board, journal = cabinet(ledger), Journal()
    journal.deposit(7, ticket(ledger), 1)
    journal.add(records.DOOR_FORCED, 7, 0, 1)
    journal.add(records.DOOR_FORCED, 8, 0, 0)
    take(ledger, [said(board, journal, journal.events)])
    assert letters(ledger)[1:] == [("forced", "staff"), ("forced", "resident"), ("forced", "staff")]
    assert alarms(ledger) == ["forced", "forced"]


@pytest.mark.parametrize("cut", [4, 6, 7])
def test_a_withdrawn_parcel_frees_its_ticket_for_the_next_deposit_of_the_visit(
    ledger: Ledger, cut: int
) -> None:
    board, journal, serial = cabinet(ledger), Journal(), ticket(ledger)
    journal.deposit(7, serial, 1)
    journal.add(records.WITHDRAWN, 7, serial, 1)
    journal.deposit(9, serial, 1)
    for split in (journal.events[:cut], journal.events[cut:]):
        take(ledger, [said(board, journal, split)])
    assert [(p.door, p.state, p.flagged) for p in parcels.listing(ledger)] == [
        (9, "waiting", False),
        (7, "withdrawn", False),
    ]
    assert letters(ledger) == [
        ("deposited", "resident"),
        ("withdrawn", "resident"),
        ("deposited", "resident"),
    ]
    assert alarms(ledger) == []


def test_a_ticket_used_again_at_a_sibling_is_delivered_and_flagged(ledger: Ledger) -> None:
    here, there, serial = cabinet(ledger, b"uid-01"), cabinet(ledger, b"uid-02"), ticket(ledger)
    for board in (here, there):
        journal = Journal()
        journal.deposit(7, serial, 1)
        take(ledger, [said(board, journal, journal.events)])
    assert [(p.cabinet, p.flagged) for p in parcels.listing(ledger)] == [(2, True), (1, True)]
    assert letters(ledger)[1:] == [
        ("ticket again", "staff"),
        ("label used twice", "resident"),
        ("ticket", "staff"),
        ("used label", "resident"),
    ]


def test_a_deposit_on_an_unknown_or_revoked_ticket_is_kept_and_reported(ledger: Ledger) -> None:
    board, journal, revoked = cabinet(ledger), Journal(), ticket(ledger)
    tickets.revoke(ledger, f"{revoked:05d}")
    journal.deposit(7, revoked, 1)
    journal.deposit(8, (revoked + 1) % 100_000, 1)
    take(ledger, [said(board, journal, journal.events)])
    assert [(p.door, p.resident, p.flagged) for p in parcels.listing(ledger)] == [
        (8, None, True),
        (7, "Kim", True),
    ]
    assert letters(ledger) == [("ticket", "staff"), ("used label", "resident"), ("ticket", "staff")]
    assert [t.state for t in tickets.listing(ledger)] == ["revoked"]


def test_an_event_of_a_kind_from_a_newer_board_is_kept_for_what_it_is(ledger: Ledger) -> None:
    board, journal = cabinet(ledger), Journal()
    journal.add(99, 3, 4, 5)
    assert take(ledger, [said(board, journal, journal.events)]).applied == [1]
    with ledger.reading() as connection:
        row = connection.execute(tables.event.select()).one()
    assert (row.kind, row.door, row.a, row.b) == (99, 3, 4, 5)


def test_a_board_that_speaks_has_confirmed_its_enrolment(ledger: Ledger) -> None:
    board, journal = cabinet(ledger), Journal()
    with ledger.writing() as connection:
        connection.exec_driver_sql("UPDATE cabinet SET state = 'pending'")
    take(ledger, [said(board, journal, [], at_ms=5_000_000)])
    (standing,) = parcels.cabinets(ledger)
    assert (standing.state, standing.seen_ms, standing.boot, standing.build, standing.events) == (
        ENROLLED,
        5_000_000,
        1,
        100,
        0,
    )


@pytest.mark.parametrize("home", ["sqlite"], indirect=True)
def test_nothing_of_a_turn_is_in_the_ledger_when_the_disk_is_full(ledger: Ledger) -> None:
    board, journal = cabinet(ledger), Journal()
    for _ in range(3000):
        journal.add(records.PULSED, 1, 1, 1)
    with ledger.reading() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 2}")
    with pytest.raises(TransientError):
        take(ledger, [said(board, journal, journal.events)])
    assert held(ledger, board) == 0
    with ledger.reading() as connection:
        assert connection.execute(tables.event.select()).all() == []
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 1000}")
    assert take(ledger, [said(board, journal, journal.events)]).applied == [3000]
