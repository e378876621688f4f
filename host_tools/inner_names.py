"""Names that only one package of the firmware mentions: as good as private, so host_tools.shrink shortens them too.

A name qualifies when files of the package define it as a function, a method, an attribute, a variable of a module or a field of a
namedtuple, and nothing else says it: no other package, no caller, no import, no keyword, no text. A name that something of Python's own
has, such as `append`, never does: a list is asked for it by that name.
"""

import ast
import hashlib
import importlib
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import count, product
from string import ascii_letters

_SHORT = 3  # a name up to this length stays: a new one would be no shorter
_EVERYWHERE = {"builtins", "io", "types"}  # whose objects a file may hold without importing their modules


def inner_names(trees: Mapping[str, ast.Module], called_by: Iterable[ast.Module]) -> dict[str, dict[str, str]]:
    """By path, the short names for the inner names of the file's package: the same for all its files, and no other name in them.

    `trees` are the files by their paths (`locker/core/door.py`); a file right under `locker` is of no package.
    """
    packages: dict[str, list[ast.Module]] = {}
    for path, tree in trees.items():
        packages.setdefault(path.rpartition("/")[0], []).append(tree)
    said = {package: {name for tree in members for name in _said(tree)} for package, members in packages.items()}
    how_many = Counter(name for names in said.values() for name in names)
    fixed = {name for tree in called_by for name in _said(tree)} | {part for path in trees for part in path[:-3].split("/")}
    fixed |= {name for tree in trees.values() for name in _bound_to_stay(tree)} | set(dir(hashlib.sha256()))
    short: dict[str, dict[str, str]] = {}
    for package, members in packages.items():
        strangers = {name for tree in members for name in _imported_modules(tree)} | _EVERYWHERE
        known = "/" in package and all(name.partition(".")[0] in sys.stdlib_module_names for name in strangers)
        own = {name for tree in members for name in _defined(tree) if how_many[name] == 1} - fixed if known else set()
        own -= {name for stranger in strangers for name in _of_a_module(stranger)} if own else set()
        inner = sorted(name for name in own if len(name) > _SHORT and not name.startswith("_"))
        short[package] = dict(zip(inner, (text for text in _texts() if text not in said[package]), strict=False))
    return {path: short[path.rpartition("/")[0]] for path in trees}


def fields(node: ast.AST) -> list[str]:
    """The fields of a namedtuple that is made here, [] for any other node."""
    match node:
        case ast.Call(func=ast.Name(id="namedtuple"), args=[_, ast.Tuple(elts=elements)]):
            names = [part.value for part in elements if isinstance(part, ast.Constant) and isinstance(part.value, str)]
            return names if len(names) == len(elements) else []
    return []


def _texts() -> Iterator[str]:
    for length in count(1):
        yield from ("".join(letters) + "_" for letters in product(ascii_letters, repeat=length))


def _said(tree: ast.AST) -> Iterator[str]:
    """Every name that a file says, and every text."""
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.arg(arg=name) | ast.keyword(arg=str(name)):
                yield name
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.Constant(value=str(text)):
                yield text
            case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
                for alias in aliases:
                    yield from (alias.name, alias.asname or alias.name)


def _defined(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.Attribute(attr=name, ctx=ast.Store()):
                yield name
        yield from fields(node)
    for node in tree.body:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if not _is_constant(value):
                yield name


def _is_constant(value: ast.expr) -> bool:
    match value:
        case ast.Call(func=ast.Name(id="const")):
            return True
    return False


def _bound_to_stay(tree: ast.Module) -> Iterator[str]:
    """What a file imports, calls by keyword, names in a text or asks of a module from elsewhere."""
    strangers = _imported_modules(tree)
    texts = Counter(node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str))
    for node in ast.walk(tree):
        texts.subtract(fields(node))
        match node:
            case ast.keyword(arg=str(name)):
                yield name
            case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
                for alias in aliases:
                    yield from (alias.name, alias.asname or alias.name)
            case ast.Attribute(value=ast.Name(id=name), attr=attribute) if name in strangers:
                yield attribute
            case ast.Global(names=names) | ast.Nonlocal(names=names):
                yield from names
            case ast.ClassDef(name=name) | ast.ExceptHandler(name=str(name)):
                yield name
    yield from (text for text, times in texts.items() if times > 0)


def _imported_modules(tree: ast.Module) -> set[str]:
    """The modules from elsewhere that a file imports."""
    names = set()
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=aliases):
                names |= {alias.name for alias in aliases}
            case ast.ImportFrom(module=str(name)):
                names.add(name)
    return {name for name in names if name.partition(".")[0] != "locker"}


def _of_a_module(name: str) -> Iterator[str]:
    """What a module of Python's own has, and what its classes have."""
    for found, value in vars(importlib.import_module(name)).items():
        yield found
        if isinstance(value, type):
            yield from dir(value)
