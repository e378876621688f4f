"""A second opinion on stays, from the law's text and from what truly happened;
it shares nothing with host/stays.

The law: the clock runs only while she could have collected. It stands still until her first letter was
handed over, while her door is jammed, out of service or behind a lost part, while staff have paused the site.
Nothing is due while the cabinet is away or has more to tell. What cannot be known counts in her favour.

Time is in minutes. A set of minutes is a whole number with a bit for each, so that the length of what is left
of one is the number of its bits.
"""

from typing import NamedTuple


def minutes(since: int, until: int) -> int:
    """The set of the minutes from `since` up to `until`, which is not in it."""
    return ((1 << max(0, until)) - 1) & ~((1 << max(0, since)) - 1) if until > since else 0


def total(intervals: list[tuple[int, int]], *, wider: int = 0) -> int:
    """The set of the minutes in any of these intervals, each made longer at its end by so many."""
    found = 0
    for since, until in intervals:
        found |= minutes(since, until + wider)
    return found


class Terms(NamedTuple):
    """What was allowed at a deposit; in minutes and minor units."""

    free: int
    reminder: int
    last_reminder: int
    recall: int
    fee: int
    fee_max: int


class Truth(NamedTuple):
    """What truly happened to one parcel."""

    deposited: int
    told: int | None  # when her first letter was handed over
    ended: int | None  # she took it out
    stopped: int  # the minutes in which her door could not be opened, or the site was paused
    stopped_at_most: int  # with those of which nobody at the host can know that they were over
    away: int  # the minutes in which its cabinet had no link, or no server ran
    away_at_most: int  # with those near by, in which it may have looked so
    extended: tuple[int, ...]  # when
    extension: int


def ran(truth: Truth, until: int, *, at_most: bool) -> int:
    """How long the clock can have run until then at most; or how long it has run at the least."""
    if truth.told is None:
        return 0
    began = max(truth.deposited, truth.told)
    still = truth.stopped | truth.away if at_most else truth.stopped_at_most | truth.away_at_most
    return (minutes(began, until) & ~still).bit_count()


def due(terms: Terms, truth: Truth, kind: str, at: int) -> int:
    """After how long a run something is due, with the extensions that she had taken by then."""
    more = truth.extension * sum(when <= at for when in truth.extended)
    return {
        "reminder": min(terms.reminder, terms.free + more),
        "last reminder": terms.free + more - terms.last_reminder,
        "overdue": terms.free + more,
        "recalled": terms.recall + more,
    }[kind]


def fee(terms: Terms, truth: Truth, at: int, *, at_most: bool) -> int:
    """What she owes then at the most, or at the least."""
    end = at if truth.ended is None else min(at, truth.ended)
    over = ran(truth, end, at_most=at_most) - due(terms, truth, "overdue", at)
    return min(terms.fee_max, terms.fee * -(-over // (24 * 60))) if over > 0 else 0
