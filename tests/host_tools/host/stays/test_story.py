"""Thirty days of outages: what residents are told of their stays
is what a second opinion says, which knows the truth.

`make soak` tells a hundred more of them.
"""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from host_tools.host.ledger.ledger import open_ledger
from host_tools.host.stays import clock, standing, sweep, watch
from host_tools.host.stays.policy import Policy
from tests.kit.stay_story import CABINETS, DAYS, DOORS, Plan, Story
from tests.memory_disk import scratch

STORIES_IN_A_SOAK = 100


def spans(longest_h: int, at_most: int) -> st.SearchStrategy:
    """Intervals in minutes, apart from each other."""
    one = st.tuples(st.integers(60, (DAYS - 2) * 1440), st.integers(30, longest_h * 60))
    return st.lists(one, max_size=at_most).map(_apart)


def _apart(drawn: list[tuple[int, int]]) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for since, lasts in sorted(drawn):
        if not found or since > found[-1][1] + 300:
            found.append((since, since + lasts))
    return found


def by_place(places: st.SearchStrategy, longest_h: int, at_most: int) -> st.SearchStrategy:
    """The same, of a place each."""
    return st.dictionaries(places, spans(longest_h, 2), max_size=at_most).map(
        lambda drawn: [(place, span) for place, found in drawn.items() for span in found]
    )


def _one_cause_a_door(drawn: list) -> list:
    """A door that is jammed is not taken out of service too: then its end would be that of both."""
    first: dict[tuple[int, int], bool] = {}
    return [
        (cabinet, door, is_out, span)
        for (cabinet, door, is_out), span in drawn
        if first.setdefault((cabinet, door), is_out) == is_out
    ]


CABINET = st.integers(0, CABINETS - 1)
DOOR = st.tuples(CABINET, st.integers(1, DOORS), st.booleans())
PLANS = st.builds(
    Plan,
    st.integers(0, 1 << 30),
    by_place(CABINET, 100, 3),
    spans(120, 3),
    spans(60, 3),
    by_place(DOOR, 50, 10).map(_one_cause_a_door),
    by_place(CABINET, 20, 2),
    spans(48, 2),
    st.lists(
        st.tuples(st.integers(0, DAYS * 1440), st.sampled_from((12, 24, 48)), st.sampled_from((0, 500))),
        max_size=3,
    ),
)


def play(plan: Plan, **size: int) -> Story:
    with scratch() as folder, open_ledger(Path(folder) / "data") as ledger:
        story = Story(ledger, plan, **size)
        story.play()
        story.judge()
        return story


@settings(max_examples=1, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(PLANS)
def test_thirty_days_of_outages_are_told_as_the_second_opinion_says(plan: Plan) -> None:
    play(plan)


@pytest.mark.soak
@settings(max_examples=STORIES_IN_A_SOAK, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(PLANS)
def test_many_months_of_outages_are_told_as_the_second_opinion_says(plan: Plan) -> None:
    play(plan)


D = 24 * 60
#: Ten days with one of each trouble, long enough to be seen.
TROUBLED = Plan(
    7,
    links=[(0, (3 * D, 5 * D))],
    hosts=[(7 * D, 8 * D)],
    posts=[(D, 2 * D)],
    doors=[
        *((cabinet, door, cabinet == 0, (2 * D, 5 * D)) for cabinet in (0, 1) for door in (1, 3, 4, 6, 7))
    ],
    lost=[(2, (2 * D, 5 * D))],
    pauses=[(5 * D, 6 * D)],
    policies=[(60, 24, 500)],
)
SMALL = {"days": 10, "residents": 30, "deposits": 40}


def test_ten_troubled_days_have_letters_of_each_kind_and_fees() -> None:
    story = play(TROUBLED, **SMALL)
    assert {letter.kind for letter in story.letters} == {"reminder", "last reminder", "overdue", "recalled"}
    assert any(fee for _, _, fee in story.probes)


def _without(cause: str) -> Callable[..., clock.Stay]:
    """A clock that does not stop for a cause."""

    def stay_of(facts: clock.Facts, *more) -> clock.Stay:
        kept = tuple(pause for pause in facts.pauses if pause.cause != cause)
        return STAY_OF(facts._replace(pauses=kept), *more)

    return stay_of


def _untold(facts: clock.Facts, *more) -> clock.Stay:
    return STAY_OF(facts._replace(told_ms=facts.deposited.latest_ms), *more)


def _slow(facts: clock.Facts, policy: Policy, at_ms: int) -> clock.Stay:
    return STAY_OF(facts, policy._replace(free_h=policy.free_h + 20), at_ms)


def _dear(facts: clock.Facts, *more) -> clock.Stay:
    stay = STAY_OF(facts, *more)
    return stay._replace(fee=stay.fee + 500)


STAY_OF = clock.stay_of


@pytest.mark.parametrize(
    "wrong",
    [
        *(pytest.param(_without(cause), id=f"runs on while {cause}") for cause in clock.CAUSES[1:]),
        pytest.param(_untold, id="runs on while not told"),
        pytest.param(_slow, id="is late"),
        pytest.param(_dear, id="takes too much"),
    ],
)
def test_the_second_opinion_sees_a_wrong_clock(wrong: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(standing, "stay_of", wrong)
    with pytest.raises(AssertionError, match=r"too early|no \w+|is owed"):
        play(TROUBLED, **SMALL)


def test_the_second_opinion_sees_a_host_that_tells_of_cabinets_it_does_not_hear(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(watch, "_split", lambda connection, away: (set(range(1, CABINETS + 1)), set()))
    with pytest.raises(AssertionError, match="told"):
        play(TROUBLED, **SMALL)


def test_the_second_opinion_sees_letters_that_come_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = sweep._step

    def twice(found: standing.Standing, at_ms: int) -> sweep._Step:
        step = honest(found, at_ms)
        return step._replace(
            letters=[(kind, f"{which} {at_ms}", *times) for kind, which, *times in step.letters],
            values=step.values | {"now": 0},
        )

    monkeypatch.setattr(sweep, "_step", twice)
    with pytest.raises(AssertionError, match="told more than once"):
        play(TROUBLED, **SMALL)
