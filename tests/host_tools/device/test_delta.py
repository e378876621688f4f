"""A new file is put together from the old one and what travels, and little travels where they are alike."""

import zlib

from hypothesis import given
from hypothesis import strategies as st

from host_tools.device.delta import pieces, travelling

FILE = bytes(range(256)) * 12


def assembled(old: bytes, new: bytes) -> bytes:
    """What a board makes of it."""
    parts = pieces(old, new)
    stream = travelling(old, new, parts)
    assert len(stream) == len(new)
    made, at = b"", 0
    for length, offset in parts:
        there = bytes(length) if offset is None else old[offset : offset + length]
        made += bytes(one + other & 255 for one, other in zip(there, stream[at : at + length], strict=True))
        at += length
    return made


@given(st.binary(max_size=300), st.binary(max_size=300))
def test_any_file_comes_from_any_other(old: bytes, new: bytes) -> None:
    assert assembled(old, new) == new


@given(st.binary(max_size=200), st.binary(max_size=20), st.integers(0, 200), st.integers(0, 200))
def test_a_file_with_a_part_cut_out_and_another_put_in_comes_from_the_one_before(
    old: bytes, put: bytes, at: int, end: int
) -> None:
    new = old[:at] + put + old[end:]
    assert assembled(old, new) == new


def test_an_inserted_byte_travels_with_little_else() -> None:
    new = FILE[:1500] + b"!" + FILE[1500:]
    assert len(zlib.compress(travelling(FILE, new, pieces(FILE, new)), 9)) < 60


def test_numbers_that_moved_by_one_travel_as_ones() -> None:
    new = bytes((byte + (at % 5 == 0)) & 255 for at, byte in enumerate(FILE))
    parts = pieces(FILE, FILE[:100] + new[100:])
    assert len(parts) == 1
    assert set(travelling(FILE, FILE[:100] + new[100:], parts)) == {0, 1}


def test_an_empty_file_has_no_pieces() -> None:
    assert pieces(FILE, b"") == []
    assert assembled(b"", FILE) == FILE
