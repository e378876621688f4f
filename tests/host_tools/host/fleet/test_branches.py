"""A flash image was put back and its board went on from there:
both stories are kept, nobody is told a lie, a bell is heard.
"""

from pathlib import Path

import pytest

from host_tools.host.fleet import doors, orders
from host_tools.host.fleet.ingest import take
from host_tools.host.fleet.received import Received
from host_tools.host.fleet.reconcile import OLDER_BUILD, OTHER_STORY
from host_tools.host.ledger import aside, tables
from host_tools.host.ledger.ledger import Ledger, open_ledger
from host_tools.host.ledger.places import Place
from host_tools.host.parcels import parcels, receipts, support, tickets
from host_tools.host.people import residents
from locker.contract import commands, records
from locker.contract.codes import receipt_code
from locker.contract.keys import epoch_keys
from tests.kit.host_board import Board, Host, Journal, enrol, told_unknown
from tests.kit.meetings import Meetings


@pytest.fixture
def board(ledger: Ledger) -> Meetings:
    return Meetings(ledger)


def test_a_day_of_offline_work_on_an_old_image_is_heard_whole_and_the_parcels_are_put_right(
    board: Meetings,
) -> None:
    stays, goes = board.deposit(1, 1), board.deposit(2, 1)
    board.tell_all()
    image, held = board.image(), board.held
    board.journal.pickup(2, goes, 1)
    came = board.deposit(3, 1)  # and nobody but the ledger knows of it
    board.tell_all()
    board.put_back(image, held)
    board.journal.add(records.BELL_RUNG)
    offline = board.deposit(4, 1)
    taken = board.tell_all()
    assert [one.branched for one in taken] == [(1,)]
    assert board.states() == {stays: "waiting", goes: "collected", came: "waiting", offline: "waiting"}
    assert [kind for kind, *_ in board.ordered()] == []  # before its new epoch nothing is settled
    board.begin_epoch()
    assert board.ordered() == [(commands.SETTLE, 2, 0, 1), (commands.ADOPT, 3, 1, came)]
    board.journal.add(records.COLLECTED, 2, goes, 1)
    board.journal.add(records.ADOPTED, 3, came, 1)
    board.tell_all()
    assert board.states() == {stays: "waiting", goes: "collected", came: "waiting", offline: "waiting"}
    assert board.letters()[-2:] == [("deposited", 4, 1), ("new code", 3, 1)]
    assert aside.listing(board.ledger) == []


def test_a_code_that_two_stories_have_given_out_is_changed(board: Meetings) -> None:
    image = board.image()
    first = board.deposit(3, 1)
    board.journal.pickup(3, first, 1)
    board.tell_all()
    board.put_back(image, 0)
    second = board.deposit(3, 1)  # its code is the one that the first was told
    board.tell_all()
    board.begin_epoch()
    assert board.ordered() == [(commands.REISSUE, 3, 1, 1)]
    board.journal.add(records.REISSUED, 3, 1, 1)
    board.tell_all()
    assert board.letters()[-2:] == [("deposited", 3, 1), ("new code", 3, 1)]
    assert board.states() == {first: "collected", second: "waiting"}


def test_a_code_that_was_changed_before_the_image_was_put_back_is_told_anew(board: Meetings) -> None:
    board.deposit(3, 1)
    board.tell_all()
    image, held = board.image(), board.held
    board.journal.add(records.REISSUED, 3, 1, 1)
    board.tell_all()
    board.put_back(image, held)
    board.journal.add(records.BELL_RUNG)
    board.tell_all()
    board.begin_epoch()
    assert board.ordered() == [(commands.REISSUE, 3, 1, 1)]


