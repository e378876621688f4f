"""The firmware with its private names shortened: what a board has little memory for and nobody reads there.

MicroPython keeps every name of a module in RAM for ever. Seven things that change no behaviour save a tenth of the .mpy bytes and more
of the heap (docs/decisions/0061-short-names.md):

- a constant of another module, `records.DEPOSITED`, becomes its number, and its definition disappears;
- a private name, `self._waiting`, becomes a short one that other files use again;
- so does a name that only one package mentions (host_tools.inner_names);
- a parameter that no call names becomes `_0`, `_1`, ...;
- a function or method that nothing on the board mentions is left out;
- so is an import of the firmware's own that is used no more then: that of `const` is, which the compiler knows by itself;
- the fields of a namedtuple, given as a tuple for their comments, become one string: each of them would stay in RAM as a string of its own.

Lines stay where they are, so the line numbers of a traceback are those of the source.
"""

import ast
from collections.abc import Iterator, Mapping, Set
from itertools import count, product
from string import ascii_letters
from typing import NamedTuple

from host_tools.errors import Complaint
from host_tools.inner_names import fields, inner_names

Edit = tuple[int, int, int, int, str]  # from line and column (bytes) up to line and column, and what stands there instead
FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


def shrunk(sources: Mapping[str, bytes], called_by: Mapping[str, bytes]) -> dict[str, bytes]:
    """The same files, by the same paths (`locker/core/door.py`), shortened.

    `called_by` are sources that call them and are not shortened: what they mention stays, under its name. Raises Complaint for a file
    that uses a private name of another one.
    """
    modules = {path: _Module(path, source) for path, source in sources.items()}
    callers = [ast.parse(source) for source in called_by.values()]
    named = {node.arg for tree in [*callers, *(module.tree for module in modules.values())] for node in ast.walk(tree)
             if isinstance(node, ast.keyword) and node.arg}  # fmt: skip
    wanted = {name for tree in callers for name in _mentions(tree)}
    used = wanted | {name for module in modules.values() for name in _mentions(module.tree)}
    reached = {node.attr for tree in callers for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    reached |= {name for tree in [*callers, *(module.tree for module in modules.values())] for name in _reached(tree)}
    constants = {module.name: module.constants for module in modules.values()}
    short = _short_names(modules, strict=True)
    inner = inner_names({path: module.tree for path, module in modules.items()}, callers)
    kept = _Kept(named, wanted, used, reached)
    return {path: _Shortener(module, constants, short[path] | inner[path], kept).result() for path, module in modules.items()}


def with_short_private_names(sources: Mapping[str, bytes]) -> dict[str, bytes]:
    """The same files with nothing but their private names shortened, for modules whose callers are not known."""
    modules = {path: _Module(path, source) for path, source in sources.items()}
    short = _short_names(modules, strict=False)
    kept = _Kept(*[_AllNames()] * 4)
    return {path: _Shortener(module, {}, short[path], kept).result() for path, module in modules.items()}


class _AllNames(Set[str]):
    """The set of all names."""

    def __contains__(self, _: object) -> bool:
        return True

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


class _Kept(NamedTuple):
    """The names that have to stay: of parameters, of constants, of functions and of what is imported, which are left out otherwise."""

    parameters: Set[str]
    constants: Set[str]
    functions: Set[str]
    imports: Set[str]  # `locker.core.door.texts` for what is reached through another module, `texts` if it is not known through which


class _Module:
    """One parsed source file."""

    def __init__(self, path: str, source: bytes) -> None:
        self.path = path
        self.name = path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        self.source = source
        self.tree = ast.parse(source)
        if any(isinstance(node, ast.JoinedStr) for node in ast.walk(self.tree)):
            raise Complaint(f"The firmware's file {path} holds an f-string: use % there, it is shorter on the board.")
        self.constants = _constants(self.tree)
        self.imports = {
            alias.asname or alias.name: (node.module, alias.name)
            for node in ast.walk(self.tree)
            if isinstance(node, ast.ImportFrom) and node.module
            for alias in node.names
        }

    def private_names(self) -> set[str]:
        """The private names in it that are not imported and not constants, which the compiler drops by itself."""
        names = {text for node in ast.walk(self.tree) for text in _names_of(node)}
        fixed = set(self.imports) | set(self.constants)
        for node in ast.walk(self.tree):
            match node:
                case ast.Import(names=aliases):
                    fixed |= {alias.asname or alias.name for alias in aliases}
                case ast.Global(names=told) | ast.Nonlocal(names=told):
                    fixed |= set(told)
        return {name for name in names if name.startswith("_") and not name.startswith("__") and len(name) > 2} - fixed

    def foreign_names(self) -> set[str]:
        """The private attributes that it uses and nothing in it defines."""
        nodes = list(ast.walk(self.tree))
        used = {node.attr for node in nodes if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load)}
        defined = {node.attr for node in nodes if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)}
        defined |= {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)}
        return {name for name in used - defined if name.startswith("_") and not name.startswith("__")}

    def bases(self) -> set[str]:
        """The modules that its classes inherit from."""
        bases = [base for node in ast.walk(self.tree) if isinstance(node, ast.ClassDef) for base in node.bases]
        return {self.imports[base.id][0] for base in bases if isinstance(base, ast.Name) and base.id in self.imports}


