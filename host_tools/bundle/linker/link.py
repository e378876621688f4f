"""The firmware linked for a board: each of its packages as one module,
without what is not used, with short names for what is.

On a board every file costs RAM for names that others keep as well, and every import costs code:
docs/decisions/0061-linked-firmware.md.
"""

import ast
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from typing import NamedTuple

from host_tools.bundle.contents import module_of
from host_tools.bundle.linker import names
from host_tools.bundle.linker.binding import Binder
from host_tools.bundle.linker.places import places_by_line
from host_tools.bundle.linker.renaming import Renamer
from host_tools.bundle.linker.sharing import share_own_members
from host_tools.bundle.linker.source import Source
from host_tools.bundle.linker.trees import walk
from host_tools.bundle.linker.tuples import make_plain_tuples
from host_tools.errors import UserError

#: A package of which a board loads the one module that its data name, and the function that it calls there.
_BY_NAME = ("locker.locks", "fitted")
_IMPORT = re.compile(r"^( *)from ([\w.]+) import", re.MULTILINE)


class Linked(NamedTuple):
    """`files` are sources by path on the board (`locker/core.py`), those of errands by their own path.

    `homes` is the module where each one of the sources went, by its name. The other two are by file, as a
    traceback calls it (`locker.core`): `symbols` says, by what a function is called there, where it begins in
    the sources (`locker/core/door.py:41 step`); `lines` where each line is, "" for one of the linker's own.
    """

    files: dict[str, bytes]
    homes: dict[str, str]
    symbols: dict[str, dict[str, list[str]]]
    lines: dict[str, list[str]]


def link(
    texts: Mapping[str, bytes],
    starts: Mapping[str, bytes],
    callers: Mapping[str, bytes],
    errands: Mapping[str, bytes] | None = None,
) -> Linked:
    """Links sources by their paths (`locker/core/door.py`).

    `starts` import what always runs: the rest stays in files of its own. `callers` are called by the
    firmware: they keep their names, as `starts` do. `errands` are programs that a board runs once: linked
    like the rest, their functions keep their names.
    Raises UserError for what cannot be linked, with its file.
    """
    errands = errands or {}
    sources = {
        source.name: source for source in (Source(path, text) for path, text in {**texts, **errands}.items())
    }
    called_by = [ast.parse(text) for text in (*starts.values(), *callers.values())]
    own = {name: name for name, source in sources.items() if source.path in errands}
    homes = _homes(sources, [ast.parse(text) for text in starts.values()]) | own
    bodies = {name: Binder(source, sources).body() for name, source in sources.items()}
    wanted = {name for tree in called_by for name in _asked_for(tree, sources)}
    wanted |= {f"{name}:{function}" for name in own for function in sources[name].functions}
    wanted |= {f"{name}:{_BY_NAME[1]}" for name in sources if name.startswith(f"{_BY_NAME[0]}.")}
    trees = {
        home: ast.Module([node for name in _in_order(home, homes, sources) for node in bodies[name]], [])
        for home in set(homes.values())
    }
    said = {name for tree in called_by for name in names.said(tree)}
    _inline(trees, wanted)
    make_plain_tuples(trees, wanted, said)
    _drop_unused(trees, wanted, said)
    shared = share_own_members(trees, names.own_members(trees.values(), called_by).keys())
    members = _new_members(trees, called_by)
    places = _new_globals(trees, wanted, members)
    keywords = {
        node.arg
        for tree in (*trees.values(), *called_by)
        for node in walk(tree)
        if isinstance(node, ast.keyword) and node.arg
    }
    rename = Renamer(homes, places, members, keywords)
    symbols = {
        module_of(_path(home)): _symbols(home, homes, sources, places, members, shared) for home in trees
    }
    whole = {home: _whole(tree, home, rename) for home, tree in sorted(trees.items())}
    files = {_path(home): f"{ast.unparse(tree)}\n" for home, tree in whole.items()}
    lines = {module_of(_path(home)): places_by_line(tree, files[_path(home)]) for home, tree in whole.items()}
    return Linked({path: text.encode() for path, text in files.items()}, homes, symbols, lines)


def relinked(text: bytes, homes: Mapping[str, str]) -> bytes:
    """A caller's source that imports from where things went."""
    return _IMPORT.sub(
        lambda found: f"{found[1]}from {homes.get(found[2], found[2])} import", text.decode()
    ).encode()


def _asked_for(tree: ast.AST, sources: Mapping[str, Source]) -> Iterator[str]:
    """What a caller imports, as bound names."""
    for node in walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module in sources:
            yield from (f"{node.module}:{alias.name}" for alias in node.names)


