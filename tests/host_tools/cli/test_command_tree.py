"""The habits of the command line, held on its whole tree: an example in each help,
--json on what reports, --dry-run on what changes.
"""

import pytest

from host_tools.cli import ansim
from host_tools.cli._ending import run
from tests.kit.command_tree import commands, has

TREE = dict(commands(ansim))
LEAVES = {name: found for name, found in TREE.items() if not hasattr(found, "commands") or name == "link"}

#: What changes nothing, wherever it looks.
LOOKS = {
    "alarm list",
    "case list",
    "case show",
    "oncall list",
    "oncall who",
    "account list",
    "audit about",
    "audit list",
    "audit verify",
    "boards check",
    "boards list",
    "boards show",
    "cabinet list",
    "channel check",
    "channel list",
    "decode",
    "doctor",
    "events",
    "explain",
    "key status",
    "letter list",
    "link",
    "order list",
    "parcel list",
    "resident change list",
    "resident contact list",
    "resident list",
    "site list",
    "stay list",
    "stay policy show",
    "stay show",
    "ticket list",
    "wording check",
    "wording export",
    "wording list",
    "wording preview",
    "wording show",
}
#: What changes something and cannot be tried dry, and why.
NOT_DRY = {
    "demo": "plays with a cabinet and a ledger of its own, which go with it",
    "virtual": "is a cabinet of its own, until it is ended",
    "serve": "is the service, until it is ended",
    "link aside": "without --seen it lists, and that is all that --seen would show",
    "parcel open": "needs a person at the terminal and one at the door; either can stop at each question",
}
#: What a hand does to a virtual cabinet: its effect is to be seen with `hands state`.
HANDS = {name for name in LEAVES if name.startswith("hands ")}


@pytest.mark.parametrize("name", TREE)
def test_every_help_has_an_example_of_its_own_command(name: str) -> None:
    assert f"Example: ansim {name.split()[0]}" in (TREE[name].help or "")


def test_whatever_changes_something_can_be_tried_dry_or_says_here_why_not() -> None:
    without = {name for name, found in LEAVES.items() if not has(found, "--dry-run")}
    assert without == LOOKS | set(NOT_DRY) | HANDS


def test_whatever_reports_something_reports_it_to_programs_too() -> None:
    without = {name for name, found in LEAVES.items() if not has(found, "--json")}
    assert without == HANDS - {"hands state", "hands fault list"}


@pytest.mark.parametrize("name", [name for name, found in LEAVES.items() if has(found, "--json")])
def test_each_command_tells_a_program_why_it_failed(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    import json

    group = ["--port", "/nowhere"] if name.startswith("hands ") else []
    words = name.split()
    assert run(ansim, [words[0], *group, *words[1:], "--json", "--no-such-option"]) == 2
    printed = capsys.readouterr()
    error = json.loads(printed.out)["error"]
    assert set(error) == {"code", "message", "hint"}
    assert error["code"] == "usage"
    assert "--no-such-option" in error["message"]
    assert "--help" in error["hint"]
