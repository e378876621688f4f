"""A stay's clock, whatever stops it: theorems."""

from hypothesis import given, settings
from hypothesis import strategies as st

from host_tools.host.stays.clock import CAUSES, DAY_MS, HOUR_MS, UNTOLD, Facts, Pause, Span, Stay, stay_of
from host_tools.host.stays.policy import Policy

POLICY = Policy(fee=500, fee_max=3000)
START = 1_700_000_000_000
WEEKS = st.integers(-DAY_MS, 21 * DAY_MS).map(lambda behind: START + behind)
SPANS = st.tuples(WEEKS, st.integers(0, DAY_MS)).map(lambda one: Span(one[0], one[0] + one[1]))


@st.composite
def pause(draw: st.DrawFn) -> Pause:
    began = draw(SPANS)
    lasts = draw(st.none() | st.integers(0, 5 * DAY_MS))
    ended = None
    if lasts is not None:
        ended = Span(began.latest_ms + lasts, began.latest_ms + lasts + draw(st.integers(0, DAY_MS)))
    return Pause(draw(st.sampled_from(CAUSES[1:])), began, ended)


PAUSES = st.lists(pause(), max_size=6).map(tuple)
DEPOSITED = st.integers(0, DAY_MS).map(lambda wide: Span(START, START + wide))
TOLD = st.none() | st.integers(0, 3 * DAY_MS).map(lambda behind: START + behind)
FACTS = st.builds(
    Facts, DEPOSITED, TOLD, PAUSES, st.integers(0, 2), st.none() | SPANS, st.booleans(), st.none() | WEEKS
)
TIMES = ("reminder_ms", "last_reminder_ms", "free_until_ms", "recall_ms")


def no_earlier(one: Stay, other: Stay) -> bool:
    """Whether nothing of `one` is due before that of `other`, and it has run no longer."""
    due = [(getattr(one, name), getattr(other, name)) for name in TIMES]
    later = all(mine is None or (its is not None and mine >= its) for mine, its in due)
    return later and one.ran_ms <= other.ran_ms and one.fee <= other.fee


@given(FACTS, st.lists(WEEKS, min_size=2, max_size=2).map(sorted))
def test_a_clock_never_goes_back(facts: Facts, times: list[int]) -> None:
    before, after = (stay_of(facts, POLICY, at) for at in times)
    assert before.ran_ms <= after.ran_ms
    assert before.fee <= after.fee
    assert before.paused_ms <= after.paused_ms
    assert [getattr(before, name) for name in TIMES] == [getattr(after, name) for name in TIMES]


@given(FACTS, pause(), WEEKS)
def test_a_pause_makes_nothing_earlier(facts: Facts, more: Pause, at: int) -> None:
    paused = facts._replace(pauses=(*facts.pauses, more))
    assert no_earlier(stay_of(paused, POLICY, at), stay_of(facts, POLICY, at))


@given(FACTS, PAUSES, st.randoms(use_true_random=False), WEEKS)
def test_the_order_in_which_it_was_learned_changes_nothing(facts, more, random, at) -> None:
    pauses = [*facts.pauses, *more, *more]
    shuffled = random.sample(pauses, len(pauses))
    assert stay_of(facts._replace(pauses=tuple(pauses)), POLICY, at) == stay_of(
        facts._replace(pauses=tuple(shuffled)), POLICY, at
    )


@given(FACTS, WEEKS)
def test_each_instant_runs_or_is_paused_for_one_cause(facts: Facts, at: int) -> None:
    stay = stay_of(facts, POLICY, at)
    end = max(stay.since_ms, min(at, facts.ended.earliest_ms) if facts.ended else at)
    assert stay.ran_ms + stay.paused_ms == end - stay.since_ms
    assert stay.ran_ms >= 0
    assert all(lasted > 0 for lasted in stay.paused.values())


@given(FACTS, WEEKS)
def test_what_is_due_is_due_in_order_and_not_before_the_clock_has_run_so_long(facts: Facts, at: int) -> None:
    facts = facts._replace(ended=None)
    stay = stay_of(facts, POLICY, at)
    hours = (24, 44 + 24 * facts.extensions, 48 + 24 * facts.extensions, 72 + 24 * facts.extensions)
    known = [getattr(stay, name) for name in TIMES]
    assert [one for one in known if one is not None] == sorted(one for one in known if one is not None)
    for due, after_h in zip(known, hours, strict=True):
        if due is not None and due <= at:
            assert stay_of(facts, POLICY, due).ran_ms == after_h * HOUR_MS
        else:
            assert stay.ran_ms <= after_h * HOUR_MS


@given(FACTS, st.integers(1, DAY_MS), WEEKS)
def test_what_is_known_less_well_counts_in_her_favour(facts: Facts, wider: int, at: int) -> None:
    vaguer = facts._replace(
        deposited=facts.deposited._replace(latest_ms=facts.deposited.latest_ms + wider),
        pauses=tuple(
            one._replace(
                began=one.began._replace(earliest_ms=one.began.earliest_ms - wider),
                ended=one.ended and one.ended._replace(latest_ms=one.ended.latest_ms + wider),
            )
            for one in facts.pauses
        ),
        ended=facts.ended and facts.ended._replace(earliest_ms=facts.ended.earliest_ms - wider),
    )
    assert no_earlier(stay_of(vaguer, POLICY, at), stay_of(facts, POLICY, at))


@given(FACTS, WEEKS)
def test_an_extension_makes_nothing_earlier(facts: Facts, at: int) -> None:
    longer = facts._replace(extensions=facts.extensions + 1)
    assert no_earlier(stay_of(longer, POLICY, at), stay_of(facts, POLICY, at))


@given(FACTS.filter(lambda facts: facts.told_ms is None), WEEKS)
@settings(max_examples=20)
def test_who_was_never_told_owes_nothing(facts: Facts, at: int) -> None:
    stay = stay_of(facts, POLICY, at)
    assert (stay.ran_ms, stay.fee, stay.free_until_ms, stay.recall_ms) == (0, 0, None, None)
    assert set(stay.paused) <= {UNTOLD}
