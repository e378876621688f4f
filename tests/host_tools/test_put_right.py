"""What a board cannot put right after its flash was put back is a person's to settle, and what was ordered before is ordered again."""

from pathlib import Path

import pytest
from host_board import told_unknown
from test_branches import Meetings

from host_tools.host import orders, residents
from host_tools.host.ledger import open_ledger
from locker.core import commands, records


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
        board.journal.add(records.COMMAND_APPLIED, order.door, order.number, 2 | (order.kind not in impossible))
        board.tell_all()


def test_a_parcel_that_its_board_cannot_adopt_waits_no_more_and_staff_and_she_are_told_so(board: Meetings, tmp_path: Path) -> None:
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
    assert board.ordered() == [(commands.ADOPT, 6, 1, came), (commands.SET_OUT, 2, 0, 1), (commands.SET_OUT, 6, 1, 1)]
