"""The host looks at every field of every record that it unpacks."""

from host_tools.link import records as host_records
from host_tools.link.records import BOUNDS, OutOfRange
from locker.contract import records
from locker.contract.records import Record

GOOD = Record(records.DEPOSITED, 7, 1, 1, 10, 42, 1)


def wrong(**changes):
    """The name of the field that is refused, None when the record is taken."""
    fields = ("kind", "door", "boot", "number", "uptime", "a", "b")
    raw = records.pack(Record(*[changes.get(name, getattr(GOOD, name)) for name in fields]))
    try:
        assert tuple(host_records.unpack(raw)) == tuple(records.unpack(raw))
    except OutOfRange as error:
        return error.args[0]
    return None


def test_a_record_within_its_ranges_is_taken():
    assert wrong() is None
    assert wrong(a=0x1FFFF, b=0x1FFFF, door=99, boot=65535, number=0xFFFFFFFF, uptime=0xFFFFFFFF) is None


def test_each_field_out_of_its_range_is_named():
    for changes in (
        {"door": 0},
        {"door": 100},
        {"a": 0x20000},
        {"b": 0},
        {"b": 0x20000},
        {"boot": 0},
        {"number": 0},
        {"kind": 128},
    ):
        assert [wrong(**changes)] == list(changes)
    assert wrong(kind=records.REISSUED, a=256) == "a"
    assert wrong(kind=records.EPOCH_BEGUN, door=0, a=0x40000) == "a"
    assert wrong(kind=records.EPOCH_BEGUN, door=0, a=2, b=0) == "b"
    assert wrong(kind=records.BELL_RUNG) == "door"


def test_a_field_of_several_parts_is_looked_at_part_by_part():
    assert wrong(kind=records.ARMED, a=2 << 8 | 15) is None
    assert wrong(kind=records.ARMED, a=3 << 8 | 15) == "a"
    assert wrong(kind=records.ARMED, a=2 << 8 | 16) == "a"


def test_a_kind_of_a_newer_board_may_say_anything():
    for kind in range(1, records.ACKNOWLEDGED):
        assert kind in BOUNDS or wrong(kind=kind, door=255, a=0xFFFFFFFF, b=0xFFFFFFFF) is None


def test_every_kind_that_goes_to_the_host_has_its_ranges():
    others = ("RECORD_BYTES", "URGENT", "TOLD", "MINOR")
    for name in dir(records):
        if (
            name[0] != "_"
            and name == name.upper()
            and name not in others
            and not name.startswith(("RESET_", "BY_", "DOUBT_"))
        ):
            kind = getattr(records, name)
            assert (kind in BOUNDS) == (kind < records.ACKNOWLEDGED), name


def test_ranges_are_told_in_words():
    assert host_records.in_words(host_records.ANY) == ""
    assert host_records.in_words(BOUNDS[records.PULSED].a) == "1 to 3"
    assert host_records.in_words(BOUNDS[records.ARMED].a) == "bits 0-7: 0 to 15, bits 8-31: 0 to 2"
    assert host_records.in_words(BOUNDS[records.COMMAND_APPLIED].b) == "bit 0: 0 to 1, bits 1-31: 0 to 7"
