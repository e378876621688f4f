"""The state is the fold of the journal, and a door's state fits in one record."""

from locker.contract import records
from locker.contract.records import Record
from locker.core import effects, state
from locker.core.state import State


def folded(rows):
    where = State((1, 2))
    for number, (kind, door, a, b) in enumerate(rows):
        where.apply(Record(kind, door, 1, number + 1, 0, a, b))
    return where


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
    for count, where in enumerate(STATES):
        assert folded(LIFE[: count + 1]).doors[1].state == where
    parcel = folded(LIFE).doors[1]
    assert (parcel.counter, parcel.serial, parcel.failures, parcel.jammed, parcel.epoch) == (7, 42, 2, 0, 1)


def test_a_jam_is_remembered_until_the_door_moves():
    assert folded(LIFE[:15]).doors[1].jammed == 1
    assert folded(LIFE[:15] + ((records.DOOR_FORCED, 1, 0, 7),)).doors[1].jammed == 0
    assert folded(LIFE[:15] + ((records.DOOR_OPENED, 1, 0, 7),)).doors[1].jammed == 0


def test_a_deposit_that_jams_is_still_the_couriers_until_it_is_cancelled():
    rows = LIFE[:2] + ((records.DOOR_JAMMED, 1, 0, 7),)
    assert folded(rows).doors[1].state == state.LOADING
    assert folded(rows + ((records.CANCELLED, 1, 42, 7),)).doors[1].state == state.EMPTY


def test_the_doors_own_records_give_the_same_doors_at_every_point():
    for count in range(len(LIFE) + 1):
        where = folded(LIFE[:count])
        again = folded([tuple(record) for record in where.door_records()])
        assert again.door_records() == where.door_records()
        assert again.doors[1].__dict__ == where.doors[1].__dict__


DOOR_FIELDS = (
    # field,    word, lowest bit, bits
    ("serial", "a", 0, 17),
    ("failures", "a", 17, 4),
    ("jammed", "a", 21, 1),
    ("epoch", "a", 22, 10),
    ("state", "b", 0, 3),
    ("out_of_service", "b", 3, 1),
    ("sensor_unreliable", "b", 4, 1),
    ("armed", "b", 5, 2),
    ("staff_code_version", "b", 7, 4),
    ("code_version", "b", 11, 4),
    ("counter", "b", 15, 17),
)
CABINET_FIELDS = (
    ("command", "a", 0, 32),
    ("refused", "b", 0, 4),
    ("openings", "b", 4, 4),
    ("patience", "b", 8, 3),
    ("doubt", "b", 11, 3),
    ("epoch", "b", 14, 18),
)


def test_each_field_of_a_door_and_of_the_cabinet_has_bits_of_its_own_in_the_record_that_carries_it_over():
    for number, fields in ((1, DOOR_FIELDS), (0, CABINET_FIELDS)):
        for field, word, lowest, bits in fields:
            for value in [1 << bit for bit in range(bits)] + [(1 << bits) - 1]:
                where = State((1,), 0)
                where.patience = 0
                setattr(where.doors[1] if number else where, field, value)
                record = where.door_record(number)
                assert where.carried(number)[-1] == record
                assert record.kind == (records.DOOR_STATE if number else records.CABINET_STATE)
                assert record.door == number
                assert getattr(record, word) == value << lowest, (field, value)
                assert getattr(record, "b" if word == "a" else "a") == 0
                again = folded([tuple(record)])
                assert getattr(again.doors[1] if number else again, field) == value, (field, value)


def test_what_is_written_for_an_erased_block_is_of_the_cabinet_and_of_each_door():
    made = State((1, 2), 1).door_records()
    assert made == [
        effects.Record(records.CABINET_STATE, 0, 0, 1 << 8 | 1 << 14),
        effects.Record(records.DOOR_STATE, 1, 0, 0),
        effects.Record(records.DOOR_STATE, 2, 0, 0),
    ]


def test_the_largest_numbers_fill_their_bits():
    assert (state.COUNTER_MAX, state.STAFF_CODE_VERSION_MAX, state.CODE_VERSION_MAX) == (
        (1 << 17) - 1,
        15,
        15,
    )
    assert (records.RECALL, records.SERVICE) == (1, 2)
    assert (
        folded(((records.EPOCH_BEGUN, 0, 1024 + 5, 0), (records.DEPOSIT_STARTED, 1, 0, 1))).doors[1].epoch
        == 5
    )