def test_where_two_parcels_may_be_behind_one_door_a_person_looks_and_she_is_told_so(
    board: Meetings, tmp_path: Path
) -> None:
    image = board.image()
    first = board.deposit(3, 1)
    board.tell_all()
    board.put_back(image, 0)
    second = board.deposit(3, 1)  # its sensor does not see what is inside
    board.tell_all()
    board.begin_epoch()
    assert board.states() == {first: "unknown", second: "waiting"}
    assert board.ordered() == [(commands.REISSUE, 3, 1, 1)]
    told = told_unknown(board.ledger, tmp_path)
    assert sorted(to for to, _ in told) == ["Kim", "staff"]
    assert all("door 03" in text for _, text in told)


def test_a_bell_under_a_number_that_the_ledger_has_given_to_something_else_is_heard_at_once(
    board: Meetings,
) -> None:
    image = board.image()
    board.deposit(3, 1)
    board.tell_all()
    board.put_back(image, 0)
    bell = board.journal.add(records.BELL_RUNG)
    assert board.meet() == 0
    taken = board.say(bell, urgent=True)
    assert [news.alarm for news in taken.news] == ["bell"]
    assert [news.alarm for one in board.tell_all() for news in one.news] == [None]  # once


def test_a_journal_that_tells_again_what_the_ledger_holds_is_no_other_story(board: Meetings) -> None:
    board.deposit(3, 1)
    board.tell_all()
    board.held = 0  # an Ack was lost
    assert [one.branched for one in board.tell_all()] == [()]
    assert board.orders() == []
    assert len(board.letters()) == 1


def issue(ledger: Ledger, generation: int, serial: int) -> None:
    with ledger.writing() as connection:
        row = {
            "site": 1,
            "generation": generation,
            "serial": serial,
            "resident": 1,
            "state": "open",
            "issued_ms": 0,
        }
        connection.execute(tables.ticket.insert().values(row))


def labels(ledger: Ledger) -> list[tuple[int, int, bool]]:
    """Of the parcels: by which label each came, and whether that is one to doubt."""
    with ledger.reading() as connection:
        rows = connection.execute(tables.parcel.select().order_by(tables.parcel.c.id))
        return [(row.generation, row.serial, row.flagged) for row in rows]


def test_a_board_that_was_provisioned_under_a_later_ticket_key_reads_its_labels_by_that_in_a_branch_too(
    home: Path,
) -> None:
    with open_ledger(home) as ledger:
        ledger.site("mapo-3")
        residents.add(ledger, "Kim", "kim@example.org")
        board = Meetings(ledger)
        with ledger.writing() as connection:
            connection.execute(tables.cabinet.update().values(generation=3))
            connection.execute(tables.site.update().values(generation=3))
        for generation in (2, 3):
            issue(ledger, generation, 4711)
        image = board.image()
        board.journal.add(records.TAMPERED)
        board.tell_all()
        board.put_back(image, 0)
        board.journal.deposit(1, 1 << 16 | 4711, 1)
        board.journal.deposit(2, 4711, 1)
        board.tell_all()
        assert labels(ledger) == [(3, 4711, False), (2, 4711, False)]
        assert [kind for kind, *_ in board.letters()] == ["deposited"] * 2
        assert commands.TURN_TICKETS not in [order.kind for order in board.orders()]


def test_a_label_of_before_a_turn_that_an_image_has_forgotten_is_no_label_of_behind_it(
    board: Meetings,
) -> None:
    """The image still takes generation 0 behind generation 1,
    whose serials have the parity of generation 2.
    """
    ledger = board.ledger
    for generation in (0, 1, 2):
        issue(ledger, generation, 4711)
    board.journal.add(records.TICKETS_TURNED, 0, 1)
    board.tell_all()
    image, held = board.image(), board.held
    with ledger.writing() as connection:
        connection.execute(tables.site.update().values(generation=2))
    board.journal.add(records.TICKETS_TURNED, 0, 2)
    board.journal.add(records.TAMPERED)
    board.tell_all()
    board.put_back(image, held)
    board.journal.deposit(1, 4711, 1)
    board.tell_all()
    assert labels(ledger) == [(0, 4711, False)]
    assert next((order.kind, order.a) for order in board.orders()) == (commands.TURN_TICKETS, 2)
    board.journal.add(records.TICKETS_TURNED, 0, 2)
    board.journal.deposit(2, 4711, 1)
    board.tell_all()
    assert labels(ledger) == [(0, 4711, False), (2, 4711, False)]
    second = board.image()
    second.events = second.events[: len(image.events) + 1]
    # An image of the second story, before it turned: what the first one says of that is none of it.
    board.put_back(second, held + 1)
    board.journal.deposit(3, 1 << 16 | 4711, 1)
    board.tell_all()
    assert labels(ledger)[-1] == (1, 4711, False)


