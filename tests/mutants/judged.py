"""Reads tests/mutants/README.md: the mutants that no test notices, and why they may live."""

import ast
import re
from typing import NamedTuple

from tests.mutants import CORE, JUDGED

_HEAD = re.compile(r"## `(\w+\.py)`")
_LINE = re.compile(r"- `([\w.]+)`: `(.+?)` → (?:`(.+?)`|(anything)): (.+)")
ANYTHING = "anything"


class Judged(NamedTuple):
    """A line of the document; see making.Mutant.

    ANYTHING after the change stands for all changes of that code.
    """

    file: str
    place: str
    before: str
    after: str


def plain(code: str) -> str:
    """Code without a comment behind it and with one space where it has several,
    so that alignment does not matter.
    """
    code = re.sub(r"  #.*", "", code)
    return re.sub(r"\s+", " ", code).replace("( ", "(").strip()


def judged() -> list[Judged]:
    """All lines of the document, in their order."""
    file = ""
    found = []
    for line in JUDGED.read_text().splitlines():
        head, judgement = _HEAD.fullmatch(line), _LINE.fullmatch(line)
        if head:
            file = head[1]
        elif judgement:
            found.append(Judged(file, judgement[1], judgement[2], judgement[3] or judgement[4]))
        else:
            assert not line.startswith("- `"), f"not a judgement: {line}"
    return found


_ANNOTATION = re.compile(r'(?<=\w): "[^"]*" =')  # of a name that is given something


def code_of(file: str, place: str) -> str:
    """The present code of a function, a method or a statement at the top of a file of the core, plain;
    "" when there is none.
    """
    source = (CORE / file).read_text()
    nodes = ast.parse(source).body
    for name in place.split("."):
        node = next((node for node in nodes if name in _names(node)), None)
        if node is None:
            return ""
        nodes = getattr(node, "body", [])
    return plain(_ANNOTATION.sub(" =", ast.get_source_segment(source, node) or ""))


def _names(node: ast.stmt) -> list[str]:
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        return [node.target.id]
    if isinstance(node, ast.Assign):
        return [target.id for target in node.targets if isinstance(target, ast.Name)]
    return [getattr(node, "name", "")]
