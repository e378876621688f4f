"""What people are told of a parcel: when its door has really opened,
what they hold who fear, and nothing of a silent alarm.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from host_tools.host.fleet import orders
from host_tools.host.fleet.ingest import Received, take
from host_tools.host.ledger import help_numbers, tables
from host_tools.host.ledger.ledger import open_ledger
from host_tools.host.notify import dispatch, letters
from host_tools.host.notify.channels.file import FileNotifier
from host_tools.host.notify.log import of_change
from host_tools.host.parcels import parcels, tickets
from locker.contract import commands, records
from tests.kit import post
from tests.kit.host_board import Journal
from tests.kit.letter_site import DOOR, HELP, START_MS, Broken, Paper, Site
from tests.kit.letter_texts import letter_texts


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with open_ledger(tmp_path / "data") as ledger:
        yield Site(ledger)


def waiting(site: Site) -> tuple[int, Journal]:
    """A cabinet with her parcel in it, of which she has been told."""
    board = site.board()
    site.boards[board].deposit(DOOR, site.serial(), 1)
    site.hear(board)
    assert [kind for kind, _ in site.hers()] == ["deposited"]
    return board, site.boards[board]


# Under duress


@pytest.mark.parametrize("how", [records.BY_CODE, records.BY_DURESS])
def test_an_opening_wakes_the_post_when_there_is_a_letter_and_a_silent_alarm_wakes_it_never(
    site: Site, how: int
) -> None:
    board, journal = waiting(site)
    copy = journal.add(records.PICKUP_OPENED, DOOR, how, 1)
    taken = site.hear_copy(board, copy)
    assert (taken.has_letters, taken.has_pickups, len(taken.news)) == (False, True, 1)
    journal.add(records.DOOR_OPENED, DOOR, 0, 1)
    taken = site.hear(board)
    assert (taken.has_letters, taken.has_pickups, len(taken.news)) == (True, False, 1)


def test_a_pickup_under_duress_leaves_the_same_rows_letters_and_lines_as_any_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    for how in (records.BY_CODE, records.BY_DURESS):
        drawn = iter(range(1, 100_000))
        monkeypatch.setattr("os.urandom", lambda count, drawn=drawn: next(drawn).to_bytes(count, "big"))
        monkeypatch.setattr(
            "host_tools.host.parcels.tickets.randbelow", lambda limit, drawn=drawn: next(drawn) % limit
        )
        monkeypatch.setattr("time.time_ns", lambda: START_MS * 1_000_000)
        with open_ledger(tmp_path / str(how)) as ledger:
            site = Site(ledger)
            board, journal = waiting(site)
            lines = []
            copy = journal.pickup(DOOR, 1, 1, how)
            for taken in (site.hear_copy(board, copy), site.hear(board)):
                lines += [of_change(news, "mapo-3", 1).in_words() for news in taken.news]
            told = site.letters()
            post.dispatched(ledger, Paper())
            rows = {name: row for name, row in site.dump().items() if name not in ("site", "cabinet")}
            seen.append((lines, told, rows))
    assert seen[0] == seen[1]


def test_dispatchers_alone_are_told_and_are_told_again_until_it_has_arrived(
    site: Site, tmp_path: Path
) -> None:
    board, journal = waiting(site)
    site.hear_copy(board, journal.pickup(DOOR, 1, 1, records.BY_DURESS))
    assert post.dispatched(site.ledger, Broken()).failed
    notifier = FileNotifier(tmp_path / "dispatcher.jsonl")
    for _ in range(3):
        assert post.dispatched(site.ledger, notifier) == dispatch.Left()
    post.close(notifier)
    (line,) = [json.loads(line) for line in (tmp_path / "dispatcher.jsonl").read_text().splitlines()]
    assert line["text"].startswith("Silent alarm: door 07 at mapo-3, cabinet 1 was opened under duress.")
    assert (tmp_path / "dispatcher.jsonl").stat().st_mode & 0o777 == 0o600
    assert line["heard"] == "2023-11-14T22:13:20.000Z"
    site.hear(board)
    assert "duress" not in json.dumps([message._asdict() for message in site.letters()])


def test_an_alarm_that_the_channel_does_not_take_keeps_no_letter_back(site: Site) -> None:
    board, journal = waiting(site)
    journal.pickup(DOOR, 1, 1, records.BY_DURESS)
    site.hear(board)
    assert post.dispatched(site.ledger, Broken()).failed
    assert [kind for kind, _ in site.hers()] == ["opened"]


# A door that opens, and one that does not


def test_a_jam_is_told_as_one_and_never_as_an_opening(site: Site) -> None:
    board, journal = waiting(site)
    journal.add(records.PICKUP_OPENED, DOOR, 0, 1)
    jam = journal.add(records.DOOR_JAMMED, DOOR, 0, 1)
    for _ in range(2):
        site.hear_copy(board, jam)
        site.hear(board)
    ((kind, text),) = site.hers()
    assert kind == "stuck"
    assert "Your code stays good" in text
    assert "staff have been told" in text
    journal.add(records.DOOR_OPENED, DOOR, 0, 1)  # somebody pulled
    site.hear(board)
    assert [kind for kind, _ in site.hers()] == ["opened at last"]


def test_a_door_that_staff_have_freed_is_told_as_mended_while_her_parcel_is_behind_it(site: Site) -> None:
    board, journal = waiting(site)
    for kind, a in ((records.PICKUP_OPENED, 0), (records.DOOR_JAMMED, 0), (records.STILL_INSIDE, 1)):
        journal.add(kind, DOOR, a, 1)
    site.hear(board)
    assert [kind for kind, _ in site.hers()] == ["stuck"]
    for kind, a in (
        (records.PICKUP_OPENED, records.BY_SERVICE),
        (records.DOOR_OPENED, 0),
        (records.STILL_INSIDE, 1),
    ):
        journal.add(kind, DOOR, a, 1)
        site.hear(board)
    assert [kind for kind, _ in site.hers()] == ["opened by staff", "mended"]
    for kind in (records.PICKUP_OPENED, records.DOOR_OPENED, records.STILL_INSIDE):
        journal.add(kind, DOOR, 0, 1)
    site.hear(board)
    assert [kind for kind, _ in site.hers()] == ["opened"]


def test_her_next_try_that_opens_says_that_the_door_moves_again(site: Site) -> None:
    board, journal = waiting(site)
    for kind in (
        records.PICKUP_OPENED,
        records.DOOR_JAMMED,
        records.STILL_INSIDE,
        records.PICKUP_OPENED,
        records.DOOR_OPENED,
    ):
        journal.add(kind, DOOR, 0, 1)
    journal.add(records.COLLECTED, DOOR, 1, 1)
    site.hear(board)
    assert [kind for kind, _ in site.hers()] == ["stuck", "opened at last"]


def test_no_text_claims_what_a_dead_contact_may_have_made_up() -> None:
    hers = letter_texts("resident")
    # It reads open: the code did it, and if not, she knows whom to call.
    assert "was opened" not in hers["opened"]
    assert "it did not open for you" in hers["opened"]
    assert "did not see it move" in hers["stuck"]  # it reads shut: she may stand before the open door
    assert "If you have your parcel" in hers["stuck"]
    assert "reports" in hers["forced"]
    assert "If your parcel is still there" in hers["mended"]


def test_no_text_sends_her_to_the_cabinet_to_look_or_to_wait() -> None:
    for kind, text in letter_texts("resident").items():
        assert not [word for word in ("stay near", "wait there", "go and look") if word in text.lower()], kind
        if kind not in ("deposited", "new code", "withdrawn", "mended", "look"):
            assert "{call}" in text or "{Call}" in text, kind


# Labels


def test_a_parcel_on_a_used_label_is_told_as_one_and_the_letter_about_the_first_is_corrected(
    site: Site,
) -> None:
    here, there, serial = site.board(), site.board(), site.serial()
    site.boards[here].deposit(DOOR, serial, 1)
    site.hear(here)
    assert [kind for kind, _ in site.hers()] == ["deposited"]
    site.boards[there].deposit(3, serial, 1)
    site.hear(there)
    (_, first), (_, second) = told = site.hers()
    assert [kind for kind, _ in told] == ["label used twice", "used label"]
    for text, place in ((first, "door 07 at mapo-3, cabinet 1"), (second, "mapo-3, cabinet 2: it may")):
        assert place.partition(":")[0] in text
        assert "You need not fetch it." in text
    with site.ledger.reading() as connection:
        cases = sorted((row.cabinet, row.kind) for row in connection.execute(tables.alarm.select()))
    assert cases == [(here, letters.USED_TWICE), (there, letters.ODD_TICKET)]
    assert [parcel.flagged for parcel in parcels.listing(site.ledger)] == [True, True]
    site.hear(there)
    assert site.letters() == []


def test_so_it_is_when_both_are_heard_at_once_when_the_first_is_collected_and_for_a_third(site: Site) -> None:
    board, serial = site.board(), site.serial()
    journal = site.boards[board]
    journal.deposit(DOOR, serial, 1)
    journal.pickup(DOOR, serial, 1)
    site.hear(board)
    site.letters()
    journal.deposit(8, serial, 1)
    journal.deposit(9, serial, 1)
    site.hear(board)
    assert [kind for kind, _ in site.hers()] == ["label used twice", "used label", "used label"]
    assert [parcel.flagged for parcel in parcels.listing(site.ledger)] == [True, True, True]
    site.heard_ms += 86_400_000  # a day later: no cabinet has so many letters at once
    other = site.serial()
    journal.deposit(1, other, 1)
    journal.deposit(2, other, 1)
    site.hear(board)
    assert [kind for kind, _ in site.hers()] == ["deposited", "label used twice", "used label"]


def test_a_parcel_on_a_revoked_label_is_told_as_one_and_so_is_its_next_code(site: Site) -> None:
    board, serial = site.board(), site.serial()
    tickets.revoke(site.ledger, f"{serial:05d}")
    site.boards[board].deposit(DOOR, serial, 1)
    site.boards[board].add(records.REISSUED, DOOR, 1, 1)
    site.hear(board)
    assert [kind for kind, _ in site.hers()] == ["used label", "odd new code"]


def test_a_courier_who_takes_a_parcel_back_and_brings_it_again_has_used_its_label_once(site: Site) -> None:
    board, serial = site.board(), site.serial()
    journal = site.boards[board]
    journal.deposit(DOOR, serial, 1)
    journal.add(records.WITHDRAWN, DOOR, serial, 1)
    journal.add(records.DEPOSITED, DOOR, serial, 2)
    site.hear(board)
    assert [kind for kind, _ in site.hers()] == ["deposited", "withdrawn", "deposited"]


# When it was


def test_every_letter_and_every_alarm_says_when_it_happened_and_when_it_was_heard(site: Site) -> None:
    board = site.board()
    journal = site.boards[board]
    journal.deposit(DOOR, site.serial(), 1)
    bell = len(journal.events) + 1
    journal.add(records.BELL_RUNG, 0, 1)
    taken = site.hear(board, uptime=journal.uptime + 3 * 36_000)  # the link was down for three hours
    told = site.letters()
    assert len(told) == 2
    for message in told:
        assert message.heard == "2023-11-14T22:13:20.000Z"
        assert message.happened == message.happened_until < "2023-11-14T19:14"
        assert " (happened 2023-11-1" in message.text
        assert ", heard " in message.text
    assert told[1].text.startswith("Heard late: The help button was pressed")
    (one,) = [of_change(news, "mapo-3", 1) for news in taken.news if news.alarm]
    alarm = one.as_json()
    assert (alarm["number"], alarm["happened"], alarm["heard"]) == (bell, told[1].happened, told[1].heard)
    assert f"(happened {alarm['happened']}, heard {alarm['heard']})" in one.in_words()


def test_of_a_boot_that_never_met_the_host_the_interval_is_told(site: Site) -> None:
    board = site.board()
    journal = site.boards[board]
    journal.add(records.BELL_RUNG, 0, 1)
    journal.boot = 2
    taken = take(
        site.ledger,
        [Received(board, journal.incarnation, 2, 1, site.heard_ms, tuple(journal.events), False, 36_000)],
    )
    (message,) = site.letters()
    assert message.happened < message.happened_until == "2023-11-14T21:13:20.000Z"
    assert "(happened between " in message.text
    assert (
        "(happened between "
        in of_change(next(news for news in taken.news if news.alarm), "mapo-3", 1).in_words()
    )


def test_the_rings_that_were_only_counted_within_a_call_are_no_call_of_their_own(site: Site) -> None:
    board = site.board()
    call = len(site.boards[board].events) + 1
    site.boards[board].add(records.BELL_RUNG, 0, 1)
    site.boards[board].add(records.BELL_RUNG, 0, 5, call)
    site.hear(board)
    assert [message.kind for message in site.letters()] == ["bell"]


def test_a_button_pressed_again_for_a_call_that_never_came_calls_for_help_once_and_names_that_call(
    site: Site,
) -> None:
    board = site.board()
    journal = site.boards[board]
    journal.add(records.EVENT_LOST)  # the call
    for times in (2, 3):
        journal.add(records.BELL_RUNG, 0, times, 1)
    site.hear(board)
    (message,) = site.letters()
    assert message.kind == "bell"
    assert "call 1." in message.text
    assert "--call 1`" in message.text


@pytest.mark.parametrize("call", [3, 9])
def test_a_button_pressed_again_for_what_cannot_be_a_call_before_it_is_a_call_of_its_own(
    site: Site, call: int
) -> None:
    board = site.board()
    journal = site.boards[board]
    for _ in range(2):
        journal.add(records.BOOTED)
    journal.add(records.BELL_RUNG, 0, 1, call)
    site.hear(board)
    (message,) = site.letters()
    assert (message.kind, "call 3." in message.text) == ("bell", True)


def test_what_a_new_board_sees_behind_the_door_of_a_parcel_that_it_is_about_to_take_over_alarms_nobody(
    site: Site,
) -> None:
    board = site.board()
    with site.ledger.writing() as connection:
        orders.queue(connection, board, [orders.Order(commands.ADOPT, DOOR, 2, 5)], START_MS)
    for door, sensor in ((DOOR, 2), (DOOR, 1), (DOOR + 1, 2)):
        site.boards[board].add(records.SENSOR_FAULT, door, sensor)
    site.hear(board)
    told = site.letters()
    assert [message.kind for message in told] == ["sensor", "sensor"]
    assert [f"door {DOOR:02}" in message.text for message in told] == [True, False], (
        "a contact alarms all the same"
    )


def test_every_letter_about_trouble_names_the_sites_help_number(site: Site) -> None:
    board, journal = waiting(site)
    help_numbers.keep(site.ledger, "mapo-3", HELP)
    for kind in (
        records.PICKUP_OPENED,
        records.DOOR_JAMMED,
        records.PICKUP_OPENED,
        records.DOOR_OPENED,
        records.DOOR_FORCED,
    ):
        journal.add(kind, DOOR, 0, 1)
    site.hear(board)
    told = site.hers()
    assert [kind for kind, _ in told] == ["stuck", "opened at last", "forced"]
    assert all(f"call {HELP}" in text for _, text in told)


def test_staff_are_told_of_keys_that_are_lost_and_nobody_of_keys_that_work_again(site: Site) -> None:
    board = site.board()
    site.boards[board].add(records.KEYS_LEFT_OUT, 0, 1 << 11)
    site.hear(board)
    (message,) = site.letters()
    assert (message.kind, message.to) == ("keys", "staff")
    site.boards[board].add(records.KEYS_LEFT_OUT, 0, 0)
    site.hear(board)
    assert site.letters() == []
