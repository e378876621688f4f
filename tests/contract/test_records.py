"""A record is twenty bytes that both ends read alike."""

from binascii import unhexlify

from locker.contract import records


def test_a_record_is_twenty_little_endian_bytes():
    record = records.Record(records.DEPOSITED, 7, 0x0102, 0x01020304, 0x05060708, 42, 0xFFFFFFFF)
    data = unhexlify("0607020104030201080706052a000000ffffffff")
    assert records.pack(record) == data
    assert records.unpack(data) == record
    assert (record.kind, record.door, record.boot, record.number) == (
        records.DEPOSITED,
        7,
        0x0102,
        0x01020304,
    )
    assert (record.uptime, record.a, record.b) == (0x05060708, 42, 0xFFFFFFFF)
    assert len(data) == records.RECORD_BYTES


KINDS = (  # by number
    (
        None,
        "BOOTED",
        "DEPOSIT_STARTED",
        "PULSED",
        "DOOR_OPENED",
        "DOOR_CLOSED",
        "DEPOSITED",
        "CANCELLED",
        "WITHDRAWN",
        "CODE_TRIED",
    )
    + (
        "PICKUP_OPENED",
        "COLLECTED",
        "DOOR_LEFT_OPEN",
        "DOOR_FORCED",
        "DOOR_JAMMED",
        "BELL_RUNG",
        "LAMP_FAILED",
        "TICKET_REFUSED",
    )
    + (
        "STILL_INSIDE",
        "SENSOR_FAULT",
        "LEVEL_LOST",
        "JOURNAL_DOUBT",
        "PARCEL_FLAGGED",
        "REISSUED",
        "ARMED",
        "SERVICE_OPENED",
        "DOOR_TESTED",
    )
    + (
        "OUT_OF_SERVICE",
        "COMMAND_APPLIED",
        "CODES_TRIED",
        "DOOR_FLAPPED",
        "SUPPLY_LOW",
        "TAMPERED",
        "EPOCH_BEGUN",
        "EVENT_LOST",
        "COIL_STUCK",
        "EVENTS_DROPPED",
        "ADOPTED",
        "TICKETS_TURNED",
        None,
        None,
        None,
        None,
        "PART_FAILED",
        None,
        "KEYS_LEFT_OUT",
    )
)
# Never sent.
OWN_KINDS = (
    "ACKNOWLEDGED",
    "DOOR_STATE",
    "CABINET_STATE",
    "OPENINGS",
    "EPOCH_KEPT",
    "TICKETS_KEPT",
    "TAIL_KEPT",
)
OPENERS = ("BY_CODE", "BY_DURESS", "BY_RECALL", "BY_SERVICE", "BY_HOST")
RESETS = ("RESET_UNKNOWN", "RESET_POWER", "RESET_HARD", "RESET_WATCHDOG", "RESET_SOFT", "RESET_BROWNOUT")


def test_the_numbers_in_journals_and_ledgers_never_change():
    for names, first in ((KINDS, 0), (OWN_KINDS, 128), (OPENERS, 0), (RESETS, 0)):
        for number, name in enumerate(names):
            assert name is None or getattr(records, name) == first + number, name


def test_who_has_failed_never_changes_its_number():
    assert (records.CALIBRATION, records.BEEPER) == (1, 2)


def told(kinds):
    """The names of a set of kinds."""
    return {name for number, name in enumerate(KINDS) if kinds >> number & 1}


def test_an_alarm_and_an_opening_go_ahead_of_any_backlog_and_the_rest_of_what_people_did_is_told_at_once():
    urgent = {"PICKUP_OPENED", "DOOR_FORCED", "DOOR_JAMMED", "BELL_RUNG", "TAMPERED", "COIL_STUCK"}
    assert told(records.URGENT) == urgent
    assert told(records.TOLD) - urgent == {
        "DEPOSITED",
        "CANCELLED",
        "COLLECTED",
        "DOOR_LEFT_OPEN",
        "TICKET_REFUSED",
        "STILL_INSIDE",
        "SENSOR_FAULT",
        "SERVICE_OPENED",
        "DOOR_TESTED",
        "COMMAND_APPLIED",
        "SUPPLY_LOW",
        "LAMP_FAILED",
        "JOURNAL_DOUBT",
        "PART_FAILED",
        "KEYS_LEFT_OUT",
    }


def test_what_happens_to_a_parcel_is_never_left_out_for_want_of_room():
    minor = {"BOOTED", "DOOR_FORCED", "BELL_RUNG", "LAMP_FAILED", "TICKET_REFUSED"}
    assert told(records.MINOR) == minor | {
        "LEVEL_LOST",
        "CODES_TRIED",
        "DOOR_FLAPPED",
        "SUPPLY_LOW",
        "TAMPERED",
        "COIL_STUCK",
        "PART_FAILED",
        "KEYS_LEFT_OUT",
    }
    assert [records.DOUBT_BEHIND, records.DOUBT_COPY, records.DOUBT_DAMAGED] == [1, 2, 4]


def refuses(data):
    try:
        records.unpack(data)
    except AssertionError:
        return True
    return False


def test_more_or_fewer_bytes_are_no_record():
    assert [length for length in range(30) if not refuses(bytes(length))] == [20]
