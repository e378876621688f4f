"""The compiled firmware stays within its budgets: what it takes in flash it takes again, and more, in memory."""

import pytest

from tests.micropython.budgets import BUDGETS, compiled_bytes


@pytest.mark.parametrize("package", BUDGETS)
def test_a_package_stays_within_its_bytes(package: str) -> None:
    assert compiled_bytes()[package] <= BUDGETS[package]


def test_no_package_is_without_a_budget() -> None:
    assert set(compiled_bytes()) == set(BUDGETS)
