"""Whoever watches the cabinet, with a stopwatch or an ammeter, learns nothing from how long it thinks;
and it thinks little.
"""

import pytest

from tests.bench.benches.answers import ENTRIES, hotp, ours, spread

SPREAD_MAX = 0.01  # of the instructions from the answer tick until it is decided
OF_HOTP = 1 / 30  # of the instructions for a wrong code; `make bench` tells the counts
DOORS = 24


@pytest.mark.parametrize("doors", [12, DOORS])
def test_right_wrong_duress_and_empty_are_decided_at_the_same_cost(doors: int) -> None:
    assert spread(ours("decided", doors, *ENTRIES)) < SPREAD_MAX


def test_a_wrong_code_is_refused_at_a_thirtieth_of_the_cost_of_one_time_codes() -> None:
    assert ours("answered", DOORS, "wrong")["wrong"] <= OF_HOTP * hotp(DOORS)[DOORS]