def _first_imports(source: Source, sources: Mapping[str, Source]) -> set[str]:
    """The modules of the firmware that one imports when it is loaded."""
    asked = source.imports.values()
    return {name for module, name in asked for name in (module, f"{module}.{name}") if name in sources} - {
        source.name
    }


def _homes(sources: Mapping[str, Source], starts: Iterable[ast.AST]) -> dict[str, str]:
    """The module that each source becomes a part of: its package if it is loaded at every start, else one of
    its own; one that is loaded by name keeps it.
    """
    loaded: set[str] = set()
    asked = [node.module or "" for tree in starts for node in walk(tree) if isinstance(node, ast.ImportFrom)]
    waiting = [name for name in asked if name in sources]
    while waiting:
        name = waiting.pop()
        if name not in loaded:
            loaded.add(name)
            waiting += _first_imports(sources[name], sources)
    homes = {}
    for name, source in sources.items():
        package = source.path.rpartition("/")[0].replace("/", ".")
        homes[name] = (
            name
            if package == _BY_NAME[0]
            else package
            if name in loaded
            else f"locker.{name.rpartition('.')[2]}"
        )
    return homes


def _path(home: str) -> str:
    return home.replace(".", "/") + ("/__init__.py" if home == "locker" else ".py")


def _in_order(home: str, homes: Mapping[str, str], sources: Mapping[str, Source]) -> list[str]:
    """The sources of a home, each behind those it imports."""
    members = sorted(name for name in homes if homes[name] == home)
    graph = {name: sorted(_first_imports(sources[name], sources) & set(members)) for name in members}
    try:
        return list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        raise UserError(
            f"The firmware's files import each other in a circle: {' -> '.join(error.args[1])}."
        ) from None


def _inline(trees: Mapping[str, ast.Module], wanted: set[str]) -> None:
    """Writes a text that has a name where it is used, when that is at one place only."""
    said = Counter(node.id for tree in trees.values() for node in walk(tree) if isinstance(node, ast.Name))
    values = {}
    for tree in trees.values():
        for node in tree.body:
            match node:
                case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant() as value) if (
                    said[name] == 2 and name not in wanted
                ):
                    values[name] = value
    for tree in trees.values():
        for parent in walk(tree):
            for field, value in ast.iter_fields(parent):
                if isinstance(value, ast.Name) and value.id in values and isinstance(value.ctx, ast.Load):
                    setattr(parent, field, values[value.id])
                elif isinstance(value, list):
                    value[:] = [
                        values.get(part.id, part)
                        if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Load)
                        else part
                        for part in value
                    ]


def _drop_unused(trees: Mapping[str, ast.Module], wanted: set[str], said: set[str]) -> None:
    """Leaves out functions, methods and plain values that nothing mentions,
    until all that is left is mentioned.
    """
    while True:
        used = wanted | {f".{name}" for name in said}
        for tree in trees.values():
            for node in walk(tree):
                match node:
                    case ast.Name(id=name, ctx=ast.Load()):
                        used.add(name)
                    case ast.Attribute(attr=name, ctx=ast.Load()):
                        used.add(f".{name}")
                    case ast.alias(name=name):
                        used.add(name)
        drop = _Drop(used)
        for tree in trees.values():
            drop.visit(tree)
        if not drop.count:
            return


class _Drop(ast.NodeTransformer):
    """Leaves out the statements of a bound tree that define what is not used;
    `count` is how many it found.
    """

    def __init__(self, used: set[str]) -> None:
        self._used = used
        self.count = 0

    def visit(self, node: ast.AST) -> ast.AST | None:
        if isinstance(node, ast.stmt) and _is_unused(node, self._used):
            self.count += 1
            return None
        self.generic_visit(node)
        if getattr(node, "body", None) == [] and not isinstance(node, ast.Module):
            vars(node)["body"] = [ast.Pass()]
        return node


def _is_unused(node: ast.stmt, used: set[str]) -> bool:
    match node:
        case ast.FunctionDef(name=name, decorator_list=[]) | ast.ClassDef(name=name):
            return name not in used and not name.startswith(".__")
        case ast.Assign(targets=[ast.Name(id=name)], value=value) if ":" in name[1:]:
            return name not in used and (
                bool(names.fields(value)) or not any(isinstance(part, ast.Call) for part in walk(value))
            )
        case (
            ast.Assign(targets=[ast.Attribute(value=ast.Name(), attr=name)], value=ast.Constant())
            | ast.AugAssign(target=ast.Attribute(value=ast.Name(), attr=name), value=ast.Constant())
        ):
            return f".{name}" not in used
    return False


