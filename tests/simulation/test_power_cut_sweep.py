"""Wherever the power is cut, however often and however torn the flash is then:
the laws of tests.simulation.cuts.laws hold.

A story that breaks one prints the command that lives it again.
`python -m tests.simulation.cuts` prints how many were lived.
"""

import pytest

from tests.simulation.cuts.flash import TORN
from tests.simulation.cuts.story import DARK, Cut, Story, parse
from tests.simulation.cuts.sweep import BUSY, DOUBLES, double, every_single, lived, single, tears, uncut
from tests.simulation.cuts.transactions import TRANSACTIONS

PARTS = 4  # which several processors may share
MANY_DOUBLES = 20_000


def live_doubles(seeds: range) -> None:
    count = lived(double(seeds))
    print(f"seeds {seeds}: {count}")
    assert count.stories == len(seeds)
    assert count.doubles > 0.8 * count.stories


@pytest.mark.parametrize("name", BUSY)
def test_a_transaction_that_is_not_cut_leads_to_what_its_name_says(name: str) -> None:
    for online in TRANSACTIONS[name].links:
        kinds = iter(uncut(name, online).kinds)
        assert all(kind in kinds for kind in TRANSACTIONS[name].leads_to)
        assert uncut(name, online).erases >= TRANSACTIONS[name].erases


@pytest.mark.parametrize("name", BUSY)
def test_no_power_cut_at_any_flash_operation_breaks_a_law(name: str) -> None:
    count = lived(single(name))
    print(f"{name}: {count}")
    assert (
        count.cuts
        == count.stories
        == tears(name) * sum(uncut(name, online).operations for online in TRANSACTIONS[name].links)
    )


@pytest.mark.parametrize("part", range(PARTS))
def test_no_power_cut_during_the_recovery_from_another_breaks_a_law(part: int) -> None:
    live_doubles(range(DOUBLES)[part::PARTS])


@pytest.mark.soak
@pytest.mark.parametrize("name", TRANSACTIONS)
def test_no_power_cut_at_any_flash_operation_torn_in_any_way_breaks_a_law(name: str) -> None:
    count = lived(every_single(name))
    print(f"{name}: {count}")
    ways = len(TORN) * (1 if TRANSACTIONS[name].long else len(DARK))
    assert (
        count.cuts
        == count.stories
        == ways * sum(uncut(name, online).operations for online in TRANSACTIONS[name].links)
    )


@pytest.mark.soak
@pytest.mark.parametrize("part", range(PARTS))
def test_no_power_cuts_in_a_row_break_a_law(part: int) -> None:
    live_doubles(range(DOUBLES, DOUBLES + MANY_DOUBLES)[part::PARTS])


def test_a_story_is_lived_again_from_its_command() -> None:
    story = Story("erase at once", False, (Cut(3, "bits", "finish"), Cut(2, "whole", "lie")), 5)
    assert str(story) == "erase at once/offline/3:bits:finish 2:whole:lie/5"
    assert parse(str(story)) == story
    assert parse("bell/online//0") == Story("bell")
