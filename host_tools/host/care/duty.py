"""Who is on call at a moment: the weekly hours of accounts in a site's time zone, and who has taken over.

Pure: hours, zone and time are arguments. Hours are wall-clock time; where a clock change makes one of their
ends come twice or never, they begin at the earlier and end at the later instant that it can mean, so hours
that meet on the wall leave no gap.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from host_tools.errors import UserError

DAY_MINUTES = 1440
EVERY_DAY = 0b1111111
_LOCALTIME = "/etc/localtime"


class Hours(NamedTuple):
    """When an account is on call each week. `rank` says in which order people are told, from 1."""

    account: int
    rank: int
    days: int  # bit 0: Monday
    from_minute: int  # of the day
    until_minute: int  # not after `from_minute`: of the day after
    from_date: date | None = None
    until_date: date | None = None  # the last day on which the hours begin


class StandIn(NamedTuple):
    """An account that has taken over, ahead of all hours; times in ms since 1970."""

    account: int
    from_ms: int
    until_ms: int


def on_call(
    hours: Iterable[Hours], stand_ins: Sequence[StandIn], zone: tzinfo, at_ms: int
) -> tuple[int, ...]:
    """The accounts that are on call at that time (ms since 1970), the first to be told first:
    who has taken over last, then by rank.
    """
    ahead = [one.account for one in reversed(stand_ins) if one.from_ms <= at_ms < one.until_ms]
    today = datetime.fromtimestamp(at_ms / 1000, zone).date()
    its = [
        one
        for one in hours
        if any(begin <= at_ms < end for begin, end in _spans(one, zone, today - _DAY * 2, today + _DAY))
    ]
    behind = [one.account for one in sorted(its, key=lambda one: one.rank)]
    return tuple(dict.fromkeys([*ahead, *behind]))


def gaps(
    hours: Sequence[Hours], stand_ins: Sequence[StandIn], zone: tzinfo, from_ms: int, until_ms: int
) -> list[tuple[int, int]]:
    """The spans from `from_ms` to `until_ms` (since 1970) in which nobody is on call, in their order."""
    first = datetime.fromtimestamp(from_ms / 1000, zone).date() - _DAY * 2
    last = datetime.fromtimestamp(until_ms / 1000, zone).date() + _DAY
    spans = [span for one in hours for span in _spans(one, zone, first, last)]
    spans += [(one.from_ms, one.until_ms) for one in stand_ins]
    found, at_ms = [], from_ms
    for begin, end in sorted(spans):
        if begin >= until_ms:
            break
        if begin > at_ms:
            found.append((at_ms, begin))
        at_ms = max(at_ms, end)
    return [*found, (at_ms, until_ms)] if at_ms < until_ms else found


def _spans(hours: Hours, zone: tzinfo, first: date, last: date) -> Iterator[tuple[int, int]]:
    """The instants of those hours that begin on one of these days."""
    day = max(first, hours.from_date) if hours.from_date else first
    end = min(last, hours.until_date) if hours.until_date else last
    while day <= end:
        if hours.days >> day.weekday() & 1:
            nights = hours.until_minute <= hours.from_minute
            yield (
                instant(day, hours.from_minute, zone, min),
                instant(day + _DAY * nights, hours.until_minute, zone, max),
            )
        day += _DAY


def instant(day: date, minute: int, zone: tzinfo, choose: Callable[[Iterable[int]], int] = min) -> int:
    """A wall-clock time as ms since 1970; of the two that it can mean the one that `choose` takes."""
    days, minute = divmod(minute, DAY_MINUTES)
    wall = datetime.combine(day + _DAY * days, time(minute // 60, minute % 60), zone)
    return choose(round(wall.replace(fold=fold).astimezone(UTC).timestamp() * 1000) for fold in (0, 1))


_DAY = timedelta(days=1)


@lru_cache(maxsize=64)
def zone_of(name: str) -> tzinfo:
    """The time zone of that name in the tz database; of an empty one, the host's own.

    Raises UserError when there is none of that name.
    """
    try:
        return ZoneInfo(name) if name else _own()
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise UserError(f"There is no time zone {name}: say one such as Asia/Seoul.", 2) from error


def _own() -> tzinfo:
    if os.environ.get("TZ"):
        return ZoneInfo(os.environ["TZ"].removeprefix(":"))
    try:
        with open(_LOCALTIME, "rb") as file:
            return ZoneInfo.from_file(file)
    except (OSError, ValueError):
        return UTC
