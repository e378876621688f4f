"""Whatever a person may write into a board file:
what is right arrives on the board unchanged, what is wrong is told.
"""

import copy
import json
import tempfile
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from host_tools.boards.board_file import board_names, check_board, find_board, load_board, to_board_json
from host_tools.boards.draft import Draft
from host_tools.boards.rules import rule_problems
from host_tools.boards.wiring import wires
from locker.board import Board, from_json
from tests.kit.board_making import cabinets, toml

SHIPPED = {name: tomllib.loads(find_board(name).read_text()) for name in board_names()}


def write(folder: str, text: str) -> Path:
    path = Path(folder) / "drawn.toml"
    path.write_text(text)
    return path


@settings(max_examples=60, deadline=None)
@given(cabinets())
def test_a_valid_board_reaches_the_firmware_unchanged(drawn: tuple[dict[str, Any], Board]) -> None:
    """Theorem: for every cabinet that breaks no rule, TOML -> board.json -> Board is what the file said."""
    tables, board = drawn
    with tempfile.TemporaryDirectory() as folder:
        path = write(folder, toml(tables))
        assert check_board(path).problems == []
        assert from_json(json.loads(json.dumps(to_board_json(load_board(path))))) == board


def put(tables: dict[str, Any], path: tuple[str | int, ...], value: Any) -> None:
    place: Any = tables
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value


@given(st.sampled_from(sorted(SHIPPED)), st.data())
def test_a_pin_that_two_wires_share_is_always_reported(name: str, data: st.DataObject) -> None:
    """Theorem: put any wire of a good board on the pin of any other,
    and the check names one of the two and the other as its rival.
    """
    tables = copy.deepcopy(SHIPPED[name])
    one, other = data.draw(
        st.lists(st.sampled_from(wires(Draft(tables))), min_size=2, max_size=2, unique=True)
    )
    put(tables, one.path, str(other.pin))
    draft = Draft(tables)
    rivals = [problem for problem in rule_problems(draft) if f"{other.pin} already serves" in problem.reason]
    assert len(rivals) == 1
    named = {draft.spell(rivals[0].path), rivals[0].reason.split("already serves ")[1]}
    assert named == {draft.spell(one.path), draft.spell(other.path)}


def places(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Every place in tables and lists."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in items:
        yield (*path, key)
        yield from places(one, (*path, key))


SCALARS = (
    st.integers()
    | st.floats()
    | st.booleans()
    | st.text(st.characters(codec="ascii", exclude_characters="\x7f"))
)
RUBBISH = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["pin", "kind", "closed", "number", "x"]), inner, max_size=3)
    ),
    max_leaves=5,
)


@settings(deadline=None)
@given(st.sampled_from(sorted(SHIPPED)), RUBBISH, st.data())
def test_rubbish_anywhere_is_reported_and_never_crashes(name: str, rubbish: Any, data: st.DataObject) -> None:
    """Theorem: replace any value of a good board by anything;
    the check ends with a good board, or with problems, reasons and remedies.
    """
    tables = copy.deepcopy(SHIPPED[name])
    put(tables, data.draw(st.sampled_from(list(places(tables)))), rubbish)
    with tempfile.TemporaryDirectory() as folder:
        report = check_board(write(folder, toml(tables)))
    assert (report.board is None) == bool(report.problems)
    for problem in report.problems:
        assert problem.reason
        assert problem.remedy
        assert report.draft.spell(problem.path)


OPTIONAL = {
    "signals",
    "lamp",
    "lamp_sense",
    "beeper",
    "bell",
    "tamper",
    "link",
    "screen",
    "reset",
    "bus",
    "expanders",
}
OPTIONAL |= {"sense", "lowest_mv", "current", "coil_mv", "enable"}


@pytest.mark.parametrize("name", sorted(SHIPPED))
def test_a_key_that_must_be_there_is_missed_by_its_name(name: str, tmp_path: Path) -> None:
    """Take any required key away, and one problem names it;
    take an optional one away, and none names it as missing.
    """
    for path in [path for path in places(SHIPPED[name]) if isinstance(path[-1], str)]:
        tables = copy.deepcopy(SHIPPED[name])
        parent: Any = tables
        for step in path[:-1]:
            parent = parent[step]
        del parent[path[-1]]
        report = check_board(write(str(tmp_path), toml(tables)))
        missing = [problem.path for problem in report.problems if "is missing" in problem.reason]
        assert missing == (
            [] if (path[-1] in OPTIONAL and len(path) < 3) or path[-1] == "inside_release" else [path]
        )
