"""Times in words, in the host's time zone, by the phrases of a language."""

from collections.abc import Callable
from datetime import UTC, datetime

from host_tools.host.ledger.event_time import Moment

LATE_MS = 60_000  # from which on something was heard late, or happened between two times

_MINUTE_MS = 60_000

#: A phrase of a language, by its name, filled with these values.
Phrase = Callable[..., str]


def local(ms: int) -> datetime:
    """A time in ms since 1970 in the host's time zone."""
    return datetime.fromtimestamp(ms / 1000, UTC).astimezone()


def full(ms: int, phrase: Phrase) -> str:
    """`2026-11-29 14:03 KST`, of ms since 1970."""
    at = local(ms)
    return phrase(
        "date",
        year=f"{at:%Y}",
        month=f"{at:%m}",
        day=f"{at:%d}",
        hour=f"{at:%H}",
        minute=f"{at:%M}",
        zone=f"{at:%Z}",
    )


def happened(moment: Moment, phrase: Phrase) -> str:
    """`(happened 2026-11-29 14:03 KST, heard 14:03)`."""
    earliest, latest = (full(ms, phrase) for ms in moment[:2])
    is_one = moment.latest_ms - moment.earliest_ms < LATE_MS
    heard, last = local(moment.heard_ms), local(moment.latest_ms)
    return phrase(
        "happened",
        happened=earliest if is_one else phrase("between", earliest=earliest, latest=latest),
        heard=phrase("hour", hour=f"{heard:%H}", minute=f"{heard:%M}")
        if heard.date() == last.date()
        else full(moment.heard_ms, phrase),
    )


def lasting(ms: int, phrase: Phrase) -> str:
    """`5 h 20 min`: so many ms in whole minutes, at least one."""
    hours, minutes = divmod(max(1, round(ms / _MINUTE_MS)), 60)
    if not hours:
        return phrase("minutes", minutes=str(minutes))
    if not minutes:
        return phrase("hours", hours=str(hours))
    return phrase("hours_and_minutes", hours=str(hours), minutes=str(minutes))
