"""Walking syntax trees: the linker does little else."""

import ast
from collections import deque
from collections.abc import Iterator

#: Fields that hold a context, an operator or a text:
#: nobody here asks for those nodes, and they are half of all.
_LEAVES = {"ctx", "op", "ops", "id", "attr", "kind", "type_comment"}
_FIELDS = {
    kind: () if kind is ast.Constant else tuple(field for field in kind._fields if field not in _LEAVES)
    for kind in vars(ast).values()
    if isinstance(kind, type) and issubclass(kind, ast.AST)
}


def walk(tree: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a tree in the order of `ast.walk`, without contexts and operators."""
    waiting = deque((tree,))
    while waiting:
        node = waiting.popleft()
        for field in _FIELDS[type(node)]:
            value = getattr(node, field, None)
            if type(value) is list:
                waiting.extend(part for part in value if isinstance(part, ast.AST))
            elif isinstance(value, ast.AST):
                waiting.append(value)
        yield node
