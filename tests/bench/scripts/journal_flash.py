"""Keeps events on NOR cells, and prints [events, erases, page programs,
bytes programmed] as JSON; runs on MicroPython.

journal_flash.py ring BEFORE EVENTS LIFE       our journal: LIFE is JSON, the (kind, a) of what a parcel's
                                               life writes, an acknowledgement with the count of events that
                                               it leaves out
journal_flash.py littlefs BEFORE EVENTS        a file that is appended to

So many events are counted once BEFORE others were written.
"""

import json
import os
import random
import sys

import vfs
from nor_flash import NorFlash

from locker.contract import records
from locker.core.state import State
from locker.shell.format import format_journal
from locker.shell.journal import Journal

DOORS = tuple(range(1, 25))
EVENT_BYTES = 24
EVENTS_A_FILE = 8000  # two such files fill most of the partition
PAGE_BYTES = 256  # what a chip programs at once at most
QUIET_STEPS = 5  # of the app between two visits, nobody at the keypad


class Cells(NorFlash):
    """The partition of the journal; for a file system too,
    as MicroPython asks for it (its documentation, vfs.AbstractBlockDev).
    """

    def __init__(self):
        super().__init__()
        self.bytes_written = 0

    def write(self, block, offset, data):
        super().write(block, offset, data)
        self.programs += (offset + len(data) - 1) // PAGE_BYTES - offset // PAGE_BYTES
        self.bytes_written += len(data)

    def readblocks(self, block, buffer, offset):
        self.read(block, offset, buffer)

    def writeblocks(self, block, buffer, offset):
        self.write(block, offset, buffer)

    def ioctl(self, operation, argument):
        if operation == 6:
            self.erase(argument)
        return {4: self.block_count, 5: self.block_bytes}.get(operation, 0)


class Ring:
    """The journal of a cabinet where a parcel comes to a door by chance and is collected, again and again;
    the first door's stays.
    """

    def __init__(self, cells, life):
        self.life = json.loads(life)
        self.state = State(DOORS)
        format_journal(cells, 1)
        self.journal = Journal(cells, self.state.apply, self.state.carried)
        self.uptime = 0
        random.seed(1)
        deposited = [kind for kind, _ in self.life].index(records.DEPOSITED)
        self.visit(DOORS[0], self.life[: deposited + 2])

    def visit(self, number, life):
        """Writes a parcel's life, or the beginning of it, at a door; how many events that was."""
        counter = self.state.doors[number].counter + 1
        before = self.journal.next_number
        for kind, a in life:
            self.uptime += 10
            if kind == records.ACKNOWLEDGED:
                assert self.journal.acknowledge(self.journal.next_number - 1 - a, self.uptime)
            else:
                self.state.apply(self.journal.append(kind, number, self.uptime, a, counter))
            self.journal.tidy(self.uptime, False)
        for _ in range(QUIET_STEPS):
            self.uptime += 200
            self.journal.tidy(self.uptime, True)
        return self.journal.next_number - before


def ring(cells, life):
    """Our journal; yields how many events each visit wrote."""
    journal = Ring(cells, life)
    while True:
        yield journal.visit(random.choice(DOORS[1:]), journal.life)


def littlefs(cells):
    """A log as programs keep one: appended to, flushed for each event, put away when it is long.

    Yields 1 for each event.
    """
    vfs.VfsLfs2.mkfs(cells)
    vfs.mount(vfs.VfsLfs2(cells), "/log")
    while True:
        with open("/log/new", "ab") as log:
            for number in range(EVENTS_A_FILE):
                log.write(number.to_bytes(EVENT_BYTES, "little"))
                log.flush()
                yield 1
        os.rename("/log/new", "/log/old")


def main():
    kind, before, events, *life = sys.argv[1:]
    cells = Cells()
    writing = globals()[kind](cells, *life)
    written = 0
    while written < int(before):
        written += next(writing)
    counted, erases, programs, bytes_written = 0, cells.erases, cells.programs, cells.bytes_written
    while counted < int(events):
        counted += next(writing)
    print(
        json.dumps(
            [counted, cells.erases - erases, cells.programs - programs, cells.bytes_written - bytes_written]
        )
    )


main()
