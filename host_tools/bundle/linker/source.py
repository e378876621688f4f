"""One source file of the firmware, parsed and stripped of what a board does not keep:
docstrings, annotations, constants' names.
"""

import ast
from collections.abc import Iterator

from host_tools.bundle.linker.places import note_places
from host_tools.bundle.linker.trees import walk
from host_tools.errors import UserError


class Source:
    """`name` is that of the module (`locker.core.door`), `tree` what is left of it,
    `constants` the values of its `NAME = const(...)`.

    `functions` says at which line each of its functions begins; `imports` says for each name that its first
    level imports what is meant: (module, name in it), or (module, "") for the module itself.
    Raises UserError for an f-string: `%` is shorter on a board.
    """

    def __init__(self, path: str, text: bytes) -> None:
        self.path = path
        self.name = path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        self.tree = _Stripped().visit(ast.parse(text))
        note_places(self.tree, path)
        if any(isinstance(node, ast.JoinedStr) for node in walk(self.tree)):
            raise UserError(
                f"The firmware's file {path} holds an f-string: use % there, it is shorter on the board."
            )
        self.constants: dict[str, int | str | bytes] = {}
        for node in self.tree.body:
            match node:
                case ast.Assign(
                    targets=[ast.Name(id=name)], value=ast.Call(func=ast.Name(id="const"), args=[value])
                ):
                    expression = compile(ast.Expression(value), path, "eval")
                    self.constants[name] = eval(expression, {"__builtins__": {}}, dict(self.constants))  # noqa: S307 - our own source
        self.imports: dict[str, tuple[str, str]] = {}
        for node in self.tree.body:
            match node:
                case ast.Import(names=aliases):
                    self.imports |= {alias.asname or alias.name: (alias.name, "") for alias in aliases}
                case ast.ImportFrom(module=str(origin), names=aliases):
                    self.imports |= {alias.asname or alias.name: (origin, alias.name) for alias in aliases}
        self.functions = dict(_functions(self.tree))
        self.defined = (
            {name for node in self.tree.body for name in bound(node)}
            - set(self.imports)
            - set(self.constants)
        )


def _functions(tree: ast.AST, prefix: str = "") -> Iterator[tuple[str, int]]:
    """The functions of a tree, those of a class with its name in front,
    each with the line at which it begins.
    """
    for node in ast.iter_child_nodes(tree):
        match node:
            case ast.FunctionDef(name=name, lineno=line) | ast.AsyncFunctionDef(name=name, lineno=line):
                yield prefix + name, line
            case ast.ClassDef(name=name):
                yield from _functions(node, f"{prefix}{name}.")


class _Stripped(ast.NodeTransformer):
    """Takes away what MicroPython's compiler would,
    and writes out what its highest optimisation would take away.
    """

    def generic_visit(self, node: ast.AST) -> ast.AST:
        body = getattr(node, "body", None)
        if (
            isinstance(body, list)
            and body
            and isinstance(body[0], ast.Expr)
            and isinstance(body[0].value, ast.Constant)
        ):
            body[:1] = (
                []
                if len(body) > 1 or isinstance(node, ast.Module)
                else [ast.copy_location(ast.Pass(), body[0])]
            )
        return super().generic_visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> ast.AST:
        node.returns = None
        return self.generic_visit(node)

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_arguments(self, node: ast.arguments) -> ast.AST:
        """A parameter that has to be named may be named as an ordinary one too,
        which needs no dict on the board.
        """
        if not node.vararg and all(node.kw_defaults):
            node.args += node.kwonlyargs
            node.defaults += [default for default in node.kw_defaults if default]
            node.kwonlyargs, node.kw_defaults = [], []
        return self.generic_visit(node)

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.annotation = None
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST | None:
        """The type of a name is the type checker's."""
        if not node.value:
            return None
        return self.generic_visit(ast.copy_location(ast.Assign([node.target], node.value), node))

    def visit_If(self, node: ast.If) -> ast.AST | list[ast.stmt]:
        """Nor does a board import what only annotations name."""
        if isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            return [self.visit(statement) for statement in node.orelse]
        return self.generic_visit(node)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.AST | list[ast.stmt]:
        """A named tuple with types is one without on a board."""
        kept = [alias for alias in node.names if (node.module, alias.name) != ("locker.compat", "NamedTuple")]
        if len(kept) == len(node.names):
            return node
        rest: list[ast.stmt] = [ast.copy_location(ast.ImportFrom(node.module, kept, 0), node)] if kept else []
        return [ast.copy_location(ast.ImportFrom("collections", [ast.alias("namedtuple")], 0), node), *rest]

    def visit_Call(self, node: ast.Call) -> ast.AST:
        match node:
            case ast.Call(func=ast.Name(id="NamedTuple"), args=[name, ast.Tuple(elts=fields)]):
                names = [field.elts[0] for field in fields if isinstance(field, ast.Tuple)]
                return ast.Call(ast.Name("namedtuple", ast.Load()), [name, ast.Tuple(names, ast.Load())], [])
        return self.generic_visit(node)

    def visit_Assert(self, node: ast.Assert) -> ast.AST:
        """Broken code has to stop before it moves a coil:
        an assertion stays, where the compiler would drop it with the line numbers.
        """
        raised = ast.copy_location(ast.Raise(ast.Name("AssertionError", ast.Load()), None), node)
        return ast.copy_location(ast.If(ast.UnaryOp(ast.Not(), node.test), [raised], []), node)

    def visit_Try(self, node: ast.Try) -> ast.AST | list[ast.stmt]:
        """What CPython needs instead of a module that every board has is of no use there."""
        match node.handlers:
            case [ast.ExceptHandler(type=ast.Name(id="ImportError"))]:
                return node.body
        return self.generic_visit(node)


def bound(node: ast.AST) -> set[str]:
    """The names that a statement binds in its own scope."""
    match node:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return {name}
        case ast.Lambda() | ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
            return set()
        case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
            return {name}
        case ast.alias(name=name, asname=asname):
            return {asname or name.partition(".")[0]}
    names = {node.name} if isinstance(node, ast.ExceptHandler) and node.name else set()
    return names.union(*(bound(child) for child in ast.iter_child_nodes(node)))


def bound_in(function: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> set[str]:
    """The names that are local to a function."""
    body = function.body if isinstance(function.body, list) else [function.body]
    told = {
        name
        for part in body
        for node in walk(part)
        if isinstance(node, ast.Global | ast.Nonlocal)
        for name in node.names
    }
    names = {argument.arg for argument in walk(function.args) if isinstance(argument, ast.arg)}
    return names.union(*(bound(part) for part in body)) - told
