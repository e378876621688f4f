"""Times as the console shows them: in the zone of a site, and how long ago."""

from datetime import UTC, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from host_tools.host.ledger.event_time import Moment
from host_tools.host.ledger.quiet_hours import local
from host_tools.host.web.look.words import Words

_MINUTE_MS, _HOUR_MS, _DAY_MS = 60_000, 3_600_000, 86_400_000
_HOURS_UP_TO_MS = 2 * _DAY_MS
LATE_MS = 60_000  # from which on something was heard late, or happened between two times


class Shown(NamedTuple):
    """An instant: as in RFC 3339, and as it is read."""

    iso: str
    words: str


class Clock(NamedTuple):
    """Times for a reader: `zone` of the site, None for the host's own; `at_ms` is now, since 1970."""

    words: Words
    zone: ZoneInfo | None
    at_ms: int

    def shown(self, ms: int, *, seconds: bool = False) -> Shown:
        """`2026-11-29 14:03`."""
        at = local(ms, self.zone)
        iso = datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds")
        return Shown(iso, f"{at:%Y-%m-%d %H:%M:%S}" if seconds else f"{at:%Y-%m-%d %H:%M}")

    def age(self, since_ms: int) -> str:
        """`5 min`, `7 h`, `3 days`: how long ago that was."""
        ms = max(0, self.at_ms - since_ms)
        if ms < _HOUR_MS:
            return self.words("times.minutes", count=ms // _MINUTE_MS)
        if ms < _HOURS_UP_TO_MS:
            return self.words("times.hours", count=ms // _HOUR_MS)
        return self.words("times.days", count=ms // _DAY_MS)

    def happened(self, moment: Moment) -> list[Shown]:
        """When something happened: one time, or the two between which it did."""
        if moment.latest_ms - moment.earliest_ms < LATE_MS:
            return [self.shown(moment.latest_ms, seconds=True)]
        return [self.shown(ms, seconds=True) for ms in moment[:2]]

    def heard(self, moment: Moment) -> Shown:
        """When the host heard of it."""
        return self.shown(moment.heard_ms, seconds=True)