def test_an_event_that_was_lost_since_it_was_told_is_no_other_story(board: Meetings) -> None:
    board.deposit(3, 1)
    board.tell_all()
    lost = Journal()
    lost.add(records.EVENT_LOST)
    board.journal.events[1] = lost.events[0][:4] + (2).to_bytes(4, "little") + lost.events[0][8:]
    board.held = 0
    assert [one.branched for one in board.tell_all()] == [()]


def test_an_image_that_is_put_back_twice_makes_two_branches(board: Meetings) -> None:
    image = board.image()
    serials = []
    for _ in range(3):
        serials.append(board.deposit(3, 1))
        board.tell_all()
        board.begin_epoch() if len(serials) > 1 else None
        board.put_back(image, 0)
        image = board.image()
        image.boot -= 1
    assert board.states() == {serials[0]: "unknown", serials[1]: "unknown", serials[2]: "waiting"}


def test_a_second_image_that_is_older_than_the_first_knows_nothing_of_what_came_between(
    board: Meetings,
) -> None:
    stays = board.deposit(1, 1)
    board.tell_all()
    oldest, held_by_oldest = board.image(), board.held
    between = board.deposit(2, 1)
    board.tell_all()
    image, held = board.image(), board.held
    board.journal.add(records.TAMPERED)
    board.tell_all()
    board.put_back(image, held)
    first = board.deposit(3, 1)
    board.tell_all()
    board.begin_epoch()
    board.put_back(oldest, held_by_oldest)
    second = board.deposit(4, 1)
    board.tell_all()
    board.begin_epoch()
    assert board.aside() == []
    adopted = [(door, serial) for kind, door, _, serial in board.ordered() if kind == commands.ADOPT]
    assert adopted == [(2, between), (3, first)]
    assert board.states() == dict.fromkeys((stays, between, first, second), "waiting")


def test_a_parcel_that_only_its_receipt_tells_of_is_adopted_by_a_board_that_has_forgotten_it(
    board: Meetings,
) -> None:
    image, held = board.image(), board.held
    board.journal.add(records.TAMPERED)
    board.tell_all()
    issued = tickets.issue(board.ledger, "Kim")  # deposited while there is no link
    enrolled = board.enrolled
    key = epoch_keys(
        enrolled.master_secret, enrolled.nonce_host, enrolled.nonce_board, enrolled.board_id, 1, 0
    )[1]
    code = receipt_code(key, enrolled.board_id, 1, 7, 1, issued.serial, 0)
    assert not receipts.enter(board.ledger, issued.number, f"07 0001 {code}").known
    board.put_back(image, held)
    board.journal.add(records.BELL_RUNG)
    board.tell_all()
    board.begin_epoch()
    assert board.aside() == []
    assert board.ordered() == [(commands.ADOPT, 7, 1, issued.serial)]
    board.journal.add(records.ADOPTED, 7, issued.serial, 1)
    board.tell_all()
    assert board.states() == {issued.serial: "waiting"}


def test_a_board_that_goes_astray_again_and_again_keeps_nobody_waiting(board: Meetings) -> None:
    image = board.image()
    board.deposit(3, 1)
    board.tell_all()
    board.put_back(image, 0)
    board.journal.add(records.BELL_RUNG)
    board.tell_all()
    board.journal.events[0] = Journal().add(records.TAMPERED)
    board.at_ms -= 60_000  # at the same moment
    taken = board.say(board.journal.events[0])
    assert (taken.applied, taken.branched) == ([1], ())


