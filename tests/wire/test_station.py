"""A cabinet's place on a bus: when it speaks, and what."""

from locker.wire.frame import Decoder, encode
from locker.wire.station import ANSWER, LOOK_MS, SILENT_MS, Station

OURS = encode(b"\x11alias and a sealed message")


def question(address, payload=b""):
    return b"\0" + encode(bytes((address,)) + payload)


def told(answer):
    """The payload of an answer; None when there is none."""
    payloads = Decoder().feed(answer)
    return payloads[0] if payloads else None


def test_a_cabinet_that_is_asked_and_has_nothing_to_say_says_that_it_is_there():
    station = Station(3)
    assert told(station.hear(question(3), 20, 1000)) == bytes((ANSWER | 3,))


def test_it_says_one_frame_a_question_in_their_order():
    station = Station(3)
    assert station.say(OURS)
    assert station.say(encode(b"second"))
    for wanted in (b"\x11alias and a sealed message", b"second", b""):
        assert told(station.hear(question(3), 20, 1000)) == bytes((ANSWER | 3,)) + wanted


def test_what_the_host_says_to_it_is_read_as_the_frame_that_it_was():
    station = Station(3)
    station.hear(question(3, b"\x11for three"), 20, 1000)
    buffer = bytearray(256)
    assert buffer[: station.readinto(buffer)] == encode(b"\x11for three")
    assert station.readinto(buffer) == 0


def test_what_is_for_others_or_said_by_others_it_neither_answers_nor_reads():
    station = Station(3)
    buffer = bytearray(256)
    for heard in (
        question(4),
        question(4, b"for four"),
        question(ANSWER | 3, b"an answer of its own"),
        question(ANSWER | 4),
        b"\x01\x01\0",
        b"\0\0",
    ):
        assert station.hear(heard, 20, 1000) == b""
        assert station.readinto(buffer) == 0


def test_only_the_last_question_counts():
    station = Station(3)
    assert station.hear(question(3) + question(4), 20, 1000) == b""
    assert station.hear(question(3) + question(ANSWER | 3), 20, 1000) == b""
    assert told(station.hear(question(4) + question(ANSWER | 4) + question(3), 20, 1000)) == bytes(
        (ANSWER | 3,)
    )


def test_a_question_that_may_be_old_gets_no_answer_and_what_it_carried_is_taken():
    station = Station(3)
    station.say(OURS)
    assert station.hear(question(3, b"a message"), LOOK_MS + 1, 1000) == b""
    assert station.readinto(bytearray(256)) == len(encode(b"a message"))
    assert (
        told(station.hear(question(3), LOOK_MS, 1100))
        == bytes((ANSWER | 3,)) + b"\x11alias and a sealed message"
    )


def test_a_question_that_comes_in_pieces_or_behind_noise_is_answered_once():
    station = Station(3)
    asked = question(3)
    assert station.hear(b"\xff\x07" + asked[:3], 20, 1000) == b""
    assert told(station.hear(asked[3:], 20, 1020)) == bytes((ANSWER | 3,))
    assert station.hear(b"", 20, 1040) == b""


def test_a_damaged_question_is_none():
    asked = question(3)
    for at in range(1, len(asked) - 1):
        broken = bytearray(asked)
        broken[at] ^= 0x10
        assert Station(3).hear(broken, 20, 1000) == b""


def test_at_most_three_frames_wait():
    station = Station(3)
    assert [station.say(encode(b"frame")) for _ in range(4)] == [True, True, True, False]


def test_what_the_host_says_unread_stays_bounded():
    station = Station(3)
    for _ in range(10):
        station.hear(question(3, b"x" * 100), 20, 1000)
    assert station.readinto(bytearray(256)) <= 256


def test_a_bus_on_which_nobody_asks_is_down_and_what_waited_is_forgotten():
    station = Station(3)
    assert not station.up(0)
    station.hear(question(3), 20, 1000)
    assert station.up(1000 + SILENT_MS - 1)
    station.say(OURS)
    assert not station.up(1000 + SILENT_MS)
    assert told(station.hear(question(3), 20, 20000)) == bytes((ANSWER | 3,))
    assert station.up(20000)


def test_the_longest_frame_fits_with_its_address():
    station = Station(31)
    longest = bytes(range(1, 252))
    station.say(encode(longest))
    answer = station.hear(question(31, longest), 20, 0)
    assert len(answer) <= 260
    assert Decoder(258).feed(answer) == [bytes((ANSWER | 31,)) + longest]
    assert station.readinto(bytearray(256)) == len(encode(longest))
