"""Times on the console: of the clock on the wall of the place that they are of."""

from host_tools.host.ledger.event_time import Moment
from host_tools.host.ledger.quiet_hours import local, zone_of
from host_tools.host.web.look.words import Words

LATE_MS = 60_000  # from which on something was heard late, or happened between two times


def clock(ms: int, zone: str, at_ms: int) -> str:
    """`02:51`; with its date where that is not the one of `at_ms` there (both in ms since 1970)."""
    there, now = local(ms, zone_of(zone)), local(at_ms, zone_of(zone))
    return there.strftime("%H:%M" if there.date() == now.date() else "%Y-%m-%d %H:%M")


def told(words: Words, key: str, moment: Moment, zone: str, at_ms: int) -> str:
    """When something happened, and when it was heard where that was later, by the texts KEY.at, KEY.late
    and KEY.between.
    """
    earliest, latest, heard = (clock(ms, zone, at_ms) for ms in moment)
    name = local(moment.heard_ms, zone_of(zone)).tzname() or ""
    if moment.latest_ms - moment.earliest_ms >= LATE_MS:
        return words(f"{key}.between", earliest=earliest, latest=latest, heard=heard, zone=name)
    if moment.heard_ms - moment.latest_ms >= LATE_MS:
        return words(f"{key}.late", happened=latest, heard=heard, zone=name)
    return words(f"{key}.at", happened=latest, zone=name)
