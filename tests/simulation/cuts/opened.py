"""The journal as any board or tool opens it that finds this flash.

A sweep reads the same cells a thousand times, and each time they say the same: it is found out once.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from unittest.mock import patch

from locker.contract import records
from locker.shell import journal
from locker.shell.journal import Journal
from locker.shell.slots import blank

SLOTS = 170
_HEADER_BYTES = 16
_SLOT_BYTES = 24
_RING_BLOCKS = 120


class _Slots(dict[int, bytes | None]):
    """What the journal makes of each slot of a block, as far as it was asked."""

    def __init__(self, cells: bytes, opened: Callable[[bytes], bytes | None]) -> None:
        super().__init__()
        self._cells = cells
        self._opened = opened

    def __missing__(self, slot: int) -> bytes | None:
        at = _HEADER_BYTES + slot * _SLOT_BYTES
        cells = self._cells[at : at + _SLOT_BYTES]
        body = self._opened(cells)
        self[slot] = body = b"" if body is None and blank(cells) else body
        return body


_slots = lru_cache(maxsize=1 << 10)(_Slots)
_unpack = lru_cache(maxsize=1 << 15)(records.unpack)


@contextmanager
def unpacked_once() -> Iterator[None]:
    """Meanwhile the same 20 bytes are the same record, whoever unpacks them."""
    with patch.object(records, "unpack", _unpack):
        yield


class OpenedJournal(Journal):
    """The journal.

    A block of which the story leaps over the rest has no more than a few records and counts as full.
    """

    def _header(self, sequence):
        return super()._header(sequence) if sequence % _RING_BLOCKS in self._flash.cells else -1

    def _read(self, sequence, slot):
        cells = self._flash.cells.get(sequence % _RING_BLOCKS)
        return _slots(cells, journal.opened)[slot] if cells else b""

    def _replay(self, sequence):
        used = super()._replay(sequence)
        return SLOTS if sequence in self._flash.leapt else used
