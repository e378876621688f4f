"""Theorem: a stranger with docs/protocol.md, `cryptography` and `cobs`,
and without a line of ours, reads and speaks our protocol.
"""

import binascii
import struct
from collections.abc import Iterator

from cobs import cobs
from cryptography.hazmat.primitives.ciphers.aead import AESCCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from golden import cases, raw
from hypothesis import given
from hypothesis import strategies as st
from pair import ALIAS, BOARD_ID, MASTER_SECRET, Pair

from host_tools.link.messages import Ack, Urgent

BOARD, HOST = b"\x01", b""


class Context:
    """RFC 8613, section 3.2, from the text."""

    def __init__(self, secret: bytes, salt: bytes, id_context: bytes) -> None:
        def derived(identity: bytes, what: bytes, length: int) -> bytes:
            info = (
                b"\x85"
                + bytes((0x40 + len(identity),))
                + identity
                + bytes((0x40 + len(id_context),))
                + id_context
            )
            info += b"\x18\x1e" + bytes((0x60 + len(what),)) + what + bytes((length,))
            return HKDF(SHA256(), length, salt, info).derive(secret)

        self.iv = derived(b"", b"IV", 13)
        self.raw_keys = {sender: derived(sender, b"Key", 16) for sender in (BOARD, HOST)}
        self.keys = {sender: AESCCM(key) for sender, key in self.raw_keys.items()}

    def nonce(self, sender: bytes, number: bytes) -> bytes:
        """Section 5.2."""
        padded = bytes((len(sender),)) + sender.rjust(7, b"\0") + number.rjust(5, b"\0")
        return bytes(one ^ other for one, other in zip(padded, self.iv, strict=True))

    def open(self, sender: bytes, payload: bytes, header: int, number: bytes) -> bytes:
        return self.keys[sender].decrypt(self.nonce(sender, number), payload[header:], payload[:header])

    def seal(self, sender: bytes, header: bytes, number: bytes, text: bytes) -> bytes:
        return header + self.keys[sender].encrypt(self.nonce(sender, number), text, header)


def payload_of(frame: bytes) -> bytes:
    assert frame.endswith(b"\0")
    data = cobs.decode(frame[:-1])
    assert binascii.crc_hqx(data[:-2], 0xFFFF) == int.from_bytes(data[-2:], "big")
    return data[:-2]


def frame_of(payload: bytes) -> bytes:
    return cobs.encode(payload + binascii.crc_hqx(payload, 0xFFFF).to_bytes(2, "big")) + b"\0"


def message_in(context: Context, sender: bytes, payload: bytes) -> bytes:
    """The text of a FIRST or DATA payload."""
    start = 13 if payload[0] & 8 else 5
    end = start + (payload[0] & 7)
    return context.open(sender, payload, end, payload[start:end])


def test_the_golden_conversation_can_be_read_with_the_page_alone() -> None:
    (case,) = cases("session.json")
    secret, board_id, nonce_board = [raw(case[name]) for name in ("master_secret", "board_id", "hello_nonce")]
    hello, welcome, first, held, urgent, last = [payload_of(raw(text)) for text in case["frames"]]
    assert [payload[0] for payload in (hello, welcome, first, held, urgent, last)] == [
        0x10,
        0x16,
        0x19,
        0x11,
        0x11,
        0x11,
    ]
    assert hello[1:5] == raw(case["alias"])
    assert hello[5:13] == first[5:13] == nonce_board
    assert Context(secret, board_id, nonce_board).open(BOARD, hello, 13, b"\0") == b""
    mac = HMAC(raw(case["host_secret"]), SHA256())
    mac.update(nonce_board)
    assert welcome[5:13] == mac.finalize()[:8]
    context = Context(secret, board_id, welcome[5:13] + nonce_board)
    assert welcome[5:13] == raw(case["welcome_nonce"])
    for made, named in ((Context(secret, board_id, nonce_board), case["c1"]), (context, case["c2"])):
        assert (made.raw_keys[BOARD], made.raw_keys[HOST], made.iv) == tuple(
            raw(key) for key in named.values()
        )
    assert context.open(HOST, welcome, 13, b"\0") == b""
    assert message_in(context, BOARD, first) == b"\x01" + board_id + struct.pack(
        ">IIIIIIHII6s", *case["report"][:-1], case["report"][-1].to_bytes(6, "big")
    )
    assert message_in(context, HOST, held) == b"\x06" + struct.pack(">IIIII", *case["held"])
    assert message_in(context, BOARD, urgent)[:2] == b"\x03\x0a"
    assert len(message_in(context, BOARD, urgent)) == 32
    assert message_in(context, HOST, last) == b"\x05" + bytes((0, 0, 0, 6))


def test_the_keys_of_an_epoch_can_be_derived_with_the_page_alone() -> None:
    for case in cases("keys.json"):
        salt = raw(case["nonce_host"]) + raw(case["nonce_board"])
        for label in ("code", "receipt", "maint"):
            info = (
                b"ansim\x01"
                + raw(case["board_id"])
                + struct.pack(">IIB", case["epoch"], case["nonce"], len(label))
                + label.encode()
            )
            assert HKDF(SHA256(), 32, salt, info).derive(raw(case["master_secret"])) == raw(case[label])


def run(text: bytes) -> Iterator[bytes]:
    """The records of a run, from the page."""
    door = boot = number = uptime = b = at = 0

    def take(count: int) -> int:
        nonlocal at
        at += count
        return int.from_bytes(text[at - count : at], "big")

    while at < len(text) and (kind := take(1)):
        shape = take(1)
        if shape & 0x80:
            door, boot, number = take(1), take(2), take(4)
        else:
            number += 1
        uptime = (uptime + take((shape >> 5 & 3) + 1)) % 2**32
        a = take((shape & 3) + 1)
        b = take(shape >> 2 & 7) if shape >> 2 & 7 else b
        yield struct.pack("<BBHIIII", kind, door, boot, number, uptime, a, b)


def test_runs_of_records_can_be_read_with_the_page_alone() -> None:
    for case in cases("batches.json"):
        assert list(run(raw(case["packed"]))) == [raw(text) for text in case["records"]]


@given(st.binary(min_size=8, max_size=8), st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=5))
def test_a_strangers_board_is_at_home_with_our_host(nonce_board: bytes, values: list[int]) -> None:
    pair = Pair()
    header = b"\x10" + ALIAS + nonce_board
    pair.at_host(frame_of(Context(MASTER_SECRET, BOARD_ID, nonce_board).seal(BOARD, header, b"\0", b"")))
    welcome = pair.host.outgoing()
    assert welcome is not None
    context = Context(MASTER_SECRET, BOARD_ID, payload_of(welcome)[5:13] + nonce_board)
    for at, value in enumerate(values):
        number = bytes((at,))
        record = struct.pack("<BBHIIII", 10, 7, 2, 6, 0x69, value, 0)
        said = b"\x03\x0a\x83\x07" + struct.pack(">HI", 2, 6) + b"\x69" + struct.pack(">I", value)
        header = (b"\x19" + ALIAS + nonce_board if at == 0 else b"\x11" + ALIAS) + number
        assert pair.at_host(frame_of(context.seal(BOARD, header, number, said))) == [Urgent(record)]
        answer = payload_of(pair.host.seal(Ack(value)))
        assert message_in(context, HOST, answer) == b"\x05" + struct.pack(">I", value)
