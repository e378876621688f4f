"""A record is twenty bytes that both ends read alike."""

from binascii import unhexlify

from locker.core import records


def test_a_record_is_twenty_little_endian_bytes():
    record = records.Record(records.DEPOSITED, 7, 0x0102, 0x01020304, 0x05060708, 42, 0xFFFFFFFF)
    data = unhexlify("0607020104030201080706052a000000ffffffff")
    assert records.pack(record) == data
    assert records.unpack(data) == record
    assert len(data) == records.RECORD_BYTES


def test_kinds_of_the_boards_own_are_128_and_above():
    assert min(records.ACKNOWLEDGED, records.DOOR_STATE) >= 128
    assert records.LEVEL_LOST < 128


def refuses(data):
    try:
        records.unpack(data)
    except AssertionError:
        return True
    return False


def test_more_or_fewer_bytes_are_no_record():
    assert [length for length in range(30) if not refuses(bytes(length))] == [20]
