"""Mutants of a source file, each a line or a few that read otherwise."""

import difflib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code

from tests.mutants.judged import plain
from tests.mutants.operators import operators


class Mutant(NamedTuple):
    """What is changed where: `before` and `after` as `plain` lines of `around`,
    a function or a statement at the top of the file.

    `code` is the whole file as changed.
    """

    file: str
    place: str
    before: str
    after: str
    around: str
    code: str


def place_of(node) -> tuple[str, str]:
    """The function that a node is in, or the statement at the top of the file: its name and its text.

    A method has the name of its class too; a statement has the name that it begins with.
    """
    names = []
    around = None
    while node.parent:
        if node.type in ("funcdef", "classdef"):
            names.insert(0, node.name.value)
            around = around or node
        top, node = node, node.parent
    return ".".join(names) or top.get_first_leaf().value, (around or top).get_code()


def is_annotation(node) -> bool:
    """Whether a node belongs to the type of something."""
    while node.parent:
        if node.type in ("tfpdef", "annassign") or (
            node.parent.type == "funcdef" and node is node.parent.annotation
        ):
            return True
        node = node.parent
    return False


def change(before: str, after: str) -> tuple[str, str]:
    """The lines that differ."""
    old, new = before.splitlines(), after.splitlines()
    blocks = [
        block
        for block in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
        if block[0] != "equal"
    ]
    first, last = blocks[0], blocks[-1]
    return plain("\n".join(old[first[1] : last[2]])), plain("\n".join(new[first[3] : last[4]]))


def mutants_of(path: Path) -> Iterator[Mutant]:
    """All mutants of a file that compile;
    of changes that read alike in one function those after the first end in `# 2`, `# 3` ...
    """
    source = path.read_text()
    seen: Counter[tuple[str, str, str]] = Counter()
    for operator in operators():
        nodes = [node for node in ast_nodes(get_ast(source)) for _ in operator.mutation_positions(node)]
        for occurrence, node in enumerate(nodes):
            if is_annotation(node):
                continue
            code = mutate_code(source, operator, occurrence)
            assert code is not None
            try:
                compile(code, path, "exec")
            except SyntaxError:
                continue
            before, after = change(source, code)
            place, around = place_of(node)
            seen[place, before, after] += 1
            count = seen[place, before, after]
            after = (after or "nothing") + (f" # {count}" if count > 1 else "")
            yield Mutant(path.name, place, before, after, around, code)
