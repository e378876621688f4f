"""Theorems: every message in range comes back whole; no bytes make a decoder fail in an undeclared way;
duress shows in no length.
"""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from host_tools.link.messages import MOST, TABLE, Events, Urgent, decode_message, encode_message
from locker.wire import batch
from locker.wire.frame import BadFrame
from locker.wire.messages import FIELDS, encode

NUMBERS = st.sampled_from((0, 1, 255, 256, 65535, 65536, 2**24 - 1, 2**24, 2**32 - 1)) | st.integers(
    0, 2**32 - 1
)
RECORD = st.builds(
    lambda *fields: struct.pack("<BBHIIII", *fields),
    st.integers(1, 255),
    st.integers(0, 255),
    st.integers(0, 0xFFFF),
    *[NUMBERS] * 4,
)
RECORDS = st.lists(RECORD, min_size=1, max_size=8).map(tuple)


def fields(row: tuple) -> st.SearchStrategy:
    """Messages of one row of the table, with every field in its range."""
    kind, made = row
    if made is Events:
        return st.builds(Events, RECORDS)
    if made is Urgent:
        return st.builds(Urgent, RECORD)
    most = dict(MOST.get(made, ()))
    values = [
        st.binary(min_size=8, max_size=8)
        if shape & 15 == 8
        else st.integers(shape >> 4, most.get(name, 256 ** (shape & 15) - 1))
        for name, shape in zip(made._fields, FIELDS[kind], strict=True)
    ]
    return st.builds(made, *values)


@given(st.one_of([fields(row) for row in TABLE]), st.binary(max_size=20))
def test_every_message_comes_back_whole_whatever_a_newer_version_adds(message: tuple, added: bytes) -> None:
    plaintext = encode_message(message)
    assert decode_message(plaintext) == message
    assert decode_message(plaintext + b"\0" + added) == message


@given(
    st.binary(max_size=80)
    | st.builds(lambda kind, rest: bytes((kind,)) + rest, st.integers(1, 5), st.binary(max_size=80))
)
def test_a_decoder_gives_a_message_that_can_be_said_again_or_refuses(plaintext: bytes) -> None:
    try:
        message = decode_message(plaintext)
    except BadFrame:
        return
    if message is not None:
        assert decode_message(encode_message(message)) == message


@given(RECORDS)
def test_a_run_of_records_comes_back_whole(records: tuple[bytes, ...]) -> None:
    packed = batch.pack(records, 8)
    assert batch.unpack_run(packed, 8) == records
    assert len(packed) <= 21 * len(records)


@given(RECORDS, st.data())
def test_no_length_tells_a_duress_pickup_from_another(
    records: tuple[bytes, ...], data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(records) - 1))
    lengths = []
    for duress in (0, 1):
        changed = bytearray(records[at])
        changed[12:16] = struct.pack("<I", duress)
        visit = (*records[:at], bytes(changed), *records[at + 1 :])
        lengths.append([len(encode_message(message)) for message in (Events(visit), Urgent(bytes(changed)))])
    assert lengths[0] == lengths[1]


@given(
    st.sampled_from(
        [(made, at, most) for made, fields in MOST.items() for at, (_, most) in enumerate(fields)]
    ),
    st.data(),
)
def test_no_end_says_or_believes_a_field_that_is_higher_than_the_table_allows(
    one: tuple, data: st.DataObject
) -> None:
    made, at, most = one
    name = MOST[made][at][0]
    message = data.draw(fields(next(row for row in TABLE if row[1] is made)))
    width = FIELDS[next(kind for kind, other in TABLE if other is made)][made._fields.index(name)] & 15
    wrong = message._replace(**{name: data.draw(st.integers(most + 1, 256**width - 1))})
    with pytest.raises(ValueError, match="range"):
        encode_message(wrong)
    with pytest.raises(BadFrame):
        decode_message(encode((next(kind for kind, other in TABLE if other is made), *wrong)))