def test_a_withdrawn_parcel_is_the_couriers_again_with_a_counter_and_terms_of_its_own():
    waiting = LIFE[:12] + (
        (records.PARCEL_FLAGGED, 1, 0, 7),
        (records.REISSUED, 1, 3, 7),
        (records.ARMED, 1, records.RECALL << 8 | 4, 7),
    )
    parcel = folded(waiting).doors[1]
    assert (
        parcel.failures,
        parcel.sensor_unreliable,
        parcel.code_version,
        parcel.armed,
        parcel.staff_code_version,
    ) == (
        2,
        1,
        3,
        records.RECALL,
        4,
    )
    withdrawn = waiting + ((records.WITHDRAWN, 1, 42, 7),)
    for rows in (withdrawn, withdrawn + ((records.DEPOSIT_STARTED, 1, 42, 8),)):
        parcel = folded(rows).doors[1]
        assert (parcel.state, parcel.counter, parcel.serial) == (state.LOADING, 8, 42)
        assert (
            parcel.failures,
            parcel.sensor_unreliable,
            parcel.code_version,
            parcel.armed,
            parcel.staff_code_version,
        ) == (0, 0, 0, 0, 0)


def test_a_new_deposit_says_that_whatever_was_there_is_gone():
    parcel = folded(LIFE[:5] + ((records.DEPOSIT_STARTED, 1, 43, 8),)).doors[1]
    assert (parcel.state, parcel.counter, parcel.serial) == (state.RESERVED, 8, 43)


def test_a_code_of_staff_dies_with_the_door_that_opens():
    armed = LIFE[:5] + ((records.ARMED, 1, records.SERVICE << 8 | 4, 7),)
    assert folded(armed).doors[1].armed == records.SERVICE
    assert folded(armed + ((records.DOOR_JAMMED, 1, 0, 7),)).doors[1].armed == records.SERVICE
    parcel = folded(armed + ((records.DOOR_OPENED, 1, 0, 7),)).doors[1]
    assert (parcel.armed, parcel.staff_code_version) == (0, 4)


def test_only_a_passed_test_brings_a_door_back_that_jammed_or_was_taken_out():
    out = ((records.OUT_OF_SERVICE, 1, 1, 7), (records.DOOR_JAMMED, 1, 0, 7), (records.DOOR_TESTED, 1, 0, 7))
    assert (folded(out).doors[1].out_of_service, folded(out).doors[1].jammed) == (1, 1)
    passed = folded(out + ((records.DOOR_TESTED, 1, 1, 7),)).doors[1]
    assert (passed.out_of_service, passed.jammed) == (0, 0)


def test_a_record_that_says_nothing_of_a_parcel_changes_nothing():
    silent = (
        records.BOOTED,
        records.DOOR_CLOSED,
        records.DOOR_LEFT_OPEN,
        records.BELL_RUNG,
        records.LAMP_FAILED,
        records.LEVEL_LOST,
    )
    silent += (
        records.SERVICE_OPENED,
        records.CODES_TRIED,
        records.DOOR_FLAPPED,
        records.SUPPLY_LOW,
        records.TAMPERED,
        records.COIL_STUCK,
    )
    rows = LIFE[:5] + ((records.OUT_OF_SERVICE, 1, 1, 7), (records.DOOR_JAMMED, 1, 0, 7))
    before = folded(rows).doors[1].__dict__
    for kind in silent:
        for a in (0, 1, 2, 9100):
            assert folded(rows + ((kind, 1, a, 7),)).doors[1].__dict__ == before, (kind, a)
    for sensor, flagged in ((1, 0), (2, 1), (3, 0)):  # only the occupancy sensor says where the parcel is
        assert (
            folded(LIFE[:5] + ((records.SENSOR_FAULT, 1, sensor, 7),)).doors[1].sensor_unreliable == flagged
        )


def test_a_door_record_holds_the_largest_of_everything():
    where = State((1,), 1023)
    parcel = where.doors[1]
    parcel.state, parcel.counter, parcel.serial, parcel.failures, parcel.epoch, parcel.jammed = (
        5,
        0x1FFFF,
        99999,
        10,
        1023,
        1,
    )
    (
        parcel.code_version,
        parcel.staff_code_version,
        parcel.armed,
        parcel.sensor_unreliable,
        parcel.out_of_service,
    ) = 15, 15, 2, 1, 1
    record = where.door_record(1)
    assert 0 <= record.a < 1 << 32
    assert 0 <= record.b < 1 << 32
    again = State((1,))
    again.apply(Record(record.kind, 1, 1, 0, 0, record.a, record.b))
    assert again.door_record(1) == record


