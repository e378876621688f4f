"""The second copy of the journal's numbers: it finds every journal that is not the newest, and no other."""

from marked_board import Board, doubts, lived
from nor_flash import PowerFailed

from locker.contract import records
from locker.shell.format import format_journal
from locker.shell.second_copy import NAME

BEHIND, COPY = records.DOUBT_BEHIND, records.DOUBT_COPY
TORN = (0.0, 0.3, 0.9, 1.0)


def test_a_life_without_accidents_is_never_in_doubt():
    board = Board()
    for boot in range(1, 6):
        board.boot()
        for _ in range(40):
            board.deposit(1)
            board.say(records.COLLECTED, 1, 5)
        assert board.state.doubt == 0
        assert board.kept() == (boot, 40 * boot, board.state.number // 64)
    assert doubts(board) == []


def test_the_second_copy_is_written_behind_the_journal_and_only_when_a_number_grew():
    board = lived()
    board.say(records.CODE_TRIED, 1, 1)
    kept = dict(board.nvs.values)
    for a in range(30):
        board.say(records.CODE_TRIED, 1, a)
    assert board.nvs.values == kept
    board.flash.cut_after = 2
    try:
        board.reserve(3)
    except PowerFailed:
        assert board.nvs.values == kept
    else:
        raise AssertionError("a reservation has no second copy")


def test_a_counter_that_is_decided_but_not_durable_is_not_counted_yet():
    board = lived()
    # The core has already emitted it, behind another record.
    board.state.fold(records.DEPOSIT_STARTED, 3, 5, 1)
    board.journal.append(records.CODE_TRIED, 2, 0, 1, 3)
    board.boot()
    assert board.state.doubt == 0


def test_a_counter_that_a_withdrawal_reserves_is_counted_once():
    for written in (1, 2):
        board = lived()
        for kind, b in ((records.WITHDRAWN, 3), (records.DEPOSIT_STARTED, 4)):
            board.state.fold(kind, 2, 5, b)
        for kind, b in ((records.WITHDRAWN, 3), (records.DEPOSIT_STARTED, 4))[:written]:
            board.journal.append(kind, 2, 0, 5, b)
        board.boot()
        assert (board.state.doubt, board.kept()[1]) == (0, 7)


def adopt(board, door, counter):
    """As the core does: what it has decided is in its state before it is durable."""
    board.state.fold(records.ADOPTED, door, 5, counter)
    board.journal.append(records.ADOPTED, door, 0, 5, counter)


def test_parcels_that_are_taken_over_raise_the_counters_and_are_no_doubt():
    board = Board()
    board.boot()
    adopt(board, 1, 40)
    adopt(board, 3, 9)
    assert board.kept()[1] == 49
    board.boot()
    assert (board.state.doubt, board.kept()[1]) == (0, 49)
    image = board.image()
    board.deposit(2)
    board.restore(image)
    board.boot()
    assert board.state.doubt == BEHIND


def test_a_power_cut_behind_a_parcel_that_is_taken_over_is_no_doubt():
    for cut in range(1, 4):
        board = Board()
        board.boot()
        adopt(board, 2, 7)
        board.flash.cut_after = cut
        try:
            adopt(board, 1, 40)
            board.say(records.COLLECTED, 2, 5)
        except PowerFailed:
            pass
        board.flash.cut_after = None
        board.boot()
        sum_of_counters = 7 + board.state.doors[1].counter
        assert (board.state.doubt, board.kept()[1]) == (0, sum_of_counters), cut
        board.boot()
        assert board.state.doubt == 0


def test_a_second_copy_from_before_parcels_were_taken_over_is_doubt():
    board = Board()
    board.boot()
    kept = dict(board.nvs.values)
    adopt(board, 1, 40)
    adopt(board, 3, 9)
    board.nvs.values = kept
    board.boot()
    assert board.state.doubt == COPY


def cut_life(board, cut, torn):
    """A boot and two deposits, cut off; the sum of the counters that were durable."""
    board.flash.cut_after, board.flash.torn = cut, torn
    durable = 0
    try:
        board.boot()
        durable = sum([door.counter for door in board.state.doors.values()])
        for door in (1, 2):
            board.reserve(door)
            durable += 1
            board.say(records.DEPOSITED, door, 5)
    except PowerFailed:
        pass
    board.flash.cut_after = None
    return durable


def test_a_power_cut_between_the_two_or_anywhere_else_is_no_doubt():
    cuts = 0
    for torn in TORN:
        for first in range(1, 9):
            for second in (1, 2, 3, 4, 5, 6, 7, 8):
                board = lived(1)
                cut_life(board, first, torn)
                durable = cut_life(board, second, TORN[cuts % 4])
                board.boot()
                assert board.state.doubt == 0, (torn, first, second)
                assert sum([door.counter for door in board.state.doors.values()]) >= durable
                assert board.kept()[0] == board.journal.boot
                assert doubts(board) == []
                cuts += 1


def test_cuts_in_a_row_right_behind_the_record_of_the_boot_add_up_to_no_doubt():
    board = lived()
    # What the last boot left open is put right; the record; its second copy fails.
    for operations in (2, 3, 3, 3, 3):
        boot = board.kept()[0]
        board.flash.cut_after = operations
        try:
            board.boot()
        except PowerFailed:
            assert board.journal.boot == boot + (1 if operations == 2 else 2)
        else:
            raise AssertionError("the power has not failed")
    board.boot()
    assert (board.state.doubt, board.journal.boot) == (0, 9)


def one_boot(board):
    board.boot()


def one_reservation(board):
    board.reserve(3)


def many_events(board):
    for _ in range(64):
        board.say(records.CODE_TRIED, 1, 1)


def test_an_older_journal_is_found_after_one_boot_or_one_reservation_or_64_events():
    for since in (one_boot, one_reservation, many_events):
        board = lived()
        image = board.image()
        newest, boot = board.state.number, board.journal.boot
        since(board)
        newest, boot = max(newest, board.state.number), max(boot, board.journal.boot)
        board.restore(image)
        board.boot()
        assert board.state.doubt == BEHIND
        assert board.journal.boot > boot, "two boots have one number"
        assert board.tail()[-2:] == [
            records.Record(
                records.JOURNAL_DOUBT, 0, board.journal.boot, board.state.number - 1, 0, BEHIND, 0
            ),
            records.Record(records.BOOTED, 0, board.journal.boot, board.state.number, 0, 0, 0),
        ]
        assert board.state.number - 1 > newest, "two events have one number"


def test_doubt_is_told_when_it_is_found_and_lasts_until_a_new_epoch():
    board = lived()
    image = board.image()
    board.boot()
    board.restore(image)
    for _ in range(3):
        board.boot()
        assert board.state.doubt == BEHIND
        assert doubts(board) == [(BEHIND, 0)]
    numbers = [record.number for record in board.tail()]
    assert numbers[-4:] == list(range(numbers[-1] - 3, numbers[-1] + 1)), "numbers are left out only once"
    board.say(records.EPOCH_BEGUN, 0, 2)
    assert board.state.doubt == 0
    board.boot()
    assert board.state.doubt == 0
    board.restore(image)
    board.boot()
    assert board.state.doubt == BEHIND


def test_an_older_journal_is_found_again_while_the_cabinet_is_in_doubt():
    board = lived()
    image = board.image()
    board.boot()
    board.restore(image)
    board.boot()
    image = board.image()
    board.boot()
    newest, boot = board.state.number, board.journal.boot
    board.restore(image)
    board.boot()
    assert board.state.doubt == BEHIND
    assert board.state.number - 1 > newest
    assert board.journal.boot > boot


def test_a_power_cut_while_doubt_is_found_does_not_make_it_forgotten():
    for torn in TORN:
        for cut in range(1, 8):
            board = lived()
            image = board.image()
            board.boot()
            newest = board.state.number
            board.restore(image)
            board.flash.cut_after, board.flash.torn = cut, torn
            try:
                board.boot()
            except PowerFailed:
                board.flash.cut_after = None
                board.boot()
            assert board.state.doubt & BEHIND, (torn, cut)
            assert board.state.number > newest


def test_doubt_is_said_again_before_the_ring_forgets_it():
    board = lived()
    image = board.image()
    board.boot()
    board.restore(image)
    board.boot()
    for a in range(21000):
        record = board.say(records.CODE_TRIED, 1, a)
        board.journal.tidy(0, True)
        if a % 500 == 0:
            board.journal.acknowledge(record.number, 0)
    board.boot()
    assert board.state.doubt == BEHIND


def test_a_missing_second_copy_is_doubt_although_the_journal_is_whole():
    board = lived()
    del board.nvs.values[NAME]
    board.boot()
    assert (board.state.doubt, doubts(board)) == (COPY, [(COPY, 0)])
    assert board.kept()[:2] == (4, 6)
    board.boot()
    assert board.state.doubt == COPY


def test_an_older_second_copy_is_doubt():
    board = lived()
    kept = dict(board.nvs.values)
    for _ in range(2):
        board.boot()
    board.nvs.values = kept
    board.boot()
    assert board.state.doubt == COPY


def test_a_second_copy_that_cannot_be_kept_is_doubt_at_once_and_stops_nothing_else():
    board = lived()
    board.nvs.worn = True
    board.reserve(3)
    assert (board.state.doubt, doubts(board)) == (COPY, [(COPY, 0)])
    board.say(records.DEPOSITED, 3, 5)
    board.boot()
    assert board.state.doubt == COPY
    assert board.state.doors[3].counter == 1


def test_a_new_journal_with_new_marks_is_trusted():
    board = lived()
    board.flash.blocks = {}
    format_journal(board.flash, 8)
    board.boot()
    assert board.state.doubt == BEHIND
    format_journal(board.flash, 9)
    board.nvs.set_blob(NAME, bytes(12))
    board.boot()
    assert (board.state.doubt, board.journal.boot, board.state.number) == (0, 1, 1)
