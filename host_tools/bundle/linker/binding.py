"""What each name of the firmware means:
every one that belongs to a module is replaced by a name that only it has.

`locker.core.door:step` is what the module locker.core.door calls step; `:struct` and `:machine.Pin` come from
elsewhere; `.tries` is a member of a class. None of them is a name of Python's, so they can be told from local
names and builtins, which stay.
"""

import ast
from collections.abc import Mapping

from host_tools.bundle.linker.source import Source, bound, bound_in
from host_tools.bundle.linker.trees import walk
from host_tools.errors import UserError

Function = ast.FunctionDef | ast.AsyncFunctionDef
Comprehension = ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp


class Binder(ast.NodeTransformer):
    """Rewrites one file.

    Its constants, and those of the others, become their values; imports on its first level disappear.
    """

    def __init__(self, source: Source, sources: Mapping[str, Source]) -> None:
        self._source = source
        self._sources = sources
        self._scopes: list[tuple[bool, set[str]]] = []  # (is it a class, the names in it), outer first

    def body(self) -> list[ast.stmt]:
        """The statements of the file, rewritten."""
        return [self.visit(node) for node in self._source.tree.body if not self._disappears(node)]

    def _disappears(self, node: ast.stmt) -> bool:
        match node:
            case ast.Import() | ast.ImportFrom() | ast.Pass():
                return True
            case ast.Assign(targets=[ast.Name(id=name)]):
                return name in self._source.constants
        return False

    def _meant(self, module: str, name: str) -> ast.expr | str:
        """The value of a constant, a bound name, or the name of a module of ours (as text)."""
        source = self._sources.get(module)
        if source is None:
            return ast.Name(f":{module}.{name}" if name else f":{module}")
        if not name:
            return module
        if name in source.constants:
            return ast.Constant(source.constants[name])
        if name in source.defined:
            return ast.Name(f"{module}:{name}")
        if name in source.imports:
            return self._origin(*source.imports[name])
        raise UserError(f"{self._source.path} asks {source.path} for {name}, which is not there.")

    def _origin(self, module: str, name: str) -> ast.expr | str:
        """The same for what an import names, which may be a module in a package."""
        whole = f"{module}.{name}"
        if (
            name
            and whole in self._sources
            and (module not in self._sources or name not in self._sources[module].defined)
        ):
            return whole
        return self._meant(module, name)

    def _looked_up(self, name: str) -> ast.expr | str | None:
        """What a name means here; None for a local name or a builtin."""
        for place, (is_class, names) in reversed(list(enumerate(self._scopes))):
            if name in names and (not is_class or place == len(self._scopes) - 1):
                return ast.Name(f".{name}") if is_class else None
        if name in self._source.imports:
            return self._origin(*self._source.imports[name])
        if name in self._source.constants or name in self._source.defined:
            return self._meant(self._source.name, name)
        return None

    def visit_Name(self, node: ast.Name) -> ast.expr:
        meant = self._looked_up(node.id)
        if isinstance(meant, str):
            raise UserError(
                f"{self._source.path} hands the module {meant} about: name what it takes from it."
            )
        if isinstance(meant, ast.Name):
            meant.ctx = node.ctx
        return meant or node

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        match node.value:
            case ast.Name(id=name) if isinstance(module := self._looked_up(name), str):
                meant = self._origin(module, node.attr)
                if isinstance(meant, ast.Name):
                    meant.ctx = node.ctx
                    return meant
                if isinstance(meant, ast.Constant):
                    return meant
                raise UserError(
                    f"{self._source.path} hands the module {meant} about: name what it takes from it."
                )
        self.generic_visit(node)
        return node

    def _named(self, name: str) -> str:
        """The bound name of a function or a class that is defined here."""
        if not self._scopes:
            return f"{self._source.name}:{name}"
        return f".{name}" if self._scopes[-1][0] else name

    def _function(self, node: Function) -> ast.AST:
        node.decorator_list = [self.visit(part) for part in node.decorator_list]
        node.args = self.visit(node.args)
        node.name = self._named(node.name)
        self._scopes.append((False, bound_in(node)))
        node.body = [self.visit(part) for part in node.body]
        self._scopes.pop()
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        return self._function(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        return self._function(node)

    def visit_Lambda(self, node: ast.Lambda) -> ast.AST:
        node.args = self.visit(node.args)
        self._scopes.append((False, bound_in(node)))
        node.body = self.visit(node.body)
        self._scopes.pop()
        return node

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        node.bases = [self.visit(base) for base in node.bases]
        node.name = self._named(node.name)
        self._scopes.append((True, set().union(*(bound(part) for part in node.body))))
        node.body = [self.visit(part) for part in node.body]
        self._scopes.pop()
        return node

    def _comprehension(self, node: Comprehension) -> ast.AST:
        first = node.generators[0]
        first.iter = self.visit(first.iter)
        targets = [part for generator in node.generators for part in walk(generator.target)]
        self._scopes.append((False, {part.id for part in targets if isinstance(part, ast.Name)}))
        for generator in node.generators[1:]:
            generator.iter = self.visit(generator.iter)
        for generator in node.generators:
            generator.ifs = [self.visit(test) for test in generator.ifs]
        if isinstance(node, ast.DictComp):
            node.key, node.value = self.visit(node.key), self.visit(node.value)
        else:
            node.elt = self.visit(node.elt)
        self._scopes.pop()
        return node

    visit_ListComp = visit_SetComp = visit_GeneratorExp = visit_DictComp = _comprehension

    def visit_Global(self, node: ast.Global) -> ast.AST:
        node.names = [f"{self._source.name}:{name}" for name in node.names]
        return node

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.AST:
        """An import inside a function loads what not every board needs."""
        for alias in node.names:
            if node.module in self._sources:
                alias.asname = alias.asname or alias.name
                alias.name = f"{node.module}:{alias.name}"
        return node