def _constants(tree: ast.Module) -> dict[str, int]:
    """The values of `NAME = const(...)` on the module's first level."""
    values: dict[str, int] = {}
    for node in tree.body:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call(func=ast.Name(id="const"), args=[value])):
                expression = compile(ast.Expression(value), name, "eval")
                result = eval(expression, {"__builtins__": {}}, dict(values))  # noqa: S307 - our own source
                if isinstance(result, int):
                    values[name] = result
    return values


def _names_of(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name) | ast.arg(arg=name):
            yield name
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name


def _mentions(tree: ast.AST) -> Iterator[str]:
    """The names that a file mentions, other than by defining them."""
    for node in ast.walk(tree):
        match node:
            case ast.ImportFrom(names=aliases):
                yield from (alias.name for alias in aliases)
            case ast.Name(id=name, ctx=ast.Load()) | ast.Attribute(attr=name):
                yield name


def _reached(tree: ast.AST) -> Iterator[str]:
    """What a file imports from modules, and what it takes from the modules that it imports, with its module in front."""
    modules = {}
    for node in ast.walk(tree):
        match node:
            case ast.ImportFrom(module=str(origin), names=aliases):
                yield from (f"{origin}.{alias.name}" for alias in aliases)
                modules |= {alias.asname or alias.name: f"{origin}.{alias.name}" for alias in aliases}
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(value=ast.Name(id=name), attr=attribute) if name in modules:
                yield f"{modules[name]}.{attribute}"


def _short_names(modules: Mapping[str, _Module], *, strict: bool) -> dict[str, dict[str, str]]:
    """By path, the short name of each private name. Files use the same ones again, except where one's classes inherit from another's."""
    by_name = {module.name: path for path, module in modules.items()}
    family = {path: path for path in modules}
    for path, module in modules.items():
        for base in module.bases() & set(by_name):
            old, new = family[path], family[by_name[base]]
            family = {member: new if head == old else head for member, head in family.items()}
    result: dict[str, dict[str, str]] = {}
    for head in set(family.values()):
        members = sorted(path for path in modules if family[path] == head)
        foreign = {name: member for member in members for name in modules[member].foreign_names()}
        own = {name for member in members for name in modules[member].private_names() - modules[member].foreign_names()}
        if strict and set(foreign) - own:
            name = min(set(foreign) - own)
            raise Complaint(f"{foreign[name]} uses {name}, which is private to another file: give that a public name.")
        taken = {name for member in members for name in modules[member].private_names() | set(modules[member].constants)}
        fresh = (f"_{text}" for text in _texts() if f"_{text}" not in taken)
        names = sorted(own)
        new = dict(zip(names, fresh, strict=False))
        result |= dict.fromkeys(members, new)
    return result


def _texts() -> Iterator[str]:
    for length in count(1):
        yield from map("".join, product(ascii_letters, repeat=length))


