"""The host: a database of events that no power cut of a cabinet reaches."""

from dataclasses import dataclass, field

from host_tools.link import records as host_records
from locker.contract import records
from locker.core.events import Commanded
from tests.simulation.cuts.laws import require

ENDS = (records.WITHDRAWN, records.COLLECTED)


@dataclass
class Host:
    """`events` by number, as they came; `urgent` the copies that came ahead;
    `last` the newest event, which is what it acknowledges.

    `orders` are its commands, in order of their numbers from 1.
    """

    events: dict[int, bytes] = field(default_factory=dict)
    urgent: dict[int, bytes] = field(default_factory=dict)
    last: int = 0
    orders: list[Commanded] = field(default_factory=list)

    def take(self, tail: list) -> None:
        """Keeps what it is sent, which goes on where it left off, or says the same again."""
        for body in tail:
            number = self._number_of(body)
            require(
                number <= self.last + 1,
                "the host is told every event in turn, without gaps",
                self.last,
                number,
            )
            self.events[number] = bytes(body)
            self.last = max(self.last, number)

    def take_urgent(self, body: bytes) -> None:
        """An event ahead of its turn."""
        self.urgent[self._number_of(body)] = bytes(body)

    def _number_of(self, body: bytes) -> int:
        number = host_records.unpack(body).number  # which also sees that every field is within its range
        known = self.events.get(number) or self.urgent.get(number)
        require(
            known in (None, bytes(body)),
            "an event that the host was told never changes",
            records.unpack(body),
        )
        return number

    def forgets(self) -> None:
        """Events that concern no door are nothing to it."""
        self.events = {number: body for number, body in self.events.items() if records.unpack(body).door}

    def known(self) -> list[records.Record]:
        """All it knows, in order."""
        return [records.unpack(body) for _, body in sorted(self.events.items())]

    def open_orders(self) -> list[Commanded]:
        """Those that it has not heard of yet."""
        applied = [record.a for record in self.known() if record.kind == records.COMMAND_APPLIED]
        return [order for order in self.orders if order.number not in applied]

    def retry(self, deposit: records.Record) -> int:
        """Which code of that parcel is the present one."""
        own = [
            record
            for record in self.known()
            if (record.kind, record.door, record.b) == (records.REISSUED, deposit.door, deposit.b)
        ]
        return own[-1].a if own else 0

    def epoch(self, deposit: records.Record) -> int:
        """That in which the counter of a parcel was reserved."""
        starts = (records.DEPOSIT_STARTED, records.WITHDRAWN)
        before = [record for record in self.known() if record.number < deposit.number]
        start = max(
            (record.number for record in before if record.kind in starts and record.door == deposit.door),
            default=0,
        )
        return max(
            (
                record.a & 0x3FFFF
                for record in before
                if record.kind == records.EPOCH_BEGUN and record.number < start
            ),
            default=1,
        )

    def generation(self, deposit: records.Record) -> int:
        """That of the key of a parcel's ticket:
        the latest one before it that has the parity of its serial.
        """
        turned = [0] + [
            record.a
            for record in self.known()
            if record.kind == records.TICKETS_TURNED and record.number < deposit.number
        ]
        return max(0, turned[-1] - ((deposit.a >> 16 ^ turned[-1]) & 1))

    def parcels(self) -> tuple[list[records.Record], list[records.Record]]:
        """The parcels that wait, and those that are gone, as their DEPOSITED."""
        waiting: dict[tuple[int, int], records.Record] = {}
        gone = []
        for record in self.known():
            if record.kind == records.DEPOSITED:
                waiting[record.door, record.b] = record
            elif record.kind in ENDS:
                gone.append(waiting.pop((record.door, record.b)))
        return list(waiting.values()), gone
