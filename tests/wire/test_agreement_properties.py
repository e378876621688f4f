"""Theorems: sealing is `cryptography`'s, framing is `cobs`'s,
and MicroPython answers as CPython does, byte for byte.
"""

import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from answering import answer
from cobs import cobs
from cryptography.hazmat.primitives.ciphers.aead import AESCCM
from hypothesis import given
from hypothesis import strategies as st

from locker.compat import crc_hqx
from locker.wire import batch, ccm, frame

FIRMWARE = Path(__file__).parents[2] / "firmware"
MICROPYTHON = Path(sys.executable).parent / "micropython"

OpenRequest = Callable[..., bytes | None]
RECORD = st.builds(
    lambda *fields: struct.pack("<BBHIIII", *fields),
    st.integers(1, 255),
    st.integers(0, 255),
    st.integers(0, 0xFFFF),
    *[
        st.sampled_from((0, 1, 255, 256, 65536, 2**24, 2**32 - 1)) | st.integers(0, 2**32 - 1)
        for _ in range(4)
    ],
)
RECORDS = st.lists(RECORD, min_size=1, max_size=8).map(tuple)


@pytest.fixture(scope="module")
def ask() -> Iterator[OpenRequest]:
    """Asks one long-lived MicroPython; None when it refused."""
    program = Path(__file__).with_name("answering.py")
    with subprocess.Popen(
        [MICROPYTHON, program, FIRMWARE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    ) as asked:
        assert asked.stdin is not None
        assert asked.stdout is not None

        def ask(operation: str, *arguments: bytes) -> bytes | None:
            asked.stdin.write(f"{operation} {' '.join('x' + argument.hex() for argument in arguments)}\n")
            line = asked.stdout.readline().strip()
            return None if line == "!" else bytes.fromhex(line)

        yield ask
        asked.stdin.close()


def lengths(data: st.DataObject) -> tuple[bytes, bytes, bytes, bytes, int]:
    """A key, a nonce, associated data, a plaintext and a tag length."""
    key = data.draw(
        st.sampled_from((16, 24, 32)).flatmap(lambda size: st.binary(min_size=size, max_size=size))
    )
    nonce = data.draw(st.binary(min_size=7, max_size=13))
    return (
        key,
        nonce,
        data.draw(st.binary(max_size=100)),
        data.draw(st.binary(max_size=300)),
        data.draw(st.sampled_from(range(4, 17, 2))),
    )


@given(st.data())
def test_what_we_seal_is_what_cryptography_seals_and_each_opens_the_others(data: st.DataObject) -> None:
    key, nonce, aad, plaintext, tag_length = lengths(data)
    sealed = ccm.seal(key, nonce, aad, plaintext, tag_length)
    assert sealed == AESCCM(key, tag_length).encrypt(nonce, plaintext, aad)
    assert ccm.unseal(key, nonce, aad, sealed, tag_length) == plaintext


@given(st.integers(0xFEF0, 0x10010))
def test_long_associated_data_is_bound_as_cryptography_binds_it(size: int) -> None:
    assert ccm.seal(bytes(16), bytes(13), bytes(size), b"text") == AESCCM(bytes(16)).encrypt(
        bytes(13), b"text", bytes(size)
    )


@given(
    st.binary(max_size=600)
    | st.lists(st.sampled_from((b"\0", b"\1", b"x" * 253, b"x" * 254)), max_size=6).map(b"".join)
)
def test_a_frame_is_what_cobs_makes_of_payload_and_check_sum(payload: bytes) -> None:
    whole = payload + crc_hqx(payload, 0xFFFF).to_bytes(2, "big")
    assert frame.encode(payload) == cobs.encode(whole) + b"\0"
    assert frame.Decoder(2000).feed(cobs.encode(whole) + b"\0") == [payload]


@given(st.binary(max_size=100))
def test_only_what_cobs_decodes_with_a_right_check_sum_is_a_frame(line: bytes) -> None:
    expected = []
    for piece in line.split(b"\0")[:-1]:
        try:
            data = cobs.decode(piece)
        except cobs.DecodeError:
            continue
        if len(data) >= 2 and crc_hqx(data[:-2], 0xFFFF).to_bytes(2, "big") == data[-2:]:
            expected.append(data[:-2])
    assert frame.Decoder().feed(line) == expected


@given(st.data())
def test_micropython_seals_alike(ask: OpenRequest, data: st.DataObject) -> None:
    key, nonce, aad, plaintext, tag_length = lengths(data)
    arguments = [key[:16] if len(key) == 24 else key, nonce, aad, plaintext, bytes((tag_length,))]
    assert ask("seal", *arguments) == answer("seal", arguments)


@given(st.binary(max_size=400))
def test_micropython_frames_alike(ask: OpenRequest, payload: bytes) -> None:
    assert ask("frame", payload) == answer("frame", [payload])
    assert ask("feed", payload + b"\0" + frame.encode(payload)) == answer(
        "feed", [payload + b"\0" + frame.encode(payload)]
    )


@given(RECORDS, st.binary(max_size=60), st.integers(0, 59))
def test_micropython_packs_and_unpacks_records_alike(
    ask: OpenRequest, records: tuple[bytes, ...], noise: bytes, at: int
) -> None:
    packed = batch.pack(records, 8)
    assert ask("pack", b"".join(records)) == packed
    for line in (packed, noise, packed[:at] + noise):
        try:
            expected = answer("unpack", [line])
        except frame.BadFrame:
            expected = None
        assert ask("unpack", line) == expected
