"""A parcel in the words of its page: places, times and lengths, by the language of its reader."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from host_tools.host.ledger.quiet_hours import local, zone_of
from host_tools.host.parcels.hers import Hers, Step
from host_tools.host.web.look.words import Words

_LATE_MS = 60_000  # from which on something happened between two times
_MINUTE_MS = 60_000


class Told(NamedTuple):
    """A time: as in RFC 3339, and as it is read."""

    iso: str
    words: str


class Line(NamedTuple):
    """Something that happened, between two times if it is not known better."""

    words: str
    since: Told
    until: Told | None


class Clock:
    """Tells times as they are read at a site."""

    def __init__(self, words: Words, zone: str) -> None:
        self._words, self._zone = words, zone_of(zone)

    def told(self, ms: int) -> Told:
        """A time in ms since 1970."""
        at = local(ms, self._zone)
        day = self._words(f"resident.day.{at.weekday()}")
        said = {"month": at.month, "day": at.day, "weekday": day, "hour": f"{at:%H}", "minute": f"{at:%M}"}
        iso = datetime.fromtimestamp(ms // 1000, UTC).isoformat().replace("+00:00", "Z")
        return Told(iso, self._words("resident.date", **said))

    def lasting(self, ms: int) -> str:
        """A length, in whole minutes."""
        hours, minutes = divmod(max(1, round(ms / _MINUTE_MS)), 60)
        days, hours = divmod(hours, 24)
        parts = (("days", days), ("hours", hours), ("minutes", minutes))
        said = [self._words(f"resident.{name}", count=count) for name, count in parts if count]
        return " ".join(said)


def facts(hers: Hers, words: Words, at_ms: int) -> dict[str, Any]:
    """What the template of the page is handed, at that time (ms since 1970)."""
    clock = Clock(words, hers.zone)
    is_waiting = hers.state == "waiting"
    until_ms = hers.until_ms if is_waiting else None
    return {
        "hers": hers,
        "state": hers.state if hers.state in ("waiting", "collected") else "unknown",
        "since": clock.told(hers.since_ms),
        "until": None if until_ms is None else clock.told(until_ms),
        "is_late": until_ms is not None and until_ms <= at_ms,
        "recall": None if hers.recall_ms is None or not is_waiting else clock.told(hers.recall_ms),
        "paused": clock.lasting(hers.paused_ms) if hers.paused_ms else "",
        "pauses": _pauses(hers, words, clock),
        "story": _story(hers.story, words, clock),
        "ordered": None if hers.ordered_ms is None else clock.told(hers.ordered_ms),
    }


def _pauses(hers: Hers, words: Words, clock: Clock) -> list[Line]:
    return [
        Line(
            words(f"resident.cause.{pause.cause.replace(' ', '_')}"),
            clock.told(max(pause.began.earliest_ms, hers.since_ms)),
            None if pause.ended is None else clock.told(pause.ended.latest_ms),
        )
        for pause in hers.pauses
    ]


def _story(story: Sequence[Step], words: Words, clock: Clock) -> list[Line]:
    found = []
    for step in story:
        is_one = step.latest_ms - step.earliest_ms < _LATE_MS
        until = None if is_one else clock.told(step.latest_ms)
        said = words(f"resident.story.{step.kind.replace(' ', '_')}")
        found.append(Line(said, clock.told(step.earliest_ms), until))
    return found