def test_staff_orders_reach_the_doors_of_before_an_image_was_put_back(board: Meetings) -> None:
    board.deposit(1, 3)
    board.tell_all()
    image, held = board.image(), board.held
    board.deposit(2, 5)  # of which the board that is put back knows nothing
    board.tell_all()
    board.put_back(image, held)
    board.deposit(3, 1)
    board.tell_all()
    for door in (1, 2, 3):
        doors.disarm(board.ledger, Place("mapo-3", 1, door))
    assert board.ordered() == [
        (commands.DISARM, 1, 3, 0),
        (commands.DISARM, 2, 0, 0),
        (commands.DISARM, 3, 1, 0),
    ]


def test_a_visit_in_which_an_image_was_put_back_is_told_as_any_other(board: Meetings) -> None:
    board.deposit(1, 1)
    board.journal.add(records.BELL_RUNG)
    board.journal.add(records.PICKUP_OPENED, 1, records.BY_CODE, 1)
    call = len(board.journal.events) - 1
    board.tell_all()
    image, held = board.image(), board.held
    board.journal.add(records.LAMP_FAILED)
    board.tell_all()
    board.put_back(image, held)
    board.journal.add(records.DOOR_OPENED, 1, 0, 1)
    board.journal.add(records.COLLECTED, 1, 0, 1)
    board.tell_all()
    assert board.letters() == [("deposited", 1, 1), ("opened", 1, 1)]
    assert [parcel.ended_by for parcel in parcels.listing(board.ledger)] == ["her code"]
    support.answer_bell(board.ledger, Place("mapo-3", 1))
    assert board.ordered() == [(commands.ANSWER_BELL, 0, 0, call)]


def test_a_server_serves_on_when_an_old_image_was_put_back_and_all_hear_of_it(ledger: Ledger) -> None:
    serials = [tickets.issue(ledger, "Kim").serial for _ in range(2)]
    enrolled = enrol(ledger)
    with Host(ledger.data) as host:
        for serial in serials:  # the same counter twice
            board = Board(enrolled, Journal())
            board.journal.uptime += serial
            board.journal.deposit(7, serial, 1)
            board.journal.add(records.BELL_RUNG)
            board.connect(host.address)
            board.meet()
            board.send_all()
            board.close()
        host.wait_for("out of step", detail=OTHER_STORY)
        assert host.end() == 0
    assert [parcel.serial for parcel in parcels.listing(ledger)] == serials[::-1]


def test_a_parcel_that_a_journal_begun_anew_has_taken_and_given_up_is_unknown_and_a_case(
    board: Meetings,
) -> None:
    waits = board.deposit(1, 1)
    board.tell_all()
    board.put_back(Journal(incarnation=8), 0)
    board.journal.add(records.BOOTED)
    board.tell_all()
    taken = board.deposit(1, 2)  # before its new epoch, which a board should not
    board.tell_all()
    with board.ledger.writing() as connection:
        connection.execute(
            tables.command.update().where(tables.command.c.kind == commands.SETTLE).values(number=1)
        )
    board.journal.add(records.COLLECTED, 1, taken, 2)
    board.journal.add(records.COMMAND_APPLIED, 1, 1, 1)
    board.tell_all()
    assert board.states() == {waits: "waiting", taken: "unknown"}
    assert board.letters()[-1][0] == "unknown"
    with board.ledger.reading() as connection:
        assert [row.kind for row in connection.execute(tables.alarm.select())] == ["unknown"]


def test_a_firmware_that_goes_back_is_told_and_its_orders_do_not(board: Meetings) -> None:
    board.journal.add(records.BOOTED)
    board.tell_all()
    report = board.report()._replace(build=1)
    one = Received(1, 7, 1, 1, board.at_ms, uptime=0, next_event=report.next_event, report=report)
    assert take(board.ledger, [one]).meetings[0].found == OLDER_BUILD
    orders.roll_epochs(board.ledger, board.at_ms * 100_000)
    assert [row.a >> 18 for row in board.orders()] == [1]