class _Shortener:
    """Edits of one file."""

    def __init__(self, module: _Module, constants: Mapping[str, Mapping[str, int]], short: Mapping[str, str], kept: _Kept) -> None:
        self._module = module
        self._short = short
        self._kept = kept
        self._hidden = {name: f"_{name}" for name in module.constants if not name.startswith("_") and name not in kept.constants}
        self._numbers: dict[str, int] = {}  # names imported from elsewhere that are constants
        self._drawers: dict[str, Mapping[str, int]] = {}  # modules imported by name, with their constants
        for name, (origin, original) in module.imports.items():
            if original in constants.get(origin, {}):
                self._numbers[name] = constants[origin][original]
            elif f"{origin}.{original}" in constants:
                self._drawers[name] = constants[f"{origin}.{original}"]
        self._edits: list[Edit] = []
        self._used = set(self._names_left(module.tree))

    def _names_left(self, node: ast.AST) -> Iterator[str]:
        """The names that are still looked up once constants are numbers."""
        match node:
            case ast.Attribute(value=ast.Name(id=drawer), attr=name) if name in self._drawers.get(drawer, {}):
                return
            case ast.FunctionDef(name=name) if self._is_left_out(node):
                return
            case ast.Assign(value=ast.Call(func=ast.Name(id="const"))):
                return
            case ast.Name(id=name, ctx=ast.Load()):
                yield name
        for child in ast.iter_child_nodes(node):
            yield from self._names_left(child)

    def _is_left_out(self, function: ast.FunctionDef) -> bool:
        name = function.name
        return not function.decorator_list and name not in self._kept.functions and not name.startswith("__")

    def _is_needed(self, origin: str, name: str) -> bool:
        """Whether an imported name is: one of the firmware's own is not if all that was taken from it has become numbers."""
        if name in self._numbers:
            return False
        asked = name in self._kept.imports or f"{self._module.name}.{name}" in self._kept.imports
        return asked or name in self._used or not origin.startswith("locker")

    def result(self) -> bytes:
        """The shortened file."""
        self._visit(self._module.tree, {})
        lines = self._module.source.splitlines(keepends=True)
        for line, column, end_line, end_column, text in sorted(self._edits, reverse=True):
            folded = b"\n" * (end_line - line)  # so that the lines behind keep their numbers
            lines[line - 1] = lines[line - 1][:column] + text.encode() + lines[end_line - 1][end_column:] + folded
            lines[line:end_line] = [b""] * (end_line - line)
        return b"".join(lines)

    def _replace(self, node: ast.expr | ast.stmt, text: str) -> None:
        assert node.end_lineno is not None and node.end_col_offset is not None  # noqa: S101, PT018 - ast.parse fills them
        self._edits.append((node.lineno, node.col_offset, node.end_lineno, node.end_col_offset, text))

    def _rename(self, line: int, column: int, old: str, new: str) -> None:
        self._edits.append((line, column, line, column + len(old), new))

    def _visit(self, node: ast.AST, parameters: Mapping[str, str]) -> None:
        """Edits a node and what is inside it; `parameters` are the new names of those in sight."""
        match node:
            case ast.FunctionDef() if self._is_left_out(node):
                self._replace(node, "pass")
                return
            case ast.Attribute(value=ast.Name(id=drawer), attr=name) if name in self._drawers.get(drawer, {}):
                self._replace(node, str(self._drawers[drawer][name]))
                return
            case ast.Attribute(attr=name) if name in self._short:
                assert node.end_lineno is not None and node.end_col_offset is not None  # noqa: S101, PT018
                self._rename(node.end_lineno, node.end_col_offset - len(name), name, self._short[name])
            case ast.Name(id=name, ctx=ast.Load()) if name in self._numbers:
                self._replace(node, str(self._numbers[name]))
            case ast.Name(id=name):
                new = parameters.get(name) or self._short.get(name) or self._hidden.get(name)
                if new:
                    self._rename(node.lineno, node.col_offset, name, new)
            case ast.Call(args=[_, ast.Tuple() as given]) if fields(node):
                names = " ".join(self._short.get(name, name) for name in fields(node))
                self._replace(given, f'"{names}"')
            case ast.ImportFrom(module=str(origin)):
                self._import(node, origin)
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name) if name in self._short:
                line = self._module.source.splitlines()[node.lineno - 1]
                self._rename(node.lineno, line.index(name.encode(), node.col_offset), name, self._short[name])
        if isinstance(node, FunctionNode):
            parameters = self._parameters(node, parameters)
        for child in ast.iter_child_nodes(node):
            self._visit(child, parameters)

    def _import(self, node: ast.ImportFrom, origin: str) -> None:
        """Leaves out what is not needed of an import."""
        left = [alias for alias in node.names if self._is_needed(origin, alias.asname or alias.name)]
        if len(left) < len(node.names):
            names = ", ".join(f"{alias.name} as {alias.asname}" if alias.asname else alias.name for alias in left)
            self._replace(node, f"from {origin} import {names}" if left else "pass")

    def _parameters(self, function: FunctionNode, outer: Mapping[str, str]) -> dict[str, str]:
        """The new names of the parameters that are in sight inside a function; edits its own."""
        own = [arg for arg in (*function.args.posonlyargs, *function.args.args) if arg.arg != "self"]
        body = function.body if isinstance(function.body, list) else [function.body]
        stored = {node.id for part in body for node in ast.walk(part) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
        hidden = {arg.arg for arg in ast.walk(function.args) if isinstance(arg, ast.arg)} | stored
        parameters = {name: new for name, new in outer.items() if name not in hidden}
        for arg in own:
            if arg.arg not in self._kept.parameters:
                parameters[arg.arg] = f"_{len(outer) + len(parameters)}"
                self._rename(arg.lineno, arg.col_offset, arg.arg, parameters[arg.arg])
        return parameters
