"""Quiet hours of a site: when nothing goes out to residents that can wait.

Hours are of the clock on the wall there, also on the days on which it is put forward or back.
"""

import re
from zoneinfo import ZoneInfo

from host_tools.errors import UserError
from host_tools.host.notify.wording.times import local

_QUIET = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])-([01][0-9]|2[0-3]):([0-5][0-9])")
_DAY = 24 * 60  # minutes
_MINUTE_MS = 60_000
_STEP_MS = 15 * _MINUTE_MS  # clocks are put forward and back at such times only
_HOURS_MAX = 14

# Whether a letter to a resident can wait for the morning. What she must know to fetch a parcel, what happens
# at her door, and what somebody may be doing against her will goes at once, at any hour.
CAN_WAIT = {
    "deposited": False,
    "used label": False,
    "label used twice": False,
    "label cleared": False,
    "new code": False,
    "odd new code": False,
    "opened": False,
    "opened at last": False,
    "stuck": False,
    "mended": False,
    "opened by staff": False,
    "forced": False,
    "unknown": False,
    "withdrawn": False,
    "silenced": False,
    "gone": False,
    "reminder": True,
    "last reminder": True,
    "overdue": True,
    "extended": True,
    "paused": True,
    "resumed": True,
    "recalled": True,
    "taken by staff": True,
    "look": False,
    "contact changed": False,
    "wishes changed": False,
    "asked to open": False,
    "digits": False,
}


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


def until(kind: str, quiet: str, at_ms: int, zone: ZoneInfo | None) -> int:
    """When a letter of that kind to a resident may go out that is ready at `at_ms`: then, or once the quiet
    hours of its site are over. Both are ms since 1970; `zone` None is the host's own.

    A kind that is not known, and quiet hours that are none, hold nothing up.
    """
    if not CAN_WAIT.get(kind, False) or not _QUIET.fullmatch(quiet):
        return at_ms
    begin, end = _minutes(quiet)
    while True:
        wall = local(at_ms, zone)
        now = wall.hour * 60 + wall.minute
        if (now - begin) % _DAY >= (end - begin) % _DAY:
            return at_ms
        over_ms = (at_ms // _MINUTE_MS + (end - now) % _DAY) * _MINUTE_MS
        at_ms = min(over_ms, (at_ms // _STEP_MS + 1) * _STEP_MS)


def _minutes(hours: str) -> tuple[int, int]:
    begin, end = ((int(one[:2]) * 60 + int(one[3:])) for one in hours.split("-"))
    return begin, end
