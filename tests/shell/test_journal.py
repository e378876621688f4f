"""The journal keeps what it was told, in order, through restarts,
power cuts and many times round its ring.
"""

import gc

from nor_flash import NorFlash, PowerFailed

from locker.contract import records
from locker.shell.format import format_journal
from locker.shell.journal import Journal, JournalError, JournalFull

EVENTS_AT_LEAST = 20000


class Reader:
    """Folds by remembering: the events of no door, and the latest `a` of each door."""

    def __init__(self):
        self.events = []
        self.doors = {}

    def fold(self, record):
        if record.kind < records.ACKNOWLEDGED and not record.door:
            self.events.append((record.number, record.a))
        if record.door:
            self.doors[record.door] = record.a

    def carry(self, door):
        if not door:
            return [(records.CABINET_STATE, 0, 7, 8)]
        return [(records.DOOR_STATE, door, self.doors[door], 0)]


def opened(flash):
    reader = Reader()
    return Journal(flash, reader.fold, reader.carry), reader


def fresh():
    flash = NorFlash()
    format_journal(flash, 7)
    journal, reader = opened(flash)
    return flash, journal, reader


def write(journal, reader, a, door=0):
    record = journal.append(records.DEPOSIT_STARTED if door else records.BELL_RUNG, door, 0, a, 0)
    reader.fold(record)
    return record


def test_a_partition_that_was_never_initialised_is_refused():
    try:
        opened(NorFlash())
    except JournalError as error:
        assert "provision" in str(error)
    else:
        raise AssertionError("an empty partition was taken for a journal")


def test_events_are_numbered_from_one_without_gaps_and_survive_a_restart():
    flash, journal, reader = fresh()
    for a in range(400):
        assert write(journal, reader, a).number == a + 1
    again, reread = opened(flash)
    assert reread.events == [(a + 1, a) for a in range(400)]
    assert (again.next_number, again.incarnation) == (401, 7)


def test_the_boot_number_is_one_more_than_any_in_the_journal():
    flash, journal, reader = fresh()
    assert journal.boot == 1
    write(journal, reader, 0)
    assert opened(flash)[0].boot == 2


def test_the_tail_is_read_from_any_number_past_records_of_the_boards_own():
    _, journal, reader = fresh()
    for a in range(1, 351):
        write(journal, reader, a)
        if a % 3 == 0:
            journal.acknowledge(a - 1, 0)
    for start in (1, 2, 169, 170, 171, 340, 350, 1):
        events = [records.unpack(body) for body in journal.events_from(start, 8)]
        assert [event.number for event in events] == list(range(start, min(start + 8, 351)))
    assert journal.events_from(351, 8) == []
    assert [records.unpack(body).number for body in journal.events_from(345, 8)] == [
        345,
        346,
        347,
        348,
        349,
        350,
    ]
    write(journal, reader, 351)
    assert [records.unpack(body).number for body in journal.events_from(351, 8)] == [351]


def test_an_acknowledgement_is_kept_and_never_goes_back():
    flash, journal, reader = fresh()
    for a in range(5):
        write(journal, reader, a)
    assert journal.acknowledge(4, 0)
    assert not journal.acknowledge(3, 0)
    assert opened(flash)[0].acknowledged == 4


def test_a_full_journal_refuses_rather_than_forget_an_unacknowledged_event():
    _, journal, reader = fresh()
    written = 0
    try:
        while True:
            journal.tidy(0, quiet=True)
            write(journal, reader, written)
            written += 1
            assert written < 30000
    except JournalFull:
        pass
    assert written >= EVENTS_AT_LEAST
    assert journal.room(1) < 1
    assert records.unpack(journal.events_from(1, 1)[0]).number == 1


def test_a_door_is_remembered_although_its_record_was_erased_long_ago():
    flash, journal, reader = fresh()
    write(journal, reader, 4242, door=3)
    for a in range(45000):
        number = write(journal, reader, a, door=5).number
        journal.tidy(0, quiet=True)
        if a % 1000 == 0:
            journal.acknowledge(number, 0)
    _, reread = opened(flash)
    assert reread.doors[3] == 4242
    assert reread.doors[5] == 44999


def test_an_erase_waits_for_a_quiet_moment_while_one_block_is_left():
    flash, journal, reader = fresh()
    for a in range(171):
        write(journal, reader, a)
    before = flash.erases
    journal.tidy(0, quiet=False)
    assert flash.erases == before
    journal.tidy(0, quiet=True)
    assert flash.erases == before + 1


def ring(journal):
    """Says that the bell was rung, again and again."""
    return journal.append(records.BELL_RUNG, 0, 0, 0, 0).number


