"""An untouched keypad is scanned fifty times a second, all year: what that costs is kept small."""

import pytest

from tests.bench import FIRMWARE, SCRIPTS
from tests.bench.micropython import instructions_each

INSTRUCTIONS_MAX = 6_800  # of one scan, nine tenths of it the four pins; `make bench` tells what others take


@pytest.mark.parametrize("keypad", ["ansim", "ansim_after_a_key"])
def test_a_scan_of_an_untouched_keypad_stays_cheap(keypad: str) -> None:
    assert (
        instructions_each(SCRIPTS / "keypad_scan.py", keypad, paths=(SCRIPTS / "shim", FIRMWARE))
        <= INSTRUCTIONS_MAX
    )
