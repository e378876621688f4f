"""A journal that is damaged in part: it is found and told, what can be read is used,
and no number is given out twice.
"""

import sys

from marked_board import Board, doubts, lived
from nor_flash import NorFlash

from locker.contract import records
from locker.shell.journal import Journal, JournalError

EVERYTHING = sys.implementation.name == "cpython"
BEHIND, DAMAGED = records.DOUBT_BEHIND, records.DOUBT_DAMAGED
SLOT, SLOTS, HEADER = 24, 170, 16
GARBAGE = b"\x5a\xc3" * 2048


def long_lived(events=500):
    """Three blocks: a parcel waits behind each door, then events of no consequence;
    the host holds the first 20.
    """
    board = lived()
    board.deposit(3)
    while board.state.number < events:
        board.say(records.CODE_TRIED, 1, 3)
        board.journal.acknowledge(20, 0)
    return board


def flip(board, block, offset):
    board.flash.blocks[block][offset] ^= 0x10


def check(board, doubt):
    """Boots the damaged board: it is in doubt, knows every parcel, erases nothing,
    and the host hears a run of events without a gap.
    """
    newest, erases = board.state.number, board.flash.erases
    found = board.boot()
    assert board.state.doubt == doubt
    assert [board.state.doors[door].counter for door in (1, 2, 3)] == [3, 3, 1]
    assert board.flash.erases == erases
    assert board.state.number - 1 > newest, "two events have one number"
    tail = board.tail()
    assert [record.number for record in tail] == list(range(21, board.state.number + 1))
    assert doubts(board)[-1][0] == board.state.doubt
    return found, tail


def lost_in(tail):
    return [record.number for record in tail if record.kind == records.EVENT_LOST]


def test_any_damaged_record_of_an_event_is_found_but_one_that_looks_torn_by_a_power_cut():
    board = lived()
    image = board.image()
    written = board.journal._used
    for slot in range(written):
        for byte in (0, 11, 23):
            board.restore(image)
            flip(board, 0, HEADER + slot * SLOT + byte)
            journal = Journal(board.flash, lambda record: None, None)
            assert journal.damaged == (1 if slot < written - 1 else 0)
            assert journal.boot == 4


def test_a_record_that_was_torn_by_a_power_cut_is_no_damage():
    board = Board()
    for _ in range(4):
        board.boot()
        board.flash.write(0, HEADER + board.journal._used * SLOT, b"\x12\x34\x00\x01\x02")
    board.boot()
    assert (board.journal.damaged, board.state.doubt, lost_in(board.tail())) == (0, 0, [])


def test_a_damaged_record_is_told_and_the_host_is_given_something_in_its_place():
    board = long_lived()
    flip(board, 1, HEADER + 40 * SLOT)
    _, tail = check(board, DAMAGED)
    assert board.journal.damaged == 1
    # One record before it is an acknowledgement.
    assert [number for number in lost_in(tail) if number <= 500] == [170 + 40]


def test_a_damaged_header_in_the_middle_costs_no_record():
    board = long_lived()
    flip(board, 1, 5)
    found, _ = check(board, DAMAGED)
    assert [record.number for record in found if record.kind < 128] == list(range(1, 501))


def test_a_damaged_header_of_the_newest_block_costs_no_record():
    board = long_lived()
    flip(board, 2, 5)
    found, _ = check(board, DAMAGED)
    assert [record.number for record in found if record.kind < 128] == list(range(1, 501))
    for a in range(400):
        board.say(records.CODE_TRIED, 2, a)
    again = board.boot()
    assert [record.a for record in again if record.kind == records.CODE_TRIED and record.door == 2] == list(
        range(400)
    )
    assert board.state.doubt == DAMAGED


def test_a_block_that_was_erased_by_accident_is_found_and_what_is_around_it_is_used():
    board = long_lived()
    board.flash.blocks[1] = bytearray(b"\xff" * 4096)
    _, tail = check(board, DAMAGED)
    assert [number for number in lost_in(tail) if number <= 500] == list(range(170, 340))


def test_a_block_of_which_only_the_beginning_is_there_is_found():
    board = long_lived()
    board.flash.blocks[1][HEADER + 150 * SLOT :] = b"\xff" * (20 * SLOT)
    _, tail = check(board, DAMAGED)
    assert [number for number in lost_in(tail) if number <= 500] == list(range(170 + 150, 340))


def test_a_newest_block_that_was_erased_by_accident_is_found_by_the_second_copy():
    board = long_lived()
    board.flash.blocks[2] = bytearray(b"\xff" * 4096)
    check(board, BEHIND)
    assert board.journal.damaged == 0


def test_a_newest_block_with_few_events_that_was_erased_is_found_when_the_host_says_what_it_holds():
    board = long_lived(345)
    board.flash.blocks[2] = bytearray(b"\xff" * 4096)
    board.boot()
    assert board.state.doubt == 0
    board.journal.acknowledge(345, 0)
    assert board.state.doubt == BEHIND
    assert [record.number for record in board.tail()] == [346]


