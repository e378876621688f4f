"""What the loop does all day takes nothing from the heap of the real MicroPython:
no collection ever stalls it.
"""

import importlib.util
from pathlib import Path

import pytest

from tests.bench import FIRMWARE
from tests.bench.micropython import output

SCRIPT = Path(__file__).parent / "scan_on_a_locked_heap.py"


@pytest.mark.parametrize(
    "driver", ["contacts", "occupancy", "keypad", "beeper", "coil", "expander", "screen"]
)
def test_a_scan_allocates_nothing(driver: str, tmp_path: Path) -> None:
    found = importlib.util.find_spec("adafruit_bus_device")
    assert found is not None
    assert found.origin is not None
    (tmp_path / "adafruit_bus_device").symlink_to(Path(found.origin).parent)
    assert output(SCRIPT, driver, paths=(FIRMWARE, tmp_path)) == "nothing allocated\n"
