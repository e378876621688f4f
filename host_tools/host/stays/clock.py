"""The clock of a stay: it runs only while she could have collected.

`stay_of` is a function of what is known, in whatever order it was learned, so an event that comes days late
corrects all that follows from it. Where only an interval is known the end in her favour counts: a deposit was
as late as it can have been, a pause began as early and ended as late, her collection was as early. Time is
real time (ms since 1970, UTC): a day has 24 hours, whatever clocks on walls do.
"""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from host_tools.host.stays.policy import Policy

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
UNDELIVERED_MS = DAY_MS  # how long the clock waits at most for a delivery that the channel would tell of

#: Why a clock stands still. Where causes overlap the time counts for the first of them.
UNTOLD = "not told"
JAMMED = "door jammed"
OUT = "door out of service"
LOST = "part of the cabinet lost"
BY_STAFF = "paused by staff"
AWAY = "cabinet not heard"
CAUSES = (UNTOLD, JAMMED, OUT, LOST, BY_STAFF, AWAY)

_NEVER = 1 << 62


class Span(NamedTuple):
    """When something happened, as far as it is known: ms since 1970."""

    earliest_ms: int
    latest_ms: int


class Pause(NamedTuple):
    """A time in which a clock stands still. `ended` None: it goes on."""

    cause: str
    began: Span
    ended: Span | None
    reason: str = ""  # in the words of whoever paused it


class Facts(NamedTuple):
    """What is known of a parcel's stay."""

    deposited: Span
    told_ms: int | None  # when her first letter was handed over; None: not yet
    pauses: tuple[Pause, ...] = ()
    extensions: int = 0
    ended: Span | None = None  # her collection, or whatever else ended the wait
    # The channel that had her letter tells of deliveries, and when it told of the first.
    tells: bool = False
    delivered_ms: int | None = None


class Stay(NamedTuple):
    """A stay as of a time. Times in ms since 1970, durations in ms.

    A time is None when it is not known yet, for the clock stands still and nobody knows until when.
    """

    since_ms: int  # the deposit
    ran_ms: int  # how long the clock has run
    paused: dict[str, int]  # by cause, each time once
    is_running: bool
    reminder_ms: int | None
    last_reminder_ms: int | None
    free_until_ms: int | None  # overdue from then on
    recall_ms: int | None
    fee: int  # in minor units of the policy's currency

    @property
    def paused_ms(self) -> int:
        """The sum of all pauses."""
        return sum(self.paused.values())


def stay_of(facts: Facts, policy: "Policy", at_ms: int) -> Stay:
    """A stay by a policy as it is at `at_ms`, or was when it ended."""
    start = facts.deposited.latest_ms
    end = max(start, min(at_ms, facts.ended.earliest_ms) if facts.ended else at_ms)
    standing: dict[str, list[tuple[int, int]]] = {cause: [] for cause in CAUSES}
    for pause in (*facts.pauses, *untold(facts)):
        since = max(start, pause.began.earliest_ms)
        until = pause.ended.latest_ms if pause.ended else _NEVER
        if since < until:
            standing[pause.cause].append((since, until))
    still = merged(span for spans in standing.values() for span in spans)
    ran = end - start - _length(still, end)
    free = (policy.free_h + facts.extensions * policy.extension_h) * HOUR_MS
    over = ran - free
    return Stay(
        start,
        ran,
        _by_cause(standing, end),
        not any(since <= end < until for since, until in still) and not facts.ended,
        reached(start, still, min(policy.reminder_h * HOUR_MS, free)),
        reached(start, still, free - policy.last_reminder_h * HOUR_MS),
        reached(start, still, free),
        reached(start, still, (policy.recall_h + facts.extensions * policy.extension_h) * HOUR_MS),
        min(policy.fee_max, policy.fee * -(-over // DAY_MS)) if over > 0 else 0,
    )


def untold(facts: Facts) -> list[Pause]:
    """The pauses that follow from what became of her first letter."""
    began = facts.deposited
    if facts.told_ms is None:
        return [Pause(UNTOLD, began, None)]
    until_ms = facts.told_ms
    if facts.tells:
        limit_ms = facts.told_ms + UNDELIVERED_MS
        until_ms = limit_ms if facts.delivered_ms is None else min(limit_ms, facts.delivered_ms)
    until_ms = max(until_ms, facts.told_ms)
    return [Pause(UNTOLD, began, Span(until_ms, until_ms))]


def merged(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """The times that are in any of the spans, in order and apart from each other."""
    found: list[tuple[int, int]] = []
    for since, until in sorted(spans):
        if found and since <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], until))
        else:
            found.append((since, until))
    return found


def reached(start_ms: int, still: Sequence[tuple[int, int]], ran_ms: int) -> int | None:
    """When a clock that begins at `start_ms` and stands still in those times has run so long.

    None: nobody knows yet.
    """
    at, left = start_ms, ran_ms
    for since, until in still:
        if since - at >= left:
            break
        left -= since - at
        at = until
        if at >= _NEVER:
            return None
    return at + left


def _length(still: Sequence[tuple[int, int]], end: int) -> int:
    return sum(max(0, min(until, end) - since) for since, until in still)


def _by_cause(standing: dict[str, list[tuple[int, int]]], end: int) -> dict[str, int]:
    paused: dict[str, int] = {}
    before: list[tuple[int, int]] = []
    for cause, spans in standing.items():
        after = merged((*before, *spans))
        if grown := _length(after, end) - _length(before, end):
            paused[cause] = grown
        before = after
    return paused
