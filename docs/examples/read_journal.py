"""Prints the events in the journal of a board, oldest first.

    python docs/examples/read_journal.py flash.bin

`flash.bin` is a whole flash: what a virtual board keeps,
or what `esptool read_flash 0 ALL flash.bin` reads from a board.
"""

import struct
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path

from host_tools.boards import partitions
from host_tools.host import kinds
from locker.contract import records
from locker.contract.records import Record

# docs/decisions/0001-journal-layout.md
BLOCK_BYTES, HEADER_BYTES, SLOT_BYTES, RING_BLOCKS = 4096, 16, 24, 120
OWN_KINDS = 128  # from here on a record is for the board itself


def whole(slot: bytes) -> bytes | None:
    """What a slot or a header holds: its last four bytes are a CRC-32 of the rest.

    None when it is blank, torn or damaged.
    """
    body = slot[:-4]
    return body if struct.pack("<I", zlib.crc32(body)) == slot[-4:] else None


def events(journal: bytes) -> Iterator[Record]:
    """The events of a journal partition in their order."""
    blocks = []
    for at in range(0, RING_BLOCKS * BLOCK_BYTES, BLOCK_BYTES):
        header = whole(journal[at : at + HEADER_BYTES])
        if header:
            _, _, sequence = struct.unpack("<4sII", header)
            blocks.append((sequence, at))
    for _, at in sorted(blocks):
        for slot in range(at + HEADER_BYTES, at + BLOCK_BYTES, SLOT_BYTES):
            body = whole(journal[slot : slot + SLOT_BYTES])
            if body and body[0] < OWN_KINDS:
                yield records.unpack(body)


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit("Usage: python docs/examples/read_journal.py flash.bin")
    flash = Path(sys.argv[1]).read_bytes()
    table = partitions.parse_binary(
        flash[partitions.TABLE_OFFSET : partitions.TABLE_OFFSET + partitions.TABLE_BYTES]
    )
    place = partitions.find(table, "journal")
    if len(flash) < place.offset + place.size:
        sys.exit(f"{sys.argv[1]} ends ahead of the journal: read the whole flash.")
    for event in events(flash[place.offset : place.offset + place.size]):
        door = f"door {event.door:02}" if event.door else "cabinet"
        uptime_s = event.uptime / 10
        print(
            f"{event.number:6}  boot {event.boot}, {uptime_s:.1f} s  {door}  {kinds.name_of(event)}: "
            f"{kinds.in_words(event)}"
        )


if __name__ == "__main__":
    main()
