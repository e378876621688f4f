"""Each line of the server has a level, by a name that is on docs/json.md."""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from host_tools.cli import ansim
from host_tools.host import kinds
from host_tools.host.ledger.ledger import open_ledger
from host_tools.host.notify.levels import LEVELS, level_of
from host_tools.host.notify.log import Occurrence
from tests.kit.host_board import Host

ROOT = Path(__file__).parents[4]


def names(node: ast.expr) -> Iterator[str]:
    """The constants that an expression may be."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from (*names(node.body), *names(node.orelse))


def test_each_event_that_the_server_tells_has_a_level_and_is_on_the_page() -> None:
    told: set[str] = set()
    for path in (ROOT / "host_tools").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id == "Occurrence"
            ):
                told |= {name for argument in node.args[:1] for name in names(argument)}
    assert told <= set(LEVELS), "beside those whose name is made as they are told"
    page = (ROOT / "docs" / "json.md").read_text().split("## Events and levels")[1].split("\n## ")[0]
    rows = re.findall(r"^\| `([^`]+)` \| (\w+) \|", page, re.MULTILINE)
    assert dict(rows) == LEVELS


def test_what_a_board_tells_is_no_alarm_by_itself() -> None:
    assert {level_of(kind.name) for kind in kinds.KINDS.values()} == {"info"}
    assert Occurrence("alarm", alarm="bell").as_json()["level"] == "critical"


def test_a_log_of_json_is_the_json_of_the_command(tmp_path: Path) -> None:
    open_ledger(tmp_path / "data").close()
    with Host(tmp_path / "data", "--listen", "127.0.0.1:0", "--log", "json") as host:
        assert host.wait_for("listening")["level"] == "info"
        assert host.end() == 0
    assert all(list(json.loads(line))[:3] == ["at", "level", "event"] for line in host.output.splitlines())


@pytest.mark.parametrize("arguments", [("--json", "--log", "lines"), ("--log", "xml")])
def test_a_log_that_cannot_be_is_refused(arguments: tuple[str, ...], tmp_path: Path) -> None:
    ended = CliRunner().invoke(ansim, ["serve", "--data", str(tmp_path / "data"), *arguments])
    assert ended.exit_code == 2
