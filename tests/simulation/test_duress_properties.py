"""The theorem of the safe tail: with and without duress,
all that anybody but a dispatcher can observe is the same, at the same instants.

Each afternoon is played twice on one seed: residents who are free, and the same ones who type their safe
tails. Connections break, stall and are forgotten, the host and the cabinet start anew, doors jam, numbers are
mistyped, another door is forced.
"""

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from .edge_stage import edge
from .paired import PARCELS, Afternoon, Trouble, Visit
from .twice import Observed, play_twice

_FIRST_MS = 5_500  # the cabinet is awake and has met its host
_LAST_MS = 10_500  # behind the last thing that happens: a letter goes 8 s after the opening at most
_TYPED_AGAIN_MS = 6_000  # after a power cut under her fingers

VISITS = st.lists(
    st.builds(
        Visit,
        at_ms=st.integers(_FIRST_MS, 12_000),
        parcel=st.integers(0, PARCELS - 1),
        holds_ms=st.sampled_from((300, 2_000, 9_000)),
        wrong=st.sampled_from((0, 0, 0, 1)),
        blocked=st.sampled_from((False, False, False, True)),
    ),
    min_size=1,
    max_size=2,
    unique_by=lambda visit: visit.parcel,
)
TROUBLES = st.lists(
    st.builds(
        Trouble,
        at_ms=st.integers(1_000, 20_000),
        what=st.sampled_from(("cut", "forget", "down", "up", "host", "force", "power")),
    ),
    max_size=2,
)


@st.composite
def afternoons(draw: st.DrawFn) -> Afternoon:
    """Some residents, some troubles, and what is lost on the way."""
    visits, troubles = draw(VISITS), draw(TROUBLES)
    last_ms = max(
        [visit.at_ms + visit.holds_ms for visit in visits] + [trouble.at_ms for trouble in troubles]
    )
    return Afternoon(visits, troubles, draw(st.sampled_from((0.0, 0.0, 0.2))), last_ms + _LAST_MS)


def difference(free: Observed, forced: Observed) -> str:
    """The first thing that is seen otherwise under duress; empty when nothing is."""
    for one, other in zip(free.seen, forced.seen, strict=False):
        if one != other:
            return f"{one}\n{other}"
    return (
        ""
        if len(free.seen) == len(forced.seen)
        else f"{len(free.seen)} things are seen, and {len(forced.seen)} under duress"
    )


def check(afternoon: Afternoon, seed: int) -> None:
    free, forced = play_twice(afternoon, seed)
    assert difference(free, forced) == ""
    pickups = free.seen[-1][2]["pickup"]
    assert free.alarms == []
    assert len({alarm["id"] for _, alarm in forced.alarms}) == len(pickups), (
        "each pickup that the host has heard of is a silent alarm"
    )


def test_twenty_letters_leave_at_the_same_instants_as_twenty_under_duress() -> None:
    for seed in range(10):
        visits = [Visit(_FIRST_MS, seed % 3, 300 * seed), Visit(9_000 + 100 * seed, (seed + 1) % 3, 2_000)]
        free, forced = play_twice(Afternoon(visits, until_ms=24_000), seed)
        left = [
            [one for one in run.seen if one[1] == "letter" and one[2]["kind"] == "opened"]
            for run in (free, forced)
        ]
        assert len(left[0]) == 2
        assert left[0] == left[1]
        assert len(forced.alarms) == 2


def test_without_a_chosen_tail_a_slip_in_the_last_two_digits_is_no_alarm_and_looks_as_any_other() -> None:
    for seed, trouble in ((1, []), (2, [Trouble(7_500, "cut")])):
        one, other = play_twice(Afternoon([Visit(7_000, 1, 300)], trouble, until_ms=24_000), seed, edge())
        assert difference(one, other) == ""
        assert one.alarms == other.alarms == []
        assert one.seen[-1][2]["pickup"] == [], "no door has opened"


def test_whose_code_would_end_in_her_tail_calls_for_help_as_anybody_and_nobody_sees_it() -> None:
    for seed, trouble in ((1, []), (2, [Trouble(7_500, "cut")])):
        free, forced = play_twice(Afternoon([Visit(7_000, 0, 2_000)], trouble, until_ms=30_000), seed, edge())
        assert difference(free, forced) == ""
        assert free.alarms == []
        assert len({alarm["id"] for _, alarm in forced.alarms}) == len(free.seen[-1][2]["pickup"]) == 1


def test_every_pickup_looks_for_a_lost_host_alike() -> None:
    for lost in (
        [Trouble(7_000, "host")],
        [Trouble(2_000, "host"), Trouble(6_000, "host"), Trouble(8_500, "host")],
    ):
        check(Afternoon([Visit(8_000, 0, 300)], lost, until_ms=30_000), 5)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None)
@example(Afternoon([Visit(8_000, 0, 2_000)], until_ms=24_000), 1)
@given(afternoons(), st.integers(0, 2**32))
def test_nobody_but_a_dispatcher_can_tell_a_pickup_under_duress_from_another(
    afternoon: Afternoon, seed: int
) -> None:
    check(afternoon, seed)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None)
@example(Afternoon([Visit(5_500, 0, 300)], until_ms=16_300), 0, 500, "power")
@example(Afternoon([Visit(5_500, 0, 300)], until_ms=22_300), 0, 1_900, "power")
@given(
    afternoons(),
    st.integers(0, 2**32),
    st.integers(0, 6_000),
    st.sampled_from(("cut", "forget", "host", "power")),
)
def test_nor_when_the_link_or_an_end_of_it_fails_in_the_midst_of_the_visit(
    afternoon: Afternoon, seed: int, behind_ms: int, what: str
) -> None:
    trouble = Trouble(afternoon.visits[0].at_ms + behind_ms, what)
    again_ms = _TYPED_AGAIN_MS if what == "power" else 0
    check(Afternoon(afternoon.visits, [trouble], afternoon.loss, afternoon.until_ms + again_ms), seed)


@pytest.mark.soak
@settings(max_examples=10_000, deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None)
@given(afternoons(), st.integers(0, 2**32))
def test_nor_in_ten_thousand_afternoons(afternoon: Afternoon, seed: int) -> None:
    check(afternoon, seed)
