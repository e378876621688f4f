"""Times in words, in the time zone of a site, by the phrases of a language."""

from collections.abc import Callable
from zoneinfo import ZoneInfo

from host_tools.host.ledger.event_time import Moment
from host_tools.host.ledger.quiet_hours import local

LATE_MS = 60_000  # from which on something was heard late, or happened between two times

_MINUTE_MS = 60_000

#: A phrase of a language, by its name, filled with these values.
Phrase = Callable[..., str]


def full(ms: int, zone: ZoneInfo | None, phrase: Phrase) -> str:
    """`2026-11-29 14:03 KST`, of ms since 1970."""
    at = local(ms, zone)
    return phrase(
        "date",
        year=f"{at.year:04}",
        month=f"{at.month:02}",
        day=f"{at.day:02}",
        hour=f"{at.hour:02}",
        minute=f"{at.minute:02}",
        zone=at.tzname() or "",
    )


def happened(moment: Moment, zone: ZoneInfo | None, phrase: Phrase) -> str:
    """`(happened 2026-11-29 14:03 KST, heard 14:03)`."""
    earliest, latest = (full(ms, zone, phrase) for ms in moment[:2])
    is_one = moment.latest_ms - moment.earliest_ms < LATE_MS
    heard, last = local(moment.heard_ms, zone), local(moment.latest_ms, zone)
    return phrase(
        "happened",
        happened=earliest if is_one else phrase("between", earliest=earliest, latest=latest),
        heard=phrase("hour", hour=f"{heard.hour:02}", minute=f"{heard.minute:02}")
        if heard.date() == last.date()
        else full(moment.heard_ms, zone, phrase),
    )


def lasting(ms: int, phrase: Phrase) -> str:
    """`5 h 20 min`: so many ms in whole minutes, at least one."""
    hours, minutes = divmod(max(1, round(ms / _MINUTE_MS)), 60)
    if not hours:
        return phrase("minutes", minutes=str(minutes))
    if not minutes:
        return phrase("hours", hours=str(hours))
    return phrase("hours_and_minutes", hours=str(hours), minutes=str(minutes))
