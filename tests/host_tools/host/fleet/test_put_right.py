"""What a board cannot put right after its flash was put back is a person's to settle,
and what was ordered before is ordered again.
"""

from pathlib import Path

import pytest

from host_tools.host.fleet import doors, orders, reconcile
from host_tools.host.ledger.ledger import open_ledger
from host_tools.host.ledger.places import Place
from host_tools.host.people import residents
from locker.contract import commands, records
from tests.host_tools.host.fleet.test_branches import Meetings
from tests.kit.host_board import Journal, told_unknown


@pytest.fixture
def board(home: Path):
    with open_ledger(home) as opened:
        opened.site("mapo-3")
        residents.add(opened, "Kim", "kim@example.org")
        yield Meetings(opened)


def carry_out(board: Meetings, *impossible: int) -> None:
    """The board reports its orders, one after the other: those of these kinds are not possible."""
    while waiting := orders.next_orders(board.ledger, [1]):
        order = waiting[1]
        board.journal.add(
            records.COMMAND_APPLIED, order.door, order.number, 2 | (order.kind not in impossible)
        )
        board.tell_all()


def test_a_parcel_that_its_board_cannot_adopt_waits_no_more_and_staff_and_she_are_told_so(
    board: Meetings, tmp_path: Path
) -> None:
    image, held = board.image(), board.held
    came = board.deposit(3, 1)
    board.tell_all()
    board.put_back(image, held)
    stays = board.deposit(4, 1)
    board.tell_all()
    board.begin_epoch()
    assert (commands.ADOPT, 3, 1, came) in board.ordered()
    carry_out(board, commands.ADOPT)
    assert board.states() == {came: "unknown", stays: "waiting"}
    told = told_unknown(board.ledger, tmp_path)
    assert sorted(to for to, _ in told) == ["Kim", "staff"]
    assert all("door 03" in text for _, text in told)


def test_an_order_of_another_kind_that_is_not_possible_makes_no_parcel_unknown(board: Meetings) -> None:
    image, held = board.image(), board.held
    came = board.deposit(3, 1)
    board.tell_all()
    board.put_back(image, held)
    board.journal.add(records.BELL_RUNG)
    board.tell_all()
    board.begin_epoch()
    carry_out(board, commands.BEGIN_EPOCH)
    assert board.states() == {came: "waiting"}


def test_a_door_that_was_put_back_and_the_patience_of_the_overwritten_story_are_ordered_again(
    board: Meetings,
) -> None:
    board.journal.add(records.OUT_OF_SERVICE, 5, 1, 0)
    board.journal.add(records.OUT_OF_SERVICE, 7, 1, 0)
    board.tell_all()
    image = board.image()
    place = Place("mapo-3", 1)
    for factor in (2, 3):
        doors.set_patience(board.ledger, place, factor)
        carry_out(board)
    board.journal.add(records.OUT_OF_SERVICE, 5, 0, 0)
    board.tell_all()
    put_back_behind_a_parcel(board, image)
    assert board.ordered()[-2:] == [(commands.SET_OUT, 5, 0, 0), (commands.SET_PATIENCE, 0, 0, 3)]


def test_a_door_that_the_overwritten_story_took_out_of_service_is_ordered_out_again(board: Meetings) -> None:
    board.journal.add(records.OUT_OF_SERVICE, 5, 1, 0)
    board.tell_all()
    image, held = board.image(), board.held
    for door in (2, 3, 4):
        board.journal.add(records.OUT_OF_SERVICE, door, 1, 0)
    board.journal.add(records.OUT_OF_SERVICE, 3, 0, 0)  # and back
    board.journal.add(records.DOOR_TESTED, 4, 1, 0)  # the same
    came = board.deposit(6, 1)
    board.journal.add(records.OUT_OF_SERVICE, 6, 1, 1)
    board.tell_all()
    board.put_back(image, held)
    board.journal.add(records.BELL_RUNG)
    board.tell_all()
    board.begin_epoch()
    assert board.ordered() == [
        (commands.ADOPT, 6, 1, came),
        (commands.SET_OUT, 2, 0, 1),
        (commands.SET_OUT, 6, 1, 1),
    ]


UNSEEN = 1 << 17


def deposit_unseen(board: Meetings, door: int) -> int:
    """A parcel of which the courier says that it lies where nothing is seen."""
    serial = board.serial()
    for kind, a in (
        (records.DEPOSIT_STARTED, serial),
        (records.PULSED, 1),
        (records.PARCEL_FLAGGED, 0),
        (records.DEPOSITED, serial),
    ):
        board.journal.add(kind, door, a, 1)
    return serial


def put_back_behind_a_parcel(board: Meetings, image: Journal) -> None:
    board.put_back(image, len(image.events))
    board.journal.add(records.BELL_RUNG)
    board.tell_all()
    board.begin_epoch()


def test_a_parcel_that_lies_where_its_sensor_sees_nothing_is_adopted_as_such_again_and_again(
    board: Meetings,
) -> None:
    image = board.image()
    hidden, seen = deposit_unseen(board, 3), board.deposit(4, 1)
    board.tell_all()
    put_back_behind_a_parcel(board, image)
    assert board.ordered() == [(commands.ADOPT, 3, 1, UNSEEN | hidden), (commands.ADOPT, 4, 1, seen)]
    for door, a in ((3, UNSEEN | hidden), (4, seen)):
        board.journal.add(records.ADOPTED, door, a, 1)
    carry_out(board)
    with board.ledger.writing() as connection:  # what its next board is told
        reconcile.put_right(connection, 1, 2, board.at_ms)
    assert board.ordered()[-2:] == [(commands.ADOPT, 3, 1, UNSEEN | hidden), (commands.ADOPT, 4, 1, seen)]
    assert board.states() == {hidden: "waiting", seen: "waiting"}


def test_such_a_parcel_that_its_board_cannot_adopt_is_unknown_too(board: Meetings) -> None:
    image = board.image()
    hidden = deposit_unseen(board, 3)
    board.tell_all()
    put_back_behind_a_parcel(board, image)
    carry_out(board, commands.ADOPT)
    assert board.states() == {hidden: "unknown"}
