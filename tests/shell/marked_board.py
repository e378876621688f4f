"""What of a cabinet touches the journal and its second copy, on a chip whose power may fail;
for both interpreters.
"""

import struct

from nor_flash import NorFlash, Nvs

from locker.contract import records
from locker.core.state import State
from locker.shell.format import format_journal
from locker.shell.journal import Journal
from locker.shell.second_copy import NAME, pair

DOORS = (1, 2, 3)


class Board:
    """The journal of three doors, provisioned."""

    def __init__(self):
        self.flash = NorFlash()
        format_journal(self.flash, 7)
        self.nvs = Nvs(self.flash)
        self.nvs.set_blob(NAME, bytes(12))

    def boot(self, keeps=True):
        """As shell.app starts; the records that were found, if they are to be kept."""
        found = []
        self.journal = None  # with all that it found
        self.state = State(DOORS)

        def fold(record):
            if keeps:
                found.append(record)
            self.state.apply(record)

        self.journal = Journal(self.flash, fold, self.state.carried)
        count = len(found)
        pair(self.nvs, self.journal, self.state)
        del found[count:]  # what was found wrong
        self.say(records.BOOTED)
        return found

    def say(self, kind, door=0, a=0):
        self.journal.tidy(0, False)
        b = self.state.doors[door].counter if door else 0
        record = self.journal.append(kind, door, 0, a, b)
        self.state.apply(record)
        return record

    def reserve(self, door=1):
        """The core folds what it emits before it is durable."""
        counter = self.state.doors[door].counter + 1
        self.state.fold(records.DEPOSIT_STARTED, door, 5, counter)
        self.journal.append(records.DEPOSIT_STARTED, door, 0, 5, counter)
        return counter

    def deposit(self, door=1):
        counter = self.reserve(door)
        self.say(records.DEPOSITED, door, 5)
        return counter

    def image(self):
        return {block: bytes(cells) for block, cells in self.flash.blocks.items()}

    def restore(self, image):
        for block in list(self.flash.blocks):
            if block not in image:
                del self.flash.blocks[block]
        for block, cells in image.items():
            self.flash.cells(block)[:] = cells

    def kept(self):
        return struct.unpack("<3I", self.nvs.values[NAME])

    def tail(self):
        """All that the host does not hold yet."""
        events = []
        while True:
            more = self.journal.events_from(self.journal.acknowledged + 1 + len(events), 8)
            if not more:
                return [records.unpack(body) for body in events]
            events += more


def lived(boots=3):
    """A board that was booted and used."""
    board = Board()
    for _ in range(boots):
        board.boot()
        board.deposit(1)
        board.say(records.COLLECTED, 1, 5)
        board.deposit(2)
    return board


def doubts(board):
    """(a, b) of each JOURNAL_DOUBT that the host does not hold yet."""
    return [(record.a, record.b) for record in board.tail() if record.kind == records.JOURNAL_DOUBT]
