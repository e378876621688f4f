"""docs/architecture.md leads through the files: each stop is there, and no walk goes back."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
STOPS_MAX = 8
_TOUR = (ROOT / "docs" / "architecture.md").read_text().split("## A tour")[1].split("\n## ")[0]
WALKS = dict(part.split("\n", 1) for part in _TOUR.split("\n### ")[1:])
_STOP = re.compile(r"^\d+\. `([\w/.]+)` `([\w.]+)`:", re.MULTILINE)


def defined(path: Path) -> set[str]:
    """The functions and classes of a file, methods behind the name of their class."""
    found = set()
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        if isinstance(node, ast.ClassDef):
            found |= {
                f"{node.name}.{inner.name}"
                for inner in node.body
                if isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef)
            }
    return found


@pytest.mark.parametrize("walk", WALKS)
def test_each_stop_of_a_walk_is_there_and_no_file_is_entered_twice(walk: str) -> None:
    stops = _STOP.findall(WALKS[walk])
    assert len(stops) == len(re.findall(r"^\d+\. ", WALKS[walk], re.MULTILINE)), (
        "a stop is a file, and what to read in it"
    )
    assert 2 < len(stops) <= STOPS_MAX
    assert len({path for path, _ in stops}) == len(stops)
    for path, name in stops:
        assert name in defined(ROOT / path), f"{path} has no {name}"


def test_there_are_the_four_walks_of_a_newcomer() -> None:
    assert [walk.split(",")[0] for walk in WALKS] == [
        "One key press",
        "One event",
        "One flash of a board",
        "One command from the host",
    ]
