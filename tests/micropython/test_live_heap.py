"""What the firmware keeps in memory leaves room for what comes and goes:
on the virtual board, flashed and provisioned, at work.
"""

import pytest

from tests.bench import webassembly
from tests.bench.benches.heap import AT_WORK, FREE_RUN, kept
from tests.micropython.budgets import (
    FREE_RUN_BYTES,
    FREE_RUN_BYTES_DEBUG,
    LIVE_HEAP_BYTES,
    LIVE_HEAP_BYTES_32,
)


@pytest.mark.parametrize("board", ["row_8", "wall_12", "tower_24"])
def test_a_cabinet_at_work_stays_within_its_live_heap(board: str) -> None:
    found = kept(board)
    assert found[AT_WORK] <= LIVE_HEAP_BYTES
    assert found[FREE_RUN] >= FREE_RUN_BYTES


def test_the_largest_cabinet_has_room_for_line_numbers() -> None:
    found = kept("tower_24", "--debug")
    assert found[AT_WORK] <= LIVE_HEAP_BYTES
    assert found[FREE_RUN] >= FREE_RUN_BYTES_DEBUG


@pytest.mark.parametrize("board", ["wall_12", "tower_24"])
def test_a_cabinet_at_work_stays_within_its_live_heap_with_the_pointers_of_an_esp32(board: str) -> None:
    assert webassembly.kept(board)[-1].live <= LIVE_HEAP_BYTES_32
