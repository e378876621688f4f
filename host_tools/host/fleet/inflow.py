"""How many events one board may bring in: what a full journal holds,
and more than people can do at a cabinet behind that.

What a board tells beyond it is neither taken nor acknowledged: an honest board keeps it and tells it again, a
stranger who holds a board's keys fills no disk. Copies that cannot wait have a bucket for each kind of event,
so that a bell is heard beside any flood.
"""

from dataclasses import dataclass, field

from host_tools.host.fleet.received import Received

EVENTS_MAX = 40_000  # of one board at once: its journal holds 20,000, and some of them may come twice
EVENTS_PER_S = 2.0  # a visit is about 8 events in 20 s at the fastest
COPIES_MAX = 600
COPIES_PER_S = 2.0


@dataclass
class _Bucket:
    level: float
    since_s: float


@dataclass
class Inflow:
    """The buckets of all boards, by the ledger's number of the cabinet.

    Times in seconds of a clock that never goes back.
    """

    # Boards from which something was not taken since somebody looked.
    flooding: dict[int, None] = field(default_factory=dict)
    _buckets: dict[tuple[int, int | None], _Bucket] = field(default_factory=dict)

    def admits(self, said: Received, now_s: float) -> bool:
        """Whether what a board said is taken now; where it is not, the board is `flooding`.

        What brings no event is taken always.
        """
        count = len(said.records)
        most, per_s = (COPIES_MAX, COPIES_PER_S) if said.urgent else (EVENTS_MAX, EVENTS_PER_S)
        key = (said.cabinet, said.records[0][0] if said.urgent else None)
        bucket = self._buckets.setdefault(key, _Bucket(most, now_s))
        bucket.level = min(most, bucket.level + (now_s - bucket.since_s) * per_s)
        bucket.since_s = now_s
        if bucket.level < count:
            self.flooding[said.cabinet] = None
            return False
        bucket.level -= count
        return True
