"""docs/promises.md names tests that exist."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
NAMED = sorted(
    set(re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", (ROOT / "docs" / "promises.md").read_text()))
)


@pytest.mark.parametrize(("path", "name"), NAMED)
def test_a_promise_is_held_by_a_test_that_exists(path: str, name: str) -> None:
    found = {
        node.name
        for node in ast.parse((ROOT / path).read_text()).body
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
    }
    assert not name or name in found


def test_every_promise_names_a_test() -> None:
    rows = [row for row in (ROOT / "docs" / "promises.md").read_text().splitlines() if row.startswith("| ")][
        1:
    ]
    assert len(rows) > 20
    assert all("`tests/" in row for row in rows)
