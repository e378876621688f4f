"""Slips that a reader misses, planted in a copy of the core at places that a seed draws:
a type checker has to see each of them.
"""

import ast
import random
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

MISSPELT, MISSING, SWAPPED = "a misspelt name", "a missing argument", "two arguments the wrong way round"
KINDS = (MISSPELT, MISSING, SWAPPED)


class Slip(NamedTuple):
    """A wrong line: the file, its number from 1, what it says now, and which of KINDS it is."""

    path: Path
    line: int
    text: str
    kind: str


class Edit(NamedTuple):
    """A possible slip: the line from 1, its bytes from `start` to before `end`,
    and what stands there then.
    """

    kind: str
    line: int
    start: int
    end: int
    words: str


def plant(folder: Path, seed: int, count: int) -> list[Slip]:
    """Plants `count` slips, at most one a line and of each kind as many, in the Python files of a folder."""
    draw = random.Random(seed)
    parameters = _parameters(folder)
    found = [(path, edit) for path in sorted(folder.glob("*.py")) for edit in _possible(path, parameters)]
    draw.shuffle(found)
    planted: dict[tuple[Path, int], Slip] = {}
    for kind in KINDS:
        most = len(planted) + -(-(count - len(planted)) // (len(KINDS) - KINDS.index(kind)))
        for path, edit in found:
            if edit.kind == kind and len(planted) < most and (path, edit.line) not in planted:
                planted[path, edit.line] = _planted(path, edit)
    return list(planted.values())


def _planted(path: Path, edit: Edit) -> Slip:
    lines = path.read_bytes().split(b"\n")
    text = lines[edit.line - 1]
    lines[edit.line - 1] = text[: edit.start] + edit.words.encode() + text[edit.end :]
    path.write_bytes(b"\n".join(lines))
    return Slip(path, edit.line, lines[edit.line - 1].decode().strip(), edit.kind)


def _parameters(folder: Path) -> dict[str, list[str] | None]:
    """The annotations of the parameters without defaults of each function, by name;
    None where two functions of one name differ.
    """
    known: dict[str, list[str] | None] = {}
    for path in sorted(folder.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef):
                told = [
                    ast.unparse(one.annotation) if one.annotation else ""
                    for one in node.args.args
                    if one.arg != "self"
                ]
                told = told[: len(told) - len(node.args.defaults)]
                known[node.name] = told if known.get(node.name, told) == told else None
    return known


def _possible(path: Path, parameters: dict[str, list[str] | None]) -> Iterator[Edit]:
    for node in ast.walk(ast.parse(path.read_text())):
        if (
            isinstance(node, ast.Attribute)
            and isinstance(node.ctx, ast.Load)
            and node.end_col_offset
            and node.lineno == node.end_lineno
        ):
            start = node.end_col_offset - len(node.attr)
            yield Edit(MISSPELT, node.lineno, start, node.end_col_offset, _misspelt(node.attr))
        if isinstance(node, ast.Call) and node.lineno == node.end_lineno and not node.keywords:
            yield from _wrong_arguments(node, parameters)


def _wrong_arguments(node: ast.Call, parameters: dict[str, list[str] | None]) -> Iterator[Edit]:
    name = (
        node.func.attr
        if isinstance(node.func, ast.Attribute)
        else node.func.id
        if isinstance(node.func, ast.Name)
        else ""
    )
    wanted = parameters.get(name)
    if not wanted or len(wanted) > len(node.args):
        return
    words = [ast.unparse(argument) for argument in node.args]
    start, end = node.args[0].col_offset, node.args[-1].end_col_offset or 0
    if len(wanted) == len(words):
        yield Edit(MISSING, node.lineno, start, end, ", ".join(words[:-1]))
    if len(wanted) > 1 and _differ(wanted[-2], wanted[-1]):
        words[len(wanted) - 2 : len(wanted)] = reversed(words[len(wanted) - 2 : len(wanted)])
        yield Edit(SWAPPED, node.lineno, start, end, ", ".join(words))


def _differ(one: str, other: str) -> bool:
    """Whether the types of two arguments tell them apart:
    not where both may be numbers, or either anything.
    """
    return (
        not {part.strip("' ") for part in one.split("|")} & {part.strip("' ") for part in other.split("|")}
        and "Any" not in one + other
    )


def _misspelt(name: str) -> str:
    return name[:-1] if len(name) > 3 else name + "s"
