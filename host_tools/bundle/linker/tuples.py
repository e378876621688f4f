"""Namedtuples of which nobody asks a field by its name: on a board they are plain tuples,
for a type costs RAM and its fields are names.
"""

import ast
from collections import Counter
from collections.abc import Iterator, Mapping, Set

from host_tools.bundle.linker import names
from host_tools.bundle.linker.trees import walk


def make_plain_tuples(trees: Mapping[str, ast.Module], wanted: Set[str], said: Set[str]) -> None:
    """Writes tuples in bound trees (linker.binding) where such a namedtuple is called.

    What is left of it is used by nobody.

    It must do nothing but be called, with one plain argument for each field. `wanted` are bound names that
    callers import, `said` all names that they say.
    """
    nodes = [node for tree in trees.values() for node in walk(tree)]
    asked = said | {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    mentioned = Counter(node.id for node in nodes if isinstance(node, ast.Name))
    made = {}
    for node in nodes:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if (
                name not in wanted and not asked & set(names.fields(value))
            ):
                made[name] = len(names.fields(value))
    called = Counter(name for node in nodes for name in _filled(node, made))
    plain = _Plain({name for name in called if mentioned[name] == called[name] + 1})
    for tree in trees.values():
        plain.visit(tree)


def _filled(node: ast.AST, made: Mapping[str, int]) -> Iterator[str]:
    """The name of the namedtuple that is called here with an argument for each of its fields, if one is."""
    match node:
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]) if 0 < len(args) == made.get(name):
            if not any(isinstance(argument, ast.Starred) for argument in args):
                yield name


class _Plain(ast.NodeTransformer):
    def __init__(self, plain: Set[str]) -> None:
        self._plain = plain

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        match node:
            case ast.Call(func=ast.Name(id=name), args=args) if name in self._plain:
                return ast.Tuple(args, ast.Load())
        return node
