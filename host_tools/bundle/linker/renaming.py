"""Writes new names into a bound tree."""

import ast
import builtins
from collections.abc import Iterator, Mapping, Set

from host_tools.bundle.linker import names
from host_tools.bundle.linker.trees import walk

Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
_BUILTINS = set(dir(builtins))


class Renamer(ast.NodeTransformer):
    """`homes` says where each module went, `places` the new names of bound names, `members` those of members.

    A parameter that no call names (`keywords`) is named anew too: the same few names serve in every function.
    """

    def __init__(
        self,
        homes: Mapping[str, str],
        places: Mapping[str, str],
        members: Mapping[str, str],
        keywords: Set[str],
    ) -> None:
        self.homes = homes
        self._places = places
        self._members = members
        self._keywords = keywords
        self._local: dict[str, str] = {}  # of the outermost function around

    def new(self, name: str) -> str:
        """What a name of a bound tree is called now."""
        if name.startswith("."):
            return self._members.get(name[1:], name[1:])
        return name.rpartition(".")[2].lstrip(":") if name.startswith(":") else self._places.get(name, name)

    def visit_Name(self, node: ast.Name) -> ast.AST:
        node.id = self._local.get(node.id) or self.new(node.id)
        return node

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        node.attr = self._members.get(node.attr, node.attr)
        return self.generic_visit(node)

    def visit_alias(self, node: ast.alias) -> ast.AST:
        node.name = self.new(node.name)
        return node

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.AST:
        node.module = self.homes.get(node.module or "", node.module)
        return self.generic_visit(node)

    def visit_Global(self, node: ast.Global) -> ast.AST:
        node.names = [self.new(name) for name in node.names]
        return node

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> ast.AST:
        node.name = self._local.get(node.name or "", node.name)
        return self.generic_visit(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        node.name = self.new(node.name)
        return self.generic_visit(node)

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.arg = self._local.get(node.arg, node.arg)
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> ast.AST:
        node.name = self.new(node.name)
        return self._function(node)

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_Lambda(self, node: ast.Lambda) -> ast.AST:
        return self._function(node)

    def visit_Assign(self, node: ast.Assign) -> ast.AST:
        """The fields of a namedtuple become one string:
        each of them would stay in RAM as a string of its own.
        """
        given = [self._members.get(name, name) for name in names.fields(node.value)]
        self.generic_visit(node)
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call(args=args)) if (
                given or names.is_namedtuple(node.value)
            ):
                args[0] = ast.Constant(name)
                args[1] = ast.Constant(" ".join(given)) if given else args[1]
        return node

    def _function(self, node: Function) -> ast.AST:
        if self._local:
            return self.generic_visit(node)
        self._local = self._new_parameters(node)
        self.generic_visit(node)
        self._local = {}
        return node

    def _new_parameters(self, function: Function) -> dict[str, str]:
        """By name, what the parameters of a function and of those inside it are called.

        A name is renamed wherever it stands in it.
        """
        here = [node for node in walk(function) if isinstance(node, ast.arg)]
        old = dict.fromkeys(node.arg for node in here)
        given = [
            name for name in old if name not in self._keywords and name != "self" and name not in _BUILTINS
        ]
        taken = set(self._said(function)) | {name for name in old if name not in given}
        return dict(zip(given, names.pool(taken), strict=False))

    def _said(self, function: Function) -> Iterator[str]:
        for node in walk(function):
            match node:
                case ast.Name(id=name) | ast.alias(asname=str(name)) | ast.ExceptHandler(name=str(name)):
                    yield self.new(name)
