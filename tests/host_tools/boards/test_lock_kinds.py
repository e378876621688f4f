"""Each kind of lock beside coils has its driver, its simulator and its row, by one name."""

import ast
import typing
from pathlib import Path

import pytest

from host_tools.boards.model import LOCKS

ROOT = Path(__file__).parents[3]
SEAM = ast.parse((ROOT / "firmware" / "locker" / "hal" / "seam.pyi").read_text())
OTHERS = sorted(set(LOCKS) - {"coils"})


def methods(node: ast.ClassDef) -> set[str]:
    return {part.name for part in node.body if isinstance(part, ast.FunctionDef)}


(SEAMS_DRIVER,) = [node for node in SEAM.body if isinstance(node, ast.ClassDef) and node.name == "LockDriver"]


@pytest.mark.parametrize("driver", LOCKS)
def test_a_kind_has_one_name(driver: str) -> None:
    assert driver.isidentifier(), f"{driver} is the name of a file: letters, digits and _ alone"
    named = typing.get_args(LOCKS[driver].model_fields["driver"].annotation)
    assert named == (driver,), f"{LOCKS[driver].__name__}.driver says {named}, its row {driver}"


def test_a_kind_has_a_file_on_the_board_and_one_in_the_simulator() -> None:
    for driver in OTHERS:
        for folder in ("firmware/locker/locks", "host_tools/simulator/locks"):
            path = ROOT / folder / f"{driver}.py"
            assert path.is_file(), f"{folder}/{driver}.py is missing"
            functions = {
                node.name for node in ast.parse(path.read_text()).body if isinstance(node, ast.FunctionDef)
            }
            assert "fitted" in functions, f"{folder}/{driver}.py has no function fitted"


def test_a_driver_does_all_that_the_seam_asks_of_one() -> None:
    drivers = ROOT / "firmware" / "locker"
    for path in (drivers / "drivers" / "coils.py", *(drivers / "locks" / f"{name}.py" for name in OTHERS)):
        classes = [node for node in ast.parse(path.read_text()).body if isinstance(node, ast.ClassDef)]
        wanted = methods(SEAMS_DRIVER)
        lacking = [wanted - methods(node) for node in classes]
        assert set() in lacking, f"{path.name} lacks of LockDriver: {min(lacking, key=len, default=wanted)}"
