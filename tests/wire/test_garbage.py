"""Garbage and forged frames leave nothing behind in memory, and need little of it while they come."""

from memory import all_but, used
from pair import ALIAS, REPORT, Pair

from host_tools.link.messages import Ack
from locker.compat import crc_hqx
from locker.contract.mac import hmac_sha256
from locker.wire.frame import Decoder, encode

LITTLE = 8 * 1024  # bytes of heap in one piece, 64-bit
LEFT_BEHIND_MAX = 600  # a frame that has begun, and the numbers of the counters


def noise(seed, blocks):
    """Reproducible bytes, 32 a block."""
    for number in range(blocks):
        yield hmac_sha256(seed, number.to_bytes(4, "big"))


def forged(kind, number, size):
    """A frame with a right check sum for our alias: kind, and whatever behind it."""
    return encode(
        bytes((0x10 | kind,)) + ALIAS + (hmac_sha256(b"forged", number.to_bytes(4, "big")) * 7)[:size]
    )


def hear(pair, decoders, line):
    """Both ends hear the line; nothing is believed."""
    for end, session in enumerate((pair.board, pair.host)):
        session.step(0)
        for payload in decoders[end].feed(line):
            assert session.accept(payload, 0) is None
        assert session.outgoing() is None


def check(lines):
    """What these lines leave behind, with little memory to spare."""
    pair = Pair().meet()
    decoders = (Decoder(), Decoder())
    for number in range(20):
        hear(pair, decoders, forged(number & 15, number, 40))
    taken = all_but(LITTLE)
    before = used()
    for line in lines:
        hear(pair, decoders, line)
    assert used() - before <= LEFT_BEHIND_MAX
    taken.clear()
    assert pair.at_host(pair.board.seal(REPORT)) == [REPORT]
    assert pair.at_board(pair.host.seal(Ack(1))) == [Ack(1)]


def test_a_hundred_thousand_bytes_of_garbage_leave_nothing_behind():
    check(noise(b"garbage", 3200))


def test_a_frame_without_an_end_is_not_collected():
    check(bytes([byte or 1 for byte in block]) for block in noise(b"endless", 1600))


def test_forged_frames_of_every_kind_leave_nothing_behind():
    check(forged(number & 15, number, number % 230) for number in range(320))


def test_a_check_sum_alone_opens_nothing():
    assert crc_hqx(Decoder().feed(forged(1, 1, 40))[0], 0xFFFF)
    pair = Pair().meet()
    for number in range(200):
        assert pair.at_board(forged(1, number, 40)) == pair.at_host(forged(1, number, 40)) == []
