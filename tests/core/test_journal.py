"""The state is the fold of the journal, and a door's state fits in one record."""

from locker.core import journal, records
from locker.core.journal import State
from locker.core.records import Record


def folded(rows):
    state = State((1, 2))
    for number, (kind, door, a, b) in enumerate(rows):
        state.apply(Record(kind, door, 1, number + 1, 0, a, b))
    return state


LIFE = (
    (records.DEPOSIT_STARTED, 1, 42, 7),
    (records.PULSED, 1, 1, 7),
    (records.DOOR_OPENED, 1, 0, 7),
    (records.DOOR_CLOSED, 1, 1, 7),
    (records.DEPOSITED, 1, 42, 7),
    (records.CODE_TRIED, 1, 1, 7),
    (records.PICKUP_OPENED, 1, 0, 7),
    (records.PULSED, 1, 1, 7),
    (records.DOOR_OPENED, 1, 0, 7),
    (records.DOOR_CLOSED, 1, 1, 7),
    (records.STILL_INSIDE, 1, 42, 7),
    (records.CODE_TRIED, 1, 2, 7),
    (records.PICKUP_OPENED, 1, 1, 7),
    (records.PULSED, 1, 1, 7),
    (records.DOOR_JAMMED, 1, 0, 7),
    (records.PICKUP_OPENED, 1, 0, 7),
    (records.DOOR_OPENED, 1, 0, 7),
    (records.COLLECTED, 1, 42, 7),
)
STATES = (1, 2, 2, 2, 3, 3, 4, 5, 5, 5, 3, 3, 4, 5, 4, 4, 5, 0)


def test_a_parcel_goes_through_its_states():
    for count, state in enumerate(STATES):
        assert folded(LIFE[: count + 1]).doors[1].state == state
    parcel = folded(LIFE).doors[1]
    assert (parcel.counter, parcel.serial, parcel.failures, parcel.jammed, parcel.epoch) == (7, 42, 2, 0, 1)


def test_a_jam_is_remembered_until_the_door_moves():
    assert folded(LIFE[:15]).doors[1].jammed == 1
    assert folded(LIFE[:15] + ((records.DOOR_FORCED, 1, 0, 7),)).doors[1].jammed == 0
    assert folded(LIFE[:15] + ((records.DOOR_OPENED, 1, 0, 7),)).doors[1].jammed == 0


def test_a_deposit_that_jams_is_still_the_couriers_until_it_is_cancelled():
    rows = LIFE[:2] + ((records.DOOR_JAMMED, 1, 0, 7),)
    assert folded(rows).doors[1].state == journal.LOADING
    assert folded(rows + ((records.CANCELLED, 1, 42, 7),)).doors[1].state == journal.EMPTY


def test_the_doors_own_records_give_the_same_doors_at_every_point():
    for count in range(len(LIFE) + 1):
        state = folded(LIFE[:count])
        again = folded([tuple(record) for record in state.door_records()])
        assert again.door_records() == state.door_records()
        assert again.doors[1].__dict__ == state.doors[1].__dict__


def test_a_door_record_holds_the_largest_of_everything():
    state = State((1,), 1023)
    parcel = state.doors[1]
    parcel.state, parcel.counter, parcel.serial, parcel.failures, parcel.epoch, parcel.jammed = 5, 0x1FFFF, 99999, 10, 1023, 1
    parcel.retry, parcel.arming, parcel.armed, parcel.flagged, parcel.out = 15, 15, 2, 1, 1
    record = state.door_record(1)
    assert 0 <= record.a < 1 << 32
    assert 0 <= record.b < 1 << 32
    again = State((1,))
    again.apply(Record(record.kind, 1, 1, 0, 0, record.a, record.b))
    assert again.door_record(1) == record


def test_a_doors_records_from_its_latest_anchor_on_are_enough():
    rows = LIFE + ((records.DEPOSIT_STARTED, 1, 43, 8), (records.PULSED, 1, 1, 8), (records.DEPOSITED, 1, 43, 8))
    jam = (records.DOOR_JAMMED, 1, 0, 7)
    assert folded(rows[len(LIFE) :]).door_records() == folded(LIFE + (jam,) + rows[len(LIFE) :]).door_records()
    assert folded(rows[len(LIFE) :]).door_records() == folded(rows).door_records()
    assert set(journal.ANCHORS) == {records.DEPOSIT_STARTED, records.DOOR_STATE, records.CABINET_STATE}


def test_what_is_of_no_door_is_carried_over_too():
    epoch = (1 << 18) - 1
    told = ((records.COMMAND_APPLIED, 0, 7, 4 << 1 | 1), (records.TICKET_REFUSED, 0, 1, 10), (records.OPENINGS, 0, 6, 0))
    state = folded(told + ((records.EPOCH_BEGUN, 0, epoch, 0),))
    assert (state.command, state.patience, state.refused, state.openings, state.epoch) == (7, 4, 10, 6, epoch)
    again = State((1, 2))
    record = state.door_record(0)
    again.apply(Record(record.kind, 0, 1, 0, 0, record.a, record.b))
    assert again.door_records() == state.door_records()


def test_what_the_host_holds_and_the_newest_number_are_folded():
    state = folded(())
    assert (state.number, state.acknowledged) == (0, 0)
    state = folded(LIFE)
    assert (state.number, state.acknowledged) == (len(LIFE), 0)
    state.apply(Record(records.ACKNOWLEDGED, 0, 1, state.number, 0, 9, 0))
    assert (state.number, state.acknowledged) == (len(LIFE), 9)


def test_a_door_that_the_cabinet_no_longer_has_is_passed_over():
    assert folded(((records.DEPOSIT_STARTED, 9, 42, 1),)).door_records() == State((1, 2)).door_records()
