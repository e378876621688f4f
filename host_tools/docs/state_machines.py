"""docs/state-machines.md, made from the tables of the core.

The tables are read from the firmware's source,
because their comments and the first line of each action's docstring are what the page says.
"""

import ast
import re
from pathlib import Path
from typing import NamedTuple

from host_tools.docs.prose import comments_of, paragraphs
from host_tools.sources import locker_folder

PAGE = Path(__file__).parents[2] / "docs" / "state-machines.md"
_CONSTANT = re.compile(r"^(\w+) = const\(\w+\)(?:  #.*)?$")
_ROW_COMMENT = re.compile(r"\),  # (.*)$")
_HEAD = """\
# State machines

What the firmware decides is in three tables. This page is made from them by `python -m
host_tools.docs`; the tests check that it is up to date. An event that a state's row does not
mention changes nothing.
"""


class Transition(NamedTuple):
    """One row of a table; `action` is the name of a function or of a text, "" for none;
    `comment` what stands behind the row.
    """

    state: str
    event: str
    next: str
    action: str
    comment: str


class Source(NamedTuple):
    """A module of the core: lines, docstring, comments of its constants,
    first docstring paragraphs of its functions, tree.
    """

    lines: list[str]
    rule: str
    comments: dict[str, str]
    actions: dict[str, str]
    tree: ast.Module


def read_source(name: str) -> Source:
    """Reads `locker/core/NAME.py`."""
    text = (locker_folder() / "core" / f"{name}.py").read_text(encoding="utf-8")
    tree = ast.parse(text)
    comments = comments_of(text)
    constants = {
        row: found[1] for row, line in enumerate(text.splitlines(), 1) if (found := _CONSTANT.match(line))
    }
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    return Source(
        text.splitlines(),
        ast.get_docstring(tree) or "",
        {name: comments.get(row, "") for row, name in constants.items()},
        {node.name: " ".join((ast.get_docstring(node) or "").split("\n\n")[0].split()) for node in functions},
        tree,
    )


def _assigned(source: Source, name: str) -> ast.expr:
    """What is assigned to a name on the module's first level."""
    for node in source.tree.body:
        match node:
            case ast.Assign(targets=[ast.Name(id=found)], value=value) if found == name:
                return value
    raise KeyError(name)


def table(source: Source, name: str) -> ast.Dict:
    """The dict that is assigned to a name on the module's first level."""
    match _assigned(source, name):
        case ast.Dict() as value:
            return value
    raise KeyError(name)


def _name(node: ast.expr | None) -> str:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case ast.Constant(value=None):
            return ""
    raise ValueError(ast.dump(node) if node else "no name")


def transitions(source: Source) -> list[Transition]:
    """The rows of the module's TRANSITIONS."""
    rows = []
    for key, value in zip(*_items(table(source, "TRANSITIONS")), strict=True):
        match key, value:
            case ast.BinOp(left=state, op=ast.BitOr(), right=event), ast.Tuple(elts=[after, action]):
                comment = _ROW_COMMENT.search(source.lines[value.lineno - 1])
                rows.append(
                    Transition(
                        _name(state), _name(event), _name(after), _name(action), comment[1] if comment else ""
                    )
                )
            case _:
                raise ValueError(f"line {value.lineno} is no row state | event: (next, action)")
    return rows


def _items(found: ast.Dict) -> tuple[list[ast.expr | None], list[ast.expr]]:
    return found.keys, found.values


def pairs(source: Source, name: str) -> list[tuple[str, str]]:
    """The rows of a plain table, `{KEY: VALUE}`."""
    return [(_name(key), _name(value)) for key, value in zip(*_items(table(source, name)), strict=True)]


def _words(name: str) -> str:
    return name.strip("_").replace("_", " ").lower()


def _diagram(edges: list[tuple[str, str, str]], start: str) -> list[str]:
    """A Mermaid state diagram; edges between the same two states share one arrow."""
    arrows: dict[tuple[str, str], list[str]] = {}
    for state, event, target in edges:
        arrows.setdefault((state, target), []).append(_words(event))
    lines = [
        f"    {_words(state)} --> {_words(target)}: {', '.join(events)}"
        for (state, target), events in arrows.items()
    ]
    return ["```mermaid", "stateDiagram-v2", f"    [*] --> {_words(start)}", *lines, "```", ""]


def _meanings(title: str, names: list[str], comments: dict[str, str]) -> list[str]:
    said = [f"| {_words(name)} | {comments[name]} |" for name in names if comments.get(name)]
    return [f"| {title} | meaning |", "|---|---|", *said, ""] if said else []


def _unique(names: list[str]) -> list[str]:
    return list(dict.fromkeys(names))


def _machine(title: str, module: str, others: tuple[str, ...] = ()) -> list[str]:
    """The section of one table of transitions; the functions and events of `others` are named in it too."""
    source = read_source(module)
    comments, actions = dict(source.comments), dict(source.actions)
    for other in map(read_source, others):
        comments |= {name: text for name, text in other.comments.items() if name not in comments}
        actions |= {name: text for name, text in other.actions.items() if name not in actions}
    rows = transitions(source)
    actions |= _texts()
    lines = [f"## {title}", "", paragraphs(f"`locker/core/{module}.py`. {source.rule}"), ""]
    lines += _diagram([(row.state, row.event, row.next) for row in rows], rows[0].state)
    lines += _meanings("state", _unique([row.state for row in rows]), comments)
    lines += _meanings("event", _unique([row.event for row in rows]), comments)
    lines += ["| state | event | next | what is done |", "|---|---|---|---|"]
    for row in rows:
        done = actions[row.action] if row.action else row.comment
        lines.append(f"| {_words(row.state)} | {_words(row.event)} | {_words(row.next)} | {done} |")
    return [*lines, ""]


def _texts() -> dict[str, str]:
    """What a row does that names a text about a door: it shows it."""
    source = read_source("texts")
    english = (locker_folder() / "texts" / "en.txt").read_text()
    lines = english.replace("|", " ").replace("%02d", "07").splitlines()
    return {
        name: f'Shows "{" ".join(line.split())}"' for name, line in zip(source.comments, lines, strict=True)
    }


def _parcel() -> list[str]:
    """The section of the journal's fold."""
    source = read_source("state")
    states = ["EMPTY", "RESERVED", "LOADING", "WAITING", "GRANTED", "TAKING"]
    lines = [
        "## A parcel, as the journal tells it",
        "",
        paragraphs(f"`locker/core/state.py`. {source.rule}"),
        "",
    ]
    lines += _meanings("state", states, source.comments)
    lines += ["| record | the parcel is then |", "|---|---|"]
    lines += [f"| {_words(kind)} | {_words(state)} |" for kind, state in pairs(source, "_AFTER")]
    for name, kinds in (("_MOVED", "pulsed, door opened"), ("_JAMMED", "door jammed")):
        moves = ", ".join(f"{_words(state)} becomes {_words(after)}" for state, after in pairs(source, name))
        lines.append(f"| {kinds} | {moves} |")
    return [*lines, ""]


def page() -> str:
    """The whole page."""
    lines = [
        *_machine("A door", "door"),
        *_machine("The keypad", "keypad", ("keypad_events", "courier", "resident")),
        *_parcel(),
    ]
    return _HEAD + "\n" + "\n".join(lines).rstrip() + "\n"


def pages() -> dict[Path, str]:
    """What each of the pages should say."""
    return {PAGE: page()}
