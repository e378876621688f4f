"""The journal's NOR flash in memory, and the NVS beside it:
a power cut tears an operation in one of six ways.
"""

import random

from tests.simulation.cuts.laws import require

BLOCKS = 128
BLOCK_BYTES = 4096
ERASED = b"\xff" * BLOCK_BYTES

# How much of an operation was done when the power failed; an erase is torn alike.
TORN = (
    "nothing",
    "prefix",  # some bytes at its beginning, and of the next one some bits
    "suffix",  # some bytes at its end
    "bits",  # any of its bits
    "almost",  # all but one bit
    "whole",  # everything, but nobody learnt of it
)


class PowerFailed(BaseException):
    """The supply went away during a flash operation.

    No `except Exception` of a program that has no power catches it.
    """


class TornMarks:
    """The seam's Marks with one value: an operation is done whole or not at all."""

    def __init__(self, flash: "TornFlash", value: bytes) -> None:
        self._flash = flash
        self.value = value

    def get_blob(self, _: str, buffer: bytearray) -> int:
        buffer[:] = self.value
        return len(buffer)

    def set_blob(self, _: str, value: bytes) -> None:
        torn = self._flash.begin()
        if torn in ("", "whole"):
            self.value = value
        self._flash.end(torn)

    def commit(self) -> None:
        """What was set is durable already."""


class TornFlash:
    """The seam's Flash of a journal partition: writing clears bits, erasing sets a block.

    `cells` is what it holds, block by block; missing ones are erased. `marks` is what its NVS holds, by
    default as provisioning leaves it; `leapt` the sequences of the blocks that a story takes for full.
    `operations` counts programs and erases, and writes to the NVS, `erases` those of the second kind.
    """

    block_count = BLOCKS
    block_bytes = BLOCK_BYTES

    def __init__(
        self, cells: dict[int, bytes], marks: bytes = bytes(12), leapt: frozenset[int] = frozenset()
    ) -> None:
        self.cells = dict(cells)
        self.marks = TornMarks(self, marks)
        self.leapt = leapt
        self._cut_at: int | None = None
        self._torn = ""
        self._rng = random.Random(0)
        self.operations = 0
        self.erases = 0

    def copy(self) -> "TornFlash":
        """Another chip that holds the same."""
        return TornFlash(self.cells, self.marks.value, self.leapt)

    def cut_at(self, operation: int, torn: str, rng: random.Random) -> None:
        """Tears the operation with that number, counted from 1 and from now, and fails the power then."""
        assert torn in TORN
        self._cut_at = self.operations + operation
        self._torn = torn
        self._rng = rng

    def stay_on(self) -> None:
        """Calls a coming power cut off."""
        self._cut_at = None

    def read(self, block: int, offset: int, buffer: bytearray | memoryview) -> None:
        buffer[:] = self.cells.get(block, ERASED)[offset : offset + len(buffer)]

    def write(self, block: int, offset: int, data: bytes | bytearray | memoryview) -> None:
        old = self.cells.get(block, ERASED)[offset : offset + len(data)]
        new = bytes(before & wanted for before, wanted in zip(old, data, strict=True))
        require(new == bytes(data), "nothing is written over what is not erased", block, offset)
        self._do(block, offset, old, new)

    def erase(self, block: int) -> None:
        self.erases += 1
        self._do(block, 0, self.cells.get(block, ERASED), ERASED)

    def _do(self, block: int, offset: int, old: bytes, new: bytes) -> None:
        assert 0 <= block < BLOCKS
        torn = self.begin()
        if torn:
            new = torn_between(old, new, torn, self._rng)
        held = self.cells.get(block, ERASED)
        self.cells[block] = held[:offset] + new + held[offset + len(new) :]
        self.end(torn)

    def begin(self) -> str:
        """Counts an operation; how it is torn, "" when it is not."""
        self.operations += 1
        return self._torn if self.operations == self._cut_at else ""

    def end(self, torn: str) -> None:
        """The operation is over, and the power with it if it was torn."""
        if torn:
            self._cut_at = None
            raise PowerFailed


def torn_between(old: bytes, new: bytes, torn: str, rng: random.Random) -> bytes:
    """The cells after an operation from `old` to `new` that was torn in that way."""
    size = len(old)
    before, after = int.from_bytes(old, "big"), int.from_bytes(new, "big")
    moving = before ^ after
    if torn == "nothing" or not moving:
        done = 0
    elif torn == "whole":
        done = moving
    elif torn == "bits":
        done = moving & rng.getrandbits(8 * size)
    elif torn == "almost":
        bit = rng.randrange(8 * size)
        while not moving >> bit & 1:
            bit = rng.randrange(8 * size)
        done = moving & ~(1 << bit)
    else:
        bit = rng.randrange(8 * size)
        low = (1 << bit) - 1
        done = moving & (~low if torn == "prefix" else low)
    return (before ^ done).to_bytes(size, "big")
