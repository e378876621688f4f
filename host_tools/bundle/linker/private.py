"""Modules whose callers are not known: only their private names can be short."""

import ast
from collections.abc import Iterator, Mapping
from itertools import product
from string import ascii_letters

from host_tools.bundle.linker.trees import walk


def with_short_private_names(texts: Mapping[str, bytes]) -> dict[str, bytes]:
    """The same files with their private names shortened, all in the same way:
    a name that two of them share stays shared.

    What a file imports, and what it says in a text, keeps its name.
    """
    trees = {path: ast.parse(text) for path, text in texts.items()}
    private = {name for tree in trees.values() for name in _private(tree)}
    fixed = {name for tree in trees.values() for name in _fixed(tree)} | {
        path.removesuffix(".py") for path in texts
    }
    fresh = (f"_{''.join(letters)}" for length in (1, 2) for letters in product(ascii_letters, repeat=length))
    new = dict(zip(sorted(private - fixed), (name for name in fresh if name not in private), strict=False))
    return {path: ast.unparse(_Renamer(new).visit(tree)).encode() + b"\n" for path, tree in trees.items()}


def _private(tree: ast.AST) -> Iterator[str]:
    for node in walk(tree):
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.arg(arg=name):
                pass
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                pass
            case _:
                continue
        if name.startswith("_") and not name.startswith("__") and len(name) > 2:
            yield name


def _fixed(tree: ast.AST) -> Iterator[str]:
    for node in walk(tree):
        match node:
            case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
                for alias in aliases:
                    yield from (alias.name, alias.asname or alias.name)
            case ast.keyword(arg=str(name)) | ast.Constant(value=str(name)):
                yield name


class _Renamer(ast.NodeTransformer):
    def __init__(self, new: Mapping[str, str]) -> None:
        self._new = new

    def generic_visit(self, node: ast.AST) -> ast.AST:
        for field in ("id", "attr", "arg", "name"):
            name = getattr(node, field, None)
            if isinstance(name, str) and not isinstance(node, ast.keyword | ast.alias):
                setattr(node, field, self._new.get(name, name))
        if isinstance(node, ast.Global | ast.Nonlocal):
            node.names = [self._new.get(name, name) for name in node.names]
        return super().generic_visit(node)