def test_a_block_whose_erase_was_cut_off_is_erased_again_when_it_is_needed():
    for torn in (0.3, 0.9):
        flash, journal, reader = fresh()
        for _ in range(121):
            for _ in range(170):
                number = ring(journal)
            journal.acknowledge(number, 0)
            journal.tidy(0, quiet=True)
        while journal.room(0) > 1:
            number = ring(journal)
        journal.acknowledge(number, 0)
        erases = flash.erases
        flash.cut_after, flash.torn = 2, torn  # the acknowledgement is written first
        try:
            journal.tidy(0, quiet=False)
        except PowerFailed:
            journal = Journal(flash, lambda record: None, reader.carry)
        assert (flash.erases, journal._erased, journal.damaged, journal.next_number) == (
            erases + 1,
            0,
            0,
            number + 1,
        )
        for _ in range(400):
            journal.tidy(0, quiet=False)
            assert ring(journal) == journal.next_number - 1
        again = Journal(flash, lambda record: None, reader.carry)
        assert (again.damaged, again.next_number) == (0, journal.next_number)


def test_spending_a_ticket_marks_that_ticket_only_and_lasts():
    flash, journal, _ = fresh()
    before = flash.erases
    for serial in (0, 7, 8, 31999, 32768, 99999):
        assert not journal.spent(serial)
        journal.spend(serial)
    again, _ = opened(flash)
    found = []
    for first in range(0, 100000, 1000):
        gc.collect()  # MicroPython looks through all the garbage for a place for more
        found += [serial for serial in range(first, first + 1000) if again.spent(serial)]
    assert found == [0, 7, 8, 31999, 32768, 99999]
    assert not again.spent(7, 1)
    assert flash.erases == before


def test_a_bitmap_is_erased_for_a_new_generation_and_the_other_one_stays():
    for bitmap in (0, 1):
        flash, journal, _ = fresh()
        serials = (0, 32767, 32768, 65535)
        for serial in serials:
            journal.spend(serial, 0)
            journal.spend(serial, 1)
        before = flash.erases
        journal.clear_spent(bitmap)
        assert flash.erases == before + 2
        again, _ = opened(flash)
        assert [again.spent(serial, bitmap) for serial in serials] == [False] * 4
        assert [again.spent(serial, 1 - bitmap) for serial in serials] == [True] * 4


def test_a_power_cut_at_any_flash_operation_loses_no_finished_record():
    for torn in (0.0, 0.3, 0.9, 1.0):
        for cut in list(range(1, 20)) + [168, 169, 170, 171, 172, 173, 174, 340, 341, 342, 343, 344]:
            flash, journal, reader = fresh()
            flash.cut_after = cut
            flash.torn = torn
            finished = 0
            try:
                while True:
                    write(journal, reader, finished)
                    finished += 1
                    journal.tidy(0, quiet=True)
            except PowerFailed:
                pass
            again, reread = opened(flash)
            kept = [a for _, a in reread.events]
            assert kept[:finished] == list(range(finished)) and len(kept) - finished in (0, 1)
            again.tidy(0, quiet=False)
            assert write(again, reread, 999999).number == len(kept) + 1
            assert opened(flash)[1].events[-1] == (len(kept) + 1, 999999)


class DoorsOnly(Reader):
    """A reader of a journal of many events."""

    def fold(self, record):
        if record.door:
            self.doors[record.door] = record.a


def started(flash):
    """The journal as a start makes it ready, and its reader."""
    reader = DoorsOnly()
    journal = Journal(flash, reader.fold, reader.carry)
    journal.tidy(0, quiet=False)
    return journal, reader


def filled():
    """A journal with three doors that takes no event any more; the number of its last one."""
    flash, journal, reader = fresh()
    for door in (1, 2, 3):
        write(journal, reader, door, door=door)
    try:
        while True:
            journal.tidy(0, quiet=True)
            number = ring(journal)
    except JournalFull:
        return flash, journal, number


def test_the_last_slots_are_for_what_makes_room():
    flash, journal, number = filled()
    for kind in (records.OPENINGS, records.CODE_TRIED, records.EPOCH_BEGUN):
        try:
            journal.append(kind, 0, 0, 0, 0)
        except JournalFull:
            continue
        raise AssertionError("it has taken one of the last slots")
    programs = flash.programs
    for held in range(1, 160):
        assert journal.acknowledge(held, 0)
        journal.tidy(0, quiet=True)
    assert flash.programs == programs, "an acknowledgement that allows nothing costs a slot"
    journal, _ = started(flash)
    assert journal.acknowledged == 0
    assert journal.acknowledge(200, 0)
    journal.tidy(0, quiet=True)
    assert journal.room(0) > 100
    journal, reader = started(flash)
    assert (journal.acknowledged, journal.next_number, reader.doors) == (200, number + 1, {1: 1, 2: 2, 3: 3})


def test_an_erase_that_power_cuts_interrupt_sixteen_times_is_made_at_last():
    flash, journal, number = filled()
    for _ in range(16):
        journal.acknowledge(200, 0)
        flash.cut_after, flash.torn = 1, 0.5
        try:
            journal.tidy(0, quiet=True)
        except PowerFailed:
            journal, _ = started(flash)
        else:
            raise AssertionError("the power has not failed")
        assert (journal.damaged, journal.next_number) == (0, number + 1)
    journal.acknowledge(200, 0)
    journal.tidy(0, quiet=True)
    assert ring(journal) == number + 1
    assert started(flash)[1].doors == {1: 1, 2: 2, 3: 3}
