"""Each thing that a cabinet remembers has an owner among the core's files:
nobody else writes it (decision 0231).
"""

import ast
from collections import defaultdict
from pathlib import Path

LOCKER = Path(__file__).parent.parent / "firmware" / "locker"
CABINET = LOCKER / "core" / "cabinet.py"
#: By attribute of Cabinet: the files whose functions write it.
#: One that is not here is only written where a cabinet is made.
OWNERS = {
    "now effects _wake secrets text": "cabinet",
    "accepting": "app",
    "away": "reach",
    "room": "app cabinet",
    "dropped": "cabinet",
    "unlocking": "door cabinet",
    "resumed resumed_ms": "restart",
    "mode": "keypad cabinet",
    "key": "cabinet",
    "typed": "keypad courier resident",
    "left_out": "faults",
    "checked_ms": "keypad cabinet",
    "check_ms": "keypad",
    "courier": "courier resident cabinet",
    "serial needs_low choice rounds deposited deposit_number": "courier",
    "cancelled": "courier cabinet",
    "openings opening is_shown": "remote_opening",
    "rang_ms reported_ms bell_pause_ms bell_number": "bell",
}


def remembered() -> list[str]:
    """The attributes that Cabinet.__init__ makes, in its order."""
    (start,) = [
        node
        for node in ast.walk(ast.parse(CABINET.read_text()))
        if isinstance(node, ast.FunctionDef) and node.name == "__init__"
    ]
    targets = [
        node.target if isinstance(node, ast.AnnAssign) else node.targets[0]
        for node in start.body
        if isinstance(node, ast.AnnAssign | ast.Assign)
    ]
    return [target.attr for target in targets if isinstance(target, ast.Attribute)]


def is_a_cabinet(node: ast.expr, file: str) -> bool:
    name = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
    return name in ("cabinet", "_cabinet") or (name == "self" and file == CABINET.stem)


def test_what_a_cabinet_remembers_is_written_by_its_owner_alone() -> None:
    names = remembered()
    found: dict[str, set[str]] = defaultdict(set)
    for path in sorted(LOCKER.rglob("*.py")):
        functions = [
            node
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.FunctionDef) and node.name != "__init__"
        ]
        for node in (node for function in functions for node in ast.walk(function)):
            is_written = isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store | ast.Del)
            if is_written and node.attr in names and is_a_cabinet(node.value, path.stem):
                found[node.attr].add(path.stem)
    owners = {name: set(files.split()) for together, files in OWNERS.items() for name in together.split()}
    assert dict(found) == owners
