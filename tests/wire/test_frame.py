"""Frames survive any garbage around them, and nothing damaged passes for one."""

from golden import cases, raw

from locker.compat import crc_hqx
from locker.wire import frame
from locker.wire.frame import BadFrame, Decoder, alias_of, encode, kind_of


def refuses(act, payload):
    try:
        act(payload)
    except BadFrame:
        return True
    return False


def test_the_check_sum_is_crc_16_ibm_3740():
    assert crc_hqx(b"123456789", 0xFFFF) == 0x29B1
    assert crc_hqx(b"", 0xFFFF) == 0xFFFF


def test_frames_are_those_of_the_golden_vectors():
    for case in cases("frames.json"):
        payload, whole = raw(case["payload"]), raw(case["frame"])
        assert encode(payload) == whole
        assert Decoder(300).feed(whole) == [payload]


def test_a_frame_has_one_zero_and_costs_four_bytes():
    for payload in (b"", b"\0", bytes(100), bytes(range(256))[1:200], b"\xff" * 200):
        assert encode(payload).index(b"\0") == len(payload) + 3
        assert len(encode(payload)) == len(payload) + 4


def test_a_frame_may_come_byte_by_byte_or_many_at_once():
    payloads = [b"first", b"\0\0", bytes(range(200))]
    line = b"".join([encode(payload) for payload in payloads])
    assert Decoder().feed(line) == payloads
    decoder = Decoder()
    came = []
    for at in range(len(line)):
        came += decoder.feed(line[at : at + 1])
    assert came == payloads
    assert decoder.rejected == 0


def test_the_receiver_is_in_step_again_after_any_garbage():
    good = encode(b"good")
    for garbage in (b"\1", b"\xff" * 1000, good[:-2], good[1:-1], bytes(range(1, 256))):
        decoder = Decoder()
        assert decoder.feed(garbage + b"\0" + good) == [b"good"]
        assert decoder.rejected == 1


def test_garbage_without_a_delimiter_costs_the_next_frame_at_most():
    decoder = Decoder()
    assert decoder.feed(b"noise" + encode(b"lost") + encode(b"good")) == [b"good"]
    assert decoder.rejected == 1


def test_delimiters_alone_are_idle_and_no_frames():
    decoder = Decoder()
    assert decoder.feed(bytes(50)) == []
    assert decoder.rejected == 0


def test_every_frame_with_one_changed_bit_is_refused():
    whole = encode(b"\x11alia\0sealed")
    for bit in range(8 * len(whole) - 8):
        changed = bytearray(whole)
        changed[bit >> 3] ^= 1 << (bit & 7)
        assert b"\x11alia\0sealed" not in Decoder().feed(changed + b"\0")


def test_a_frame_longer_than_the_limit_is_dropped_and_the_next_one_is_not():
    longest = encode(b"x" * 61)
    assert len(longest) == 64 + 1
    for limit, expected in ((64, [b"x" * 61, b"next"]), (63, [b"next"])):
        decoder = Decoder(limit)
        assert decoder.feed(longest + encode(b"next")) == expected
        assert decoder.rejected == 2 - len(expected)


def test_bytes_of_any_kind_of_buffer_are_taken():
    whole = encode(b"payload")
    assert Decoder().feed(bytearray(whole)) == [b"payload"]
    assert Decoder().feed(memoryview(bytearray(whole) + bytearray(9))[: len(whole)]) == [b"payload"]


def test_the_header_tells_whom_and_what_a_payload_is_for():
    assert alias_of(b"\x11abcd") == b"abcd"
    kinds = (
        [frame.HELLO] + [frame.DATA] * 5 + [frame.WELCOME, frame.REFUSAL, 8] + [frame.FIRST] * 5 + [14, 15]
    )
    for low, kind in enumerate(kinds):
        assert kind_of(bytes((0x10 | low,)) + b"abcd") == kind


def test_a_payload_without_a_whole_header_is_refused():
    for size in range(5):
        assert refuses(alias_of, bytes(size))
        assert refuses(kind_of, bytes(size))
