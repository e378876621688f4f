"""Namedtuples of which nobody asks a field by its name: on a board they are plain tuples, for a type costs RAM and its fields are names."""

import ast
from collections import Counter
from collections.abc import Mapping, Set

from host_tools.linker import names


def make_plain_tuples(trees: Mapping[str, ast.Module], wanted: Set[str], said: Set[str]) -> None:
    """Writes tuples in bound trees (linker.binding) where such a namedtuple is called. What is left of it is used by nobody.

    It must do nothing but be called, with one plain argument for each field. `wanted` are bound names that callers import, `said` all
    names that they say.
    """
    nodes = [node for tree in trees.values() for node in ast.walk(tree)]
    asked = said | {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    mentioned = Counter(node.id for node in nodes if isinstance(node, ast.Name))
    made = {}
    for node in nodes:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if name not in wanted and not asked & set(names.fields(value)):
                made[name] = len(names.fields(value))
    called = Counter(name for node in nodes for name in made if _calls(node, name, made[name]))
    plain = _Plain({name for name in called if mentioned[name] == called[name] + 1})
    for tree in trees.values():
        plain.visit(tree)


def _calls(node: ast.AST, name: str, fields: int) -> bool:
    """Whether a namedtuple of that name is called here with an argument for each of its fields."""
    match node:
        case ast.Call(func=ast.Name(id=called), args=args, keywords=[]) if called == name:
            return 0 < len(args) == fields and not any(isinstance(argument, ast.Starred) for argument in args)
    return False


class _Plain(ast.NodeTransformer):
    def __init__(self, plain: Set[str]) -> None:
        self._plain = plain

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        match node:
            case ast.Call(func=ast.Name(id=name), args=args) if name in self._plain:
                return ast.Tuple(args, ast.Load())
        return node
