"""Records travel as differences, come back byte for byte, and their length keeps a duress pickup secret."""

import struct

from golden import cases, raw

from locker.wire.batch import pack, unpack_run
from locker.wire.frame import BadFrame


def record(kind, door, boot, number, uptime, a, b):
    return struct.pack("<BBHIIII", kind, door, boot, number, uptime, a, b)


DEPOSIT = (
    record(2, 7, 3, 1001, 1234567, 45678, 300),
    record(3, 7, 3, 1002, 1234568, 1, 300),
    record(4, 7, 3, 1003, 1234571, 0, 300),
    record(5, 7, 3, 1004, 1234701, 1, 300),
    record(6, 7, 3, 1005, 1234701, 45678, 300),
)


def refuses(error, act, *arguments):
    try:
        act(*arguments)
    except error:
        return True
    return False


def test_batches_are_those_of_the_golden_vectors():
    for case in cases("batches.json"):
        records = tuple([raw(text) for text in case["records"]])
        packed = raw(case["packed"])
        assert pack(records, 8) == packed
        assert unpack_run(packed, 8) == records


def test_a_deposit_of_five_records_takes_less_than_two_of_them():
    assert len(pack(DEPOSIT, 8)) < 40
    assert unpack_run(pack(DEPOSIT, 8), 8) == DEPOSIT


def test_zeros_behind_the_last_record_and_what_a_newer_version_puts_behind_them_are_passed_over():
    packed = pack(DEPOSIT, 8)
    assert unpack_run(packed + bytes(9), 8) == DEPOSIT
    assert unpack_run(packed + b"\0newer", 8) == DEPOSIT


def test_a_duress_pickup_is_as_long_as_any_other():
    for before in (0, 1, 255):
        lengths = set()
        for duress in (0, 1):
            visit = (
                record(9, 7, 3, 5, 100, before, 300),
                record(10, 7, 3, 6, 105, duress, 300),
                record(3, 7, 3, 7, 106, 1, 300),
            )
            lengths.add(len(pack(visit, 8)))
            lengths.add(len(pack(visit[1:2], 8)) + 1000)
        assert len(lengths) == 2


def test_extremes_and_gaps_come_back_whole():
    most = 0xFFFFFFFF
    odd = (
        record(255, 255, 0xFFFF, most, most, most, most),
        record(1, 255, 0xFFFF, 0, 0, 0, 0),
        record(1, 0, 1, 1, most, 0x100, 0x10000),
        record(1, 0, 1, 9, 5, 0x1000000, 0x10000),
    )
    assert unpack_run(pack(odd, 8), 8) == odd


def test_what_is_no_record_is_not_packed():
    for records in ((), DEPOSIT * 2, (b"short",), (bytes(20),), (bytes(21),)):
        assert refuses(ValueError, pack, records, 8)


def test_a_batch_that_is_cut_short_gives_no_invented_record():
    packed = pack(DEPOSIT, 8)
    whole = 0
    for size in range(len(packed)):
        if not refuses(BadFrame, unpack_run, packed[:size], 8):
            got = unpack_run(packed[:size], 8)
            assert got == DEPOSIT[: len(got)]
            whole += 1
    assert whole == 4  # only at the seams


def test_batches_that_no_sender_makes_are_refused():
    packed = pack(DEPOSIT, 8)
    assert refuses(BadFrame, unpack_run, b"", 8)
    assert refuses(BadFrame, unpack_run, bytes(32), 8)
    assert refuses(BadFrame, unpack_run, packed, 4)
    assert refuses(BadFrame, unpack_run, b"\x01\x00\x00\x00", 8)  # the first record has no place
    assert refuses(BadFrame, unpack_run, b"\x01\x94" + bytes(20), 8)  # five bytes of b