def _new_members(trees: Mapping[str, ast.Module], called_by: Iterable[ast.Module]) -> dict[str, str]:
    """The new name of each member that may have one, the most used first."""
    counted = names.own_members(trees.values(), called_by)
    kept = {name for tree in trees.values() for name in names.mentioned(tree)} - set(counted)
    by_use = sorted(counted, key=lambda name: (-counted[name], name))
    return dict(zip(by_use, names.pool(kept), strict=False))


def _bound_names(tree: ast.AST) -> Counter[str]:
    """The names of modules, this one's and others', that a bound tree says, with how often."""
    found: Counter[str] = Counter()
    for node in walk(tree):
        match node:
            case (
                ast.Name(id=name)
                | ast.FunctionDef(name=name)
                | ast.AsyncFunctionDef(name=name)
                | ast.ClassDef(name=name)
            ):
                found[name] += 1
            case ast.alias(name=name):
                found[name] += 1
    return Counter({name: count for name, count in found.items() if ":" in name[1:]})


def _local_names(tree: ast.AST) -> set[str]:
    names_in_it = {
        node.id
        for node in walk(tree)
        if isinstance(node, ast.Name) and node.id[0] not in ".:" and ":" not in node.id
    }
    return names_in_it | {node.arg for node in walk(tree) if isinstance(node, ast.arg)}


def _new_globals(
    trees: Mapping[str, ast.Module], wanted: set[str], members: Mapping[str, str]
) -> dict[str, str]:
    """The new name of each bound name: those of callers keep theirs,
    what only one module says takes a name that it has anyway.
    """
    said = {home: _bound_names(tree) for home, tree in trees.items()}
    how_many = Counter(name for counted in said.values() for name in counted)
    new = {name: name.rpartition(":")[2] for name in wanted}
    foreign = {
        name.rpartition(".")[2].lstrip(":") for tree in trees.values() for name in _strangers_said(tree)
    }
    local = {home: _local_names(tree) | foreign for home, tree in trees.items()}
    everywhere = set().union(*local.values(), new.values())
    shared = sorted(
        (name for name in how_many if how_many[name] > 1 and name not in new),
        key=lambda name: (-how_many[name], name),
    )
    new |= dict(zip(shared, names.pool(everywhere), strict=False))
    for home, counted in sorted(said.items()):
        taken = local[home] | {new[name] for name in counted if name in new}
        inner = sorted((name for name in counted if name not in new), key=lambda name: (-counted[name], name))
        has = Counter(members.get(name, name) for name in names.mentioned(trees[home]))
        at_hand = [name for name in names.pool(taken) if name in has]
        rest = [name for name in names.pool(taken) if name not in has]
        new |= dict(zip(inner, at_hand + rest, strict=False))
    return new


def _strangers_said(tree: ast.AST) -> set[str]:
    return {node.id for node in walk(tree) if isinstance(node, ast.Name) and node.id.startswith(":")}


def _symbols(
    home: str,
    homes: Mapping[str, str],
    sources: Mapping[str, Source],
    places: Mapping[str, str],
    members: Mapping[str, str],
    shared: Mapping[str, str],
) -> dict[str, list[str]]:
    """Where the functions of one linked module are in the sources, by the names they have there."""
    found: dict[str, list[str]] = {}
    for source in sources.values():
        for whole, line in source.functions.items() if homes[source.name] == home else ():
            name = shared.get(f"{source.name}.{whole}", whole.rpartition(".")[2])
            new = places.get(f"{source.name}:{name}", name) if whole == name else members.get(name, name)
            found.setdefault(new, []).append(f"{source.path}:{line} {whole}")
    return found


def _whole(tree: ast.Module, home: str, rename: Renamer) -> ast.Module:
    """One linked module, with new names and with what it imports."""
    imports: list[ast.stmt] = []
    others: dict[str, list[ast.alias]] = {}
    for stranger in sorted(_strangers_said(tree)):
        module, _, name = stranger[1:].rpartition(".")
        if module:
            others.setdefault(module, []).append(ast.alias(name))
        else:
            imports.append(ast.Import([ast.alias(name)]))
    lazy = {node.name for node in walk(tree) if isinstance(node, ast.alias)}
    for name in sorted(set(_bound_names(tree)) - lazy):
        other = rename.homes[name.partition(":")[0]]
        if other != home:
            others.setdefault(other, []).append(ast.alias(rename.new(name)))
    imports += [ast.ImportFrom(other, aliases, 0) for other, aliases in sorted(others.items())]
    body = [rename.visit(node) for node in tree.body]
    return ast.fix_missing_locations(ast.Module(imports + body, []))
