"""Which members the firmware may call as it likes, and the names it calls them by.

A member (a method, an attribute, a field of a namedtuple) is named anew when only the firmware gives it and
only the firmware asks for it: nothing of Python's own has it, no caller, keyword or text says it, and nothing
that a chip or a library made is asked for it.
"""

import ast
import builtins
import hashlib
import importlib
import io
import sys
import types
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import product
from string import ascii_letters

from host_tools.bundle.linker.trees import walk

#: Names that every MicroPython of .mpy version 6 keeps in ROM, and that are no builtin functions: in a .mpy
#: they take a byte or two instead of their text, and on the board no RAM at all (MicroPython,
#: py/makeqstrdata.py, static_qstr_list).
IN_ROM = [
    "append",
    "args",
    "bytecode",
    "clear",
    "close",
    "copy",
    "count",
    "endswith",
    "extend",
    "find",
    "format",
    "from_bytes",
    "get",
    "index",
    "insert",
    "isalpha",
    "isdigit",
    "islower",
    "isspace",
    "isupper",
    "items",
    "join",
    "key",
    "keys",
    "little",
    "lower",
    "lstrip",
    "main",
    "micropython",
    "pop",
    "popitem",
    "read",
    "readinto",
    "readline",
    "remove",
    "replace",
    "reverse",
    "rfind",
    "rindex",
    "rsplit",
    "rstrip",
    "send",
    "sep",
    "setdefault",
    "sort",
    "split",
    "start",
    "startswith",
    "step",
    "stop",
    "strip",
    "throw",
    "to_bytes",
    "update",
    "upper",
    "value",
    "values",
    "write",
]
_BUILTINS = set(dir(builtins)) | {"const", "micropython"}


def fields(node: ast.AST) -> list[str]:
    """The fields of a namedtuple that is made here, [] for any other node."""
    match node:
        case ast.Call(
            func=ast.Name(id="namedtuple" | ":collections.namedtuple"), args=[_, ast.Tuple(elts=elements)]
        ):
            names = [
                part.value
                for part in elements
                if isinstance(part, ast.Constant) and isinstance(part.value, str)
            ]
            return names if len(names) == len(elements) else []
    return []


def is_namedtuple(node: ast.AST) -> bool:
    """Whether a namedtuple is made here, in a tree that names were written into."""
    match node:
        case ast.Call(func=ast.Name(id="namedtuple"), args=[ast.Constant(), _]):
            return True
    return False


def said(tree: ast.AST) -> Iterator[str]:
    """Every name that a file says, and every text."""
    for node in walk(tree):
        match node:
            case (
                ast.Name(id=name) | ast.Attribute(attr=name) | ast.arg(arg=name) | ast.keyword(arg=str(name))
            ):
                yield name
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.Constant(value=str(text)):
                yield text
            case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
                for alias in aliases:
                    yield from (alias.name, alias.asname or alias.name)


def own_members(trees: Iterable[ast.Module], callers: Iterable[ast.Module]) -> Counter[str]:
    """The members that may be named anew, with how often the firmware says each.

    `trees` are bound (linker.binding).
    """
    trees = list(trees)
    strangers = {name for tree in trees for name in _strangers(tree)}
    fixed = {name for tree in callers for name in said(tree)} | {
        name for tree in trees for name in _bound_to_stay(tree)
    }
    fixed |= {name for stranger in strangers for name in _of_a_module(stranger)}
    own = {name for tree in trees for name in _defined(tree) if not name.startswith("__")} - fixed
    return Counter(name for tree in trees for name in mentioned(tree) if name in own)


def mentioned(tree: ast.AST) -> Iterator[str]:
    """The members that a bound tree asks for, gives or lists."""
    for node in walk(tree):
        match node:
            case ast.Attribute(attr=name):
                yield name
            case (
                ast.Name(id=name)
                | ast.FunctionDef(name=name)
                | ast.AsyncFunctionDef(name=name)
                | ast.ClassDef(name=name)
            ):
                if name.startswith("."):
                    yield name[1:]
        yield from fields(node)


def _defined(tree: ast.Module) -> Iterator[str]:
    for node in walk(tree):
        match node:
            case ast.Attribute(attr=name, ctx=ast.Store()):
                yield name
            case (
                ast.Name(id=name, ctx=ast.Store())
                | ast.FunctionDef(name=name)
                | ast.AsyncFunctionDef(name=name)
            ):
                if name.startswith("."):
                    yield name[1:]
        yield from fields(node)


def _bound_to_stay(tree: ast.Module) -> Iterator[str]:
    """What a file calls by keyword or by the keys of a dict, names in a text,
    or asks of things that a chip or a library may have made.
    """
    texts = Counter(
        node.value for node in walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )
    by_dict = {
        ast.unparse(node.func)
        for node in walk(tree)
        if isinstance(node, ast.Call) and any(not word.arg for word in node.keywords)
    }
    knows_strangers = any(not _is_known(name) for name in _strangers(tree))
    for node in walk(tree):
        texts.subtract(fields(node))
        match node:
            case ast.keyword(arg=str(name)):
                yield name
            case ast.Assign(targets=[ast.Name(id=made)], value=value) if made in by_dict:
                yield from fields(value)
            case ast.Attribute(value=ast.Name(id="self")):
                pass
            case ast.Attribute(attr=name) if knows_strangers:
                yield name
    yield from (text for text, times in texts.items() if times > 0)


def _strangers(tree: ast.Module) -> Iterator[str]:
    """The modules from elsewhere that a bound file uses."""
    for node in walk(tree):
        match node:
            case ast.Name(id=name) if name.startswith(":"):
                yield (
                    name[1:].partition(".")[0]
                    if not name.startswith(":adafruit")
                    else name[1:].rpartition(".")[0]
                )
            case ast.Import(names=aliases):
                yield from (alias.name for alias in aliases)


def _is_known(module: str) -> bool:
    """Whether CPython has it too, so that its names can be looked up."""
    return module.partition(".")[0] in sys.stdlib_module_names


def _of_a_module(name: str) -> Iterator[str]:
    """What a module of Python's own has, and what its classes have."""
    modules = [importlib.import_module(name)] if _is_known(name) else []
    for module in (*modules, builtins, types, io):
        for found, value in vars(module).items():
            yield found
            if isinstance(value, type):
                yield from dir(value)
    yield from dir(hashlib.sha256())


def _texts() -> Iterator[str]:
    yield from ascii_letters
    yield from map("".join, product(ascii_letters, repeat=2))


def pool(taken: Iterable[str]) -> Iterator[str]:
    """New names in the order of what they cost, none of Python's words and none of those that are taken."""
    not_these = {*taken, *_BUILTINS, "self", "as", "if", "in", "is", "or"}
    yield from (name for name in (*IN_ROM, *_texts()) if name not in not_these)
