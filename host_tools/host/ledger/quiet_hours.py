"""The hours of a site's nights, in which nothing goes out to residents that can wait.

Hours are of the clock on the wall there, also on the days on which it is put forward or back.
"""

import re
from datetime import UTC, datetime
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from host_tools.errors import UserError

_QUIET = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])-([01][0-9]|2[0-3]):([0-5][0-9])")
_DAY = 24 * 60  # minutes
_MINUTE_MS = 60_000
_STEP_MS = 15 * _MINUTE_MS  # clocks are put forward and back at such times only
_HOURS_MAX = 14
AHEAD_MS = 60 * _MINUTE_MS  # by which she is told before quiet hours in which it would be too late


@cache
def zone_of(name: str) -> ZoneInfo | None:
    """The zone of that name in the tz database; None, the host's own, for one that is unknown here."""
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def local(ms: int, zone: ZoneInfo | None) -> datetime:
    """A time in ms since 1970, there."""
    return datetime.fromtimestamp(ms / 1000, UTC).astimezone(zone)


def checked_quiet(hours: str) -> str:
    """Quiet hours as they are kept, `22:00-07:00`; empty for none. Raises UserError."""
    hours = hours.strip()
    if not hours:
        return ""
    found = _QUIET.fullmatch(hours)
    if found is None:
        raise UserError("Quiet hours are two times of the day, from and until: 22:00-07:00.", 2)
    begin, end = _minutes(hours)
    if not 0 < (end - begin) % _DAY <= _HOURS_MAX * 60:
        raise UserError(f"Quiet hours are at most {_HOURS_MAX} hours of a day, and more than none.", 2)
    return hours


def over(quiet: str, at_ms: int, zone: ZoneInfo | None) -> int:
    """The first time from `at_ms` on that is not in these hours; quiet hours that are none have no length.

    Both are ms since 1970; `zone` None is the host's own.
    """
    if not _QUIET.fullmatch(quiet):
        return at_ms
    end = _minutes(quiet)[1]
    while _is_within(quiet, at_ms, zone):
        over_ms = (at_ms // _MINUTE_MS + (end - _minute(at_ms, zone)) % _DAY) * _MINUTE_MS
        at_ms = min(over_ms, (at_ms // _STEP_MS + 1) * _STEP_MS)
    return at_ms


def in_time(quiet: str, at_ms: int, end_ms: int, zone: ZoneInfo | None) -> int:
    """When a letter that can wait goes out, which is due at `at_ms` and says what ends at `end_ms`: then, or
    an hour before quiet hours that it would rest in past the end. All are ms since 1970.
    """
    if not at_ms < end_ms <= over(quiet, at_ms, zone):
        return at_ms
    step = at_ms // _STEP_MS
    while _is_within(quiet, step * _STEP_MS, zone):
        step -= 1
    return (step + 1) * _STEP_MS - AHEAD_MS


def _is_within(quiet: str, at_ms: int, zone: ZoneInfo | None) -> bool:
    begin, end = _minutes(quiet)
    return (_minute(at_ms, zone) - begin) % _DAY < (end - begin) % _DAY


def _minute(at_ms: int, zone: ZoneInfo | None) -> int:
    """Of the day, by the clock on the wall."""
    wall = local(at_ms, zone)
    return wall.hour * 60 + wall.minute


def _minutes(hours: str) -> tuple[int, int]:
    begin, end = ((int(one[:2]) * 60 + int(one[3:])) for one in hours.split("-"))
    return begin, end
