"""The compiled firmware stays within its budgets:
what it takes in flash it takes again, and more, in memory.
"""

import pytest

from tests.micropython.budgets import BUDGETS, TOTAL_BYTES, compiled_bytes


@pytest.mark.parametrize("module", BUDGETS)
def test_a_module_stays_within_its_bytes(module: str) -> None:
    assert compiled_bytes()[module] <= BUDGETS[module]


def test_no_module_is_without_a_budget() -> None:
    assert set(compiled_bytes()) == set(BUDGETS)


def test_the_whole_firmware_is_at_most_52_kb() -> None:
    assert sum(compiled_bytes().values()) <= TOTAL_BYTES
