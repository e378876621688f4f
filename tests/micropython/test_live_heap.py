"""What the firmware keeps in memory leaves room for what comes and goes: on the virtual board, flashed and provisioned, at work."""

import pytest

from tests.bench.benches.heap import AT_WORK, kept
from tests.micropython.budgets import LIVE_HEAP_BYTES


@pytest.mark.parametrize("board", ["row_8", "wall_12", "tower_24"])
def test_a_cabinet_at_work_stays_within_its_live_heap(board: str) -> None:
    assert kept(board)[AT_WORK] <= LIVE_HEAP_BYTES
