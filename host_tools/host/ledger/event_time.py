"""When an event happened, in the host's time: boards have no trusted clock, only boots and uptimes.

A boot that has met the host has an anchor: the arrival of a message less the uptime in it, the least of all
such differences (a message is late, never early). An event of such a boot has a time; one of a boot that
never met the host has an interval, between what the board recorded before that boot and the start of the next
boot that met the host, or the arrival.
"""

from datetime import UTC, datetime
from functools import lru_cache
from typing import NamedTuple

from locker.contract.records import Record

_MS_PER_TENTH = 100
_OLDEST_MS = 0xFFFFFFFF * _MS_PER_TENTH  # an uptime says no more: 13 years


class Moment(NamedTuple):
    """When something happened, as far as it is known, and when the host heard of it; ms since 1970."""

    earliest_ms: int
    latest_ms: int
    heard_ms: int


class Last(NamedTuple):
    """The event before: its boot, its uptime in tenths of a second, and its earliest time."""

    boot: int
    uptime: int
    earliest_ms: int


def when(record: Record, last: Last, anchors: dict[int, int], arrived_ms: int) -> tuple[int, int]:
    """The earliest and the latest time of an event, in ms since 1970;
    `anchors` is boot number -> start of that boot.
    """
    since_boot = record.uptime * _MS_PER_TENTH
    if record.boot in anchors:
        moment = min(anchors[record.boot] + since_boot, arrived_ms)
        return moment, moment
    latest = min((start for boot, start in anchors.items() if boot > record.boot), default=arrived_ms)
    boot_began = (
        last.earliest_ms if last.boot < record.boot else last.earliest_ms - last.uptime * _MS_PER_TENTH
    )
    oldest = min(latest, arrived_ms - _OLDEST_MS)  # boots and uptimes that jump lead nowhere
    return max(oldest, min(boot_began + since_boot, latest)), latest


def anchor(uptime: int, arrived_ms: int) -> int:
    """The start of a boot as one message tells it; uptime in tenths of a second."""
    return arrived_ms - uptime * _MS_PER_TENTH


@lru_cache(maxsize=16)  # many things happen in one moment
def moment(ms: int) -> str:
    """A time in ms since 1970 as ISO 8601, UTC, to the millisecond."""
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
