"""What the flash must hold: noted outside the board,
from what the journal was asked to write and said it had written.
"""

from locker.contract import records
from locker.core.state import State
from locker.shell.journal import Journal


class Written:
    """`events` are the durable events by number, `state` is the fold of all records,
    `spent` are the serials spent.

    Of the events before `since` only those of doors are kept, and no longer looked for in the flash.
    """

    def __init__(self, state: State) -> None:
        self.state = state
        self.events: dict[int, records.Record] = {}
        self.since = 1
        self.spent: set[int] = set()
        self.acknowledged = 0
        # Kind, door, a, b of the append that may have been cut off.
        self.appending: tuple[int, int, int, int] | None = None
        self.spending: int | None = None

    @property
    def number(self) -> int:
        """Of the newest event."""
        return self.state.number

    def begins(self, kind: int, door: int, a: int, b: int) -> None:
        self.appending = (kind, door, a, b)

    def ends(self, record: records.Record) -> None:
        self.appending = None
        self.state.apply(record)
        if record.kind < records.ACKNOWLEDGED:
            self.events[record.number] = record
        elif record.kind == records.ACKNOWLEDGED:
            self.acknowledged = record.a

    def spends(self, serial: int) -> None:
        self.spending = serial

    def has_spent(self, serial: int) -> None:
        self.spending = None
        self.spent.add(serial)

    def settles(self, found: records.Record | None, state: State, journal: Journal) -> None:
        """After a cut: what was being written is in the flash (`found`, for an event),
        or it is not and never will be.

        `state` and `store` are read from the flash;
        of the board's own records they tell by what has become of them.
        """
        if found:
            self.ends(found)
        elif self.appending:
            kind, door, a, b = self.appending
            if kind == records.ACKNOWLEDGED and journal.acknowledged == a:
                self.acknowledged = a
            elif kind > records.ACKNOWLEDGED and state.door_records() != self.state.door_records():
                self.state.fold(kind, door, a, b)
        if self.spending is not None and journal.spent(*state.spent_bit(self.spending)):
            self.spent.add(self.spending)
        self.appending = self.spending = None

    def forgets(self) -> None:
        """What happened so far is the past of the story that now begins."""
        self.events = {number: record for number, record in self.events.items() if record.door}
        self.since = self.number + 1

    def of(self, kind: int, door: int | None = None) -> list[records.Record]:
        """The events of that kind, of that door or of any, oldest first."""
        return [
            record for record in self.events.values() if record.kind == kind and door in (None, record.door)
        ]

    def deposited(self) -> set[int]:
        """The serials that were deposited and not withdrawn."""
        serials = set()
        for record in self.events.values():
            if record.kind == records.DEPOSITED:
                serials.add(record.a)
            elif record.kind == records.WITHDRAWN:
                serials.remove(record.a)
        return serials