def test_a_doors_records_from_its_latest_anchor_on_are_enough():
    rows = LIFE + (
        (records.DEPOSIT_STARTED, 1, 43, 8),
        (records.PULSED, 1, 1, 8),
        (records.DEPOSITED, 1, 43, 8),
    )
    jam = (records.DOOR_JAMMED, 1, 0, 7)
    assert (
        folded(rows[len(LIFE) :]).door_records() == folded(LIFE + (jam,) + rows[len(LIFE) :]).door_records()
    )
    assert folded(rows[len(LIFE) :]).door_records() == folded(rows).door_records()
    assert set(state.ANCHORS) == {records.DEPOSIT_STARTED, records.DOOR_STATE, records.CABINET_STATE}


def test_what_is_of_no_door_is_carried_over_too():
    epoch = (1 << 18) - 1
    told = (
        (records.COMMAND_APPLIED, 0, 7, 4 << 1 | 1),
        (records.TICKET_REFUSED, 0, 1, 10),
        (records.OPENINGS, 0, 6, 0),
    )
    where = folded(told + ((records.EPOCH_BEGUN, 0, epoch, 0xFFFFFFFF),))
    assert (where.command, where.patience, where.refused, where.openings, where.epoch) == (7, 4, 10, 6, epoch)
    assert where.epochs() == [(epoch, 0xFFFFFFFF, 0)]
    again = folded([tuple(record) for record in where.carried(0)])
    assert again.epochs() == where.epochs()
    assert again.door_records() == where.door_records()


def test_what_the_host_holds_and_the_newest_number_are_folded():
    where = folded(())
    assert (where.number, where.acknowledged) == (0, 0)
    where = folded(LIFE)
    assert (where.number, where.acknowledged) == (len(LIFE), 0)
    where.apply(Record(records.ACKNOWLEDGED, 0, 1, where.number, 0, 9, 0))
    assert (where.number, where.acknowledged) == (len(LIFE), 9)


def test_a_door_that_the_cabinet_no_longer_has_is_passed_over():
    assert folded(((records.DEPOSIT_STARTED, 9, 42, 1),)).door_records() == State((1, 2)).door_records()


def test_an_epoch_that_parcels_are_of_is_carried_over_with_its_nonce():
    where = folded(
        (
            (records.EPOCH_BEGUN, 0, 2, 77),
            (records.DEPOSIT_STARTED, 1, 42, 1),
            (records.EPOCH_BEGUN, 0, 3, 88),
        )
    )
    assert where.carried(0) == [
        effects.Record(records.EPOCH_KEPT, 0, 2, 77),
        effects.Record(records.EPOCH_KEPT, 0, 3, 88),
        where.door_record(0),
    ]
    assert where.epochs() == [(2, 77, 0), (3, 88, 0)]
    where.fold(records.CANCELLED, 1, 42, 1)
    assert where.epochs() == [(3, 88, 0)]


def test_an_epoch_without_a_nonce_has_that_of_the_first():
    assert folded(((records.CABINET_STATE, 0, 0, 5 << 14),)).epochs() == [(5, 0, 1)]


def test_boots_are_counted_since_one_that_has_lasted_for_an_hour():
    def boots(*told):
        where = State((1,))
        for kind, uptime in told:
            where.apply(Record(kind, 0, 1, 1, uptime, 0, 0))
        return where.boots

    assert boots() == 0
    assert boots((records.BOOTED, 0)) == 1
    assert boots((records.BOOTED, 0), (records.BELL_RUNG, 35999), (records.BOOTED, 0)) == 2
    for hour in (36000, 36001, 99999):
        assert boots((records.BOOTED, 0), (records.BELL_RUNG, hour)) == 0
        assert boots((records.BOOTED, 0), (records.BELL_RUNG, hour), (records.BOOTED, 0)) == 1
    assert boots((records.DEPOSIT_STARTED, 0), (records.TAMPERED, 0)) == 0


def test_an_epoch_that_is_carried_over_an_erased_block_is_not_the_present_one_for_that():
    where = folded(
        ((records.EPOCH_BEGUN, 0, 3, 88), (records.JOURNAL_DOUBT, 0, 1, 0), (records.EPOCH_KEPT, 0, 2, 77))
    )
    assert (where.epoch, where.nonces[2], where.doubt) == (3, 77, 1)
