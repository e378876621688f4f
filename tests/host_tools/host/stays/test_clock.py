"""A stay's clock and a site's policy, by example."""

from pathlib import Path

import pytest

from host_tools.errors import UserError
from host_tools.host.ledger.ledger import open_ledger
from host_tools.host.stays import policy as policies
from host_tools.host.stays.clock import (
    AWAY,
    BY_STAFF,
    HOUR_MS,
    JAMMED,
    OUT,
    UNTOLD,
    Facts,
    Pause,
    Span,
    stay_of,
)
from host_tools.host.stays.policy import DEFAULT, Policy

START = 1_711_846_800_000  # 2024-03-31 01:00 UTC: that hour is skipped on clocks of half of Europe


def at(hours: float) -> int:
    return START + round(hours * HOUR_MS)


def exactly(hours: float) -> Span:
    return Span(at(hours), at(hours))


def told_at_once(*pauses: Pause, **more) -> Facts:
    return Facts(exactly(0), at(0), pauses, **more)


def test_two_days_are_free_and_have_48_hours_whatever_clocks_on_walls_do() -> None:
    stay = stay_of(told_at_once(), DEFAULT, at(1))
    assert (stay.reminder_ms, stay.last_reminder_ms) == (at(24), at(44))
    assert (stay.free_until_ms, stay.recall_ms) == (at(48), at(72))
    assert stay.is_running
    assert stay.fee == 0


def test_the_clock_begins_when_her_letter_was_handed_over() -> None:
    stay = stay_of(Facts(exactly(0), at(30)), DEFAULT, at(40))
    assert (stay.ran_ms, stay.paused) == (10 * HOUR_MS, {UNTOLD: 30 * HOUR_MS})
    assert stay.free_until_ms == at(78)


def test_where_the_channel_tells_it_waits_for_the_delivery_a_day_at_most() -> None:
    facts = Facts(exactly(0), at(1), tells=True)
    assert stay_of(facts, DEFAULT, at(2)).ran_ms == 0
    assert stay_of(facts, DEFAULT, at(2)).free_until_ms == at(1 + 24 + 48)
    assert stay_of(facts._replace(delivered_ms=at(3)), DEFAULT, at(5)).ran_ms == 2 * HOUR_MS
    assert stay_of(facts._replace(delivered_ms=at(90)), DEFAULT, at(100)).free_until_ms == at(1 + 24 + 48)


def test_causes_that_overlap_count_once() -> None:
    pauses = (
        Pause(BY_STAFF, exactly(10), exactly(20)),
        Pause(JAMMED, exactly(15), exactly(30)),
        Pause(OUT, exactly(16), exactly(18)),
        Pause(AWAY, exactly(29), exactly(31)),
    )
    stay = stay_of(told_at_once(*pauses), DEFAULT, at(48))
    assert stay.paused == {JAMMED: 15 * HOUR_MS, BY_STAFF: 5 * HOUR_MS, AWAY: HOUR_MS}
    assert stay.free_until_ms == at(48 + 21)


def test_while_it_stands_still_nobody_knows_when_it_ends() -> None:
    stay = stay_of(told_at_once(Pause(BY_STAFF, exactly(10), None, "storm")), DEFAULT, at(100))
    assert (stay.ran_ms, stay.is_running) == (10 * HOUR_MS, False)
    assert (stay.reminder_ms, stay.free_until_ms, stay.recall_ms, stay.fee) == (None, None, None, 0)


def test_an_event_that_comes_late_corrects_the_past() -> None:
    late = Policy(fee=500, fee_max=10_000)
    assert stay_of(told_at_once(), late, at(60)).fee == 500
    jammed = Pause(JAMMED, Span(at(20), at(26)), Span(at(50), at(55)))
    assert stay_of(told_at_once(jammed), late, at(60)).fee == 0


def test_a_fee_is_for_each_day_that_has_begun_up_to_its_cap_and_ends_with_her_collection() -> None:
    late = Policy(fee=500, fee_max=1200)
    assert [stay_of(told_at_once(), late, at(hours)).fee for hours in (48, 48.1, 72, 72.1, 500)] == [
        0, 500, 500, 1000, 1200,
    ]  # fmt: skip
    ended = Span(at(47), at(80))  # a board without its host's time: she may have been there in time
    assert stay_of(told_at_once(ended=ended), late, at(500)).fee == 0


def test_extensions_move_the_end_and_what_follows() -> None:
    stay = stay_of(told_at_once(extensions=2), DEFAULT, at(1))
    assert (stay.reminder_ms, stay.last_reminder_ms) == (at(24), at(92))
    assert (stay.free_until_ms, stay.recall_ms) == (at(96), at(120))


def test_a_policy_that_changes_while_parcels_wait_changes_none_of_them(home: Path) -> None:
    with open_ledger(home) as ledger:
        ledger.site("mapo-3")
        ledger.site("jongno-1")
        with ledger.writing() as connection:
            everywhere = policies.put(connection, None, Policy(free_h=24), at(10))
            shorter = policies.put(connection, 1, Policy(free_h=12), at(20))
            policies.put(connection, None, Policy(free_h=36), at(30))
            known = policies.versions(connection, 1)
            of_other = policies.versions(connection, 2)
            assert policies.by_id(connection, [2]) == {None: DEFAULT, 2: shorter}
    assert policies.of_deposit(known, exactly(9)) == DEFAULT
    assert policies.of_deposit(known, exactly(10)) == everywhere
    assert policies.of_deposit(known, exactly(40)) == shorter
    assert policies.of_deposit(of_other, exactly(40)).free_h == 36
    # Nobody knows which it was: that which lets it wait longest.
    assert policies.of_deposit(known, Span(at(5), at(25))) == DEFAULT
    assert policies.of_deposit(known, Span(at(15), at(25))) == everywhere


@pytest.mark.parametrize(
    "wrong",
    [
        {"free_h": 0},
        {"free_h": 72},
        {"last_reminder_h": 48},
        {"recall_h": 10_000},
        {"fee": 500},
        {"fee": -1},
        {"currency": "won"},
        {"extensions": -1},
        {"extension_h": 0},
    ],
)
def test_a_policy_that_contradicts_itself_is_refused(wrong: dict) -> None:
    with pytest.raises(UserError):
        policies.checked(Policy(**wrong))
