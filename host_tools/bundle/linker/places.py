"""Where each line of the linked firmware is in the sources.

A statement keeps its place while the linker takes its file apart.
"""

import ast
from collections.abc import Iterator

from host_tools.bundle.linker.trees import walk

_ATTRIBUTE = "place"
_MODULE = "<module>"


def note_places(tree: ast.Module, path: str) -> None:
    """Writes into each statement of a source where it is, as in `locker/core/door.py:41 Door.step`."""
    _note(tree, path, _MODULE, "")


def _note(node: ast.AST, path: str, function: str, prefix: str) -> None:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.stmt | ast.ExceptHandler):
            setattr(child, _ATTRIBUTE, f"{path}:{child.lineno} {function}")
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            _note(child, path, prefix + child.name, f"{prefix}{child.name}.")
        else:
            _note(child, path, function, prefix)


def places_by_line(tree: ast.Module, text: str) -> list[str]:
    """The place of each line of the text that a tree was written as; "" where the linker added one.

    One line holds one statement, or the head of one with its decorators on lines of their own.
    """
    found = [""] * len(text.splitlines())
    for noted, written in zip(_statements(tree), _statements(ast.parse(text)), strict=True):
        first = min([written.lineno, *(part.lineno for part in getattr(written, "decorator_list", []))])
        for line in range(first, written.lineno + 1):
            found[line - 1] = getattr(noted, _ATTRIBUTE, "")
    return found


def _statements(tree: ast.Module) -> Iterator[ast.stmt | ast.ExceptHandler]:
    """Those of a tree in an order that does not depend on the expressions in them."""
    return (node for node in walk(tree) if isinstance(node, ast.stmt | ast.ExceptHandler))
