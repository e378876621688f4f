"""The difference between two versions of a compiled file,
small even where a new name has moved every number in it by one.

A new file is a list of pieces: bytes that travel, and runs of the old file to which the bytes that travel are
added (Percival, Naive differences of executable code, 2003). Where both are alike those bytes are zeros,
which deflate packs into nearly nothing.
"""

from typing import NamedTuple

_SEED_BYTES = 8  # what two runs must share to be looked at
_PATIENCE = 32  # how many more bytes may differ than agree before a run ends


class Piece(NamedTuple):
    """A run of a new file: `length` bytes that travel,
    to be added to those from `offset` of the old file unless that is None.
    """

    length: int
    offset: int | None


def pieces(old: bytes, new: bytes) -> list[Piece]:
    """The new file in pieces; an empty one has none."""
    seeds = {old[at : at + _SEED_BYTES]: at for at in reversed(range(len(old) - _SEED_BYTES + 1))}
    found: list[Piece] = []
    at = begun = 0  # since `begun` nothing of the old file was found
    while at < len(new):
        offset = seeds.get(new[at : at + _SEED_BYTES])
        if offset is None:
            at += 1
            continue
        while at > begun and offset and new[at - 1] == old[offset - 1]:
            at -= 1
            offset -= 1
        if at > begun:
            found.append(Piece(at - begun, None))
        length = _alike(old[offset:], new[at:])
        found.append(Piece(length, offset))
        at = begun = at + length
    if at > begun:
        found.append(Piece(at - begun, None))
    return found


def _alike(old: bytes, new: bytes) -> int:
    """How far two runs that begin alike are worth to be taken together."""
    best = score = highest = 0
    for length, (one, other) in enumerate(zip(old, new, strict=False), 1):
        score += 1 if one == other else -1
        if score >= highest:
            best, highest = length, score
        elif score < highest - _PATIENCE:
            break
    return best


def travelling(old: bytes, new: bytes, parts: list[Piece]) -> bytes:
    """What has to travel for those pieces, as many bytes as the new file has."""
    at = 0
    sent = bytearray()
    for length, offset in parts:
        there = bytes(length) if offset is None else old[offset : offset + length]
        sent += bytes(one - other & 255 for one, other in zip(new[at : at + length], there, strict=True))
        at += length
    return bytes(sent)
