"""Members that nothing but their own class asks for:
they take the same few names in every class, for each name costs RAM on a board.
"""

import ast
from collections import Counter
from collections.abc import Iterator, Mapping, Set

from host_tools.bundle.linker import names
from host_tools.bundle.linker.trees import walk


def share_own_members(trees: Mapping[str, ast.Module], may_be_named_anew: Set[str]) -> dict[str, str]:
    """Renames in bound trees (linker.binding) what methods ask of `self` only, and of one class only.

    What became of each, by class and member as a traceback would name it (`locker.core.door.Door._wake`). A
    class that stands on another one of the firmware, or under one, keeps its names.
    """
    classes = [node for tree in trees.values() for node in walk(tree) if isinstance(node, ast.ClassDef)]
    bases = {base.id for node in classes for base in node.bases if isinstance(base, ast.Name)}
    alone = [node for node in classes if not node.bases and node.name not in bases]
    said = {node.name: Counter(_of_self(node)) for node in classes}
    everywhere = Counter(name for tree in trees.values() for name in names.mentioned(tree))
    new: dict[str, str] = {}
    for node in alone:
        counted = said[node.name]
        own = [name for name in counted if name in may_be_named_anew and counted[name] == everywhere[name]]
        shared = {
            name: f"_{place}"
            for place, name in enumerate(sorted(own, key=lambda name: (-counted[name], name)))
        }
        _Renamer(shared).visit(node)
        new |= {f"{node.name.replace(':', '.')}.{old}": name for old, name in shared.items()}
    return new


def _of_self(of: ast.ClassDef) -> Iterator[str]:
    """Those that methods of a class ask of themselves, and the methods."""
    for node in walk(of):
        match node:
            case ast.Attribute(value=ast.Name(id="self"), attr=name):
                yield name
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) if name.startswith(
                "."
            ) and not name.startswith(".__"):
                yield name[1:]


class _Renamer(ast.NodeTransformer):
    def __init__(self, new: Mapping[str, str]) -> None:
        self._new = new

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        if isinstance(node.value, ast.Name) and node.value.id == "self":
            node.attr = self._new.get(node.attr, node.attr)
        return self.generic_visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> ast.AST:
        if node.name.startswith("."):
            node.name = f".{self._new.get(node.name[1:], node.name[1:])}"
        return self.generic_visit(node)

    visit_AsyncFunctionDef = visit_FunctionDef