def test_a_newest_block_full_of_garbage_is_kept_and_passed_over():
    board = long_lived()
    board.flash.blocks[2] = bytearray(GARBAGE)
    check(board, BEHIND | DAMAGED)
    for a in range(400):
        board.say(records.CODE_TRIED, 2, a)
    assert bytes(board.flash.blocks[2]) == GARBAGE
    again = board.boot()
    assert len([record for record in again if record.kind == records.CODE_TRIED and record.door == 2]) == 400


def test_a_first_block_that_is_lost_with_what_it_says_of_the_parcels_is_found():
    board = long_lived()
    board.flash.blocks[0] = bytearray(b"\xff" * 4096)
    board.boot()
    assert board.state.doubt == BEHIND | DAMAGED


def test_numbers_are_left_out_once_for_the_same_damage():
    board = long_lived()
    flip(board, 1, HEADER + 40 * SLOT)
    board.boot()
    newest = board.state.number
    board.boot()
    assert (board.state.doubt, board.state.number) == (DAMAGED, newest + 1)


def test_damage_is_forgiven_with_a_new_epoch_and_new_damage_is_found():
    board = long_lived()
    flip(board, 1, HEADER + 40 * SLOT)
    board.boot()
    board.say(records.EPOCH_BEGUN, 0, 2)
    board.boot()
    assert (board.journal.damaged, board.state.doubt) == (0, 0)
    board.say(records.BELL_RUNG)
    flip(board, 2, HEADER + (board.journal._used - 2) * SLOT)
    board.boot()
    assert (board.journal.damaged, board.state.doubt) == (1, DAMAGED)


def test_what_stands_for_a_lost_event_is_the_same_whenever_it_is_read():
    board = long_lived()
    board.flash.blocks[1] = bytearray(b"\xff" * 4096)
    board.boot()
    whole = board.tail()
    for start in (21, 150, 171, 200, 339, 340, 341, 480):
        for count in (1, 5, 8):
            assert [records.unpack(body) for body in board.journal.events_from(start, count)] == whole[
                start - 21 :
            ][:count]
    board.boot()
    assert board.tail()[: len(whole)] == whole


def test_a_host_that_holds_more_is_doubt_and_goes_on_without_a_gap():
    board = lived()
    held = board.state.number + 200
    assert board.journal.acknowledge(held, 9)
    assert board.state.doubt == BEHIND
    assert [(record.number, record.kind) for record in board.tail()] == [(held + 1, records.JOURNAL_DOUBT)]
    assert not board.journal.acknowledge(held, 9)
    board.boot()
    assert board.state.doubt & BEHIND
    assert [record.number for record in board.tail()] == list(range(held + 1, board.state.number + 1))


def round_the_ring(board, blocks):
    """Fills so many blocks more, the host at its heels."""
    for a in range(blocks * SLOTS):
        record = board.say(records.CODE_TRIED, 1, a & 7)
        board.journal.tidy(0, True)
        if a % 100 == 0:
            board.journal.acknowledge(record.number, 0)


def test_damage_anywhere_in_a_ring_that_has_gone_round_is_found_and_every_parcel_is_known():
    board = lived()
    board.deposit(3)
    round_the_ring(board, 130)
    image, kept, head = board.image(), dict(board.nvs.values), board.journal._head
    damages = ("header", "record", "erased")
    for place, sequence in enumerate((head, head - 1, head - 60, head - 116, head - 117)):
        # CPython lives each at each place;
        # MicroPython, of which only a difference could be news, each and each place.
        for damage in damages if EVERYTHING else damages[place % 3 : place % 3 + 1]:
            board.restore(image)
            board.nvs.values = dict(kept)
            if damage == "erased":
                board.flash.blocks[sequence % 120] = bytearray(b"\xff" * 4096)
            else:
                flip(board, sequence % 120, 5 if damage == "header" else HEADER + 3 * SLOT)
            board.boot(keeps=False)
            assert board.state.doubt & (BEHIND | DAMAGED), (head - sequence, damage)
            if damage != "erased":
                assert [board.state.doors[door].counter for door in (1, 2, 3)] == [3, 3, 1]
            round_the_ring(board, 4)
            board.boot(keeps=False)
            assert board.state.doubt & (BEHIND | DAMAGED)


def test_a_partition_of_which_nothing_can_be_read_is_refused_and_kept():
    for content in (b"\xff" * 4096, GARBAGE, bytes(4096)):
        flash = NorFlash()
        for block in range(128):
            flash.blocks[block] = bytearray(content)
        try:
            Journal(flash, lambda record: None, None)
        except JournalError as error:
            assert "run `ansim provision`" in str(error)
        else:
            raise AssertionError("it was taken for a journal")
        assert flash.erases + flash.programs == 0
