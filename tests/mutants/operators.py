"""What is changed: some operators of cosmic-ray,
and those that tables and sentences of this house ask for beside them.

Of the replacements of an operator only those are kept that no other one implies: a test that tells `<` from
both `<=` and `!=` tells it from all other comparisons. (Equality is reversed too, for things that have no
order.) Sums of bits are written with `|` throughout, so `+` and `^` would be the same.
"""

import re

import parso
from cosmic_ray.operators.operator import Operator
from cosmic_ray.operators.provider import OperatorProvider

_BINARY = (
    "Add_Sub",
    "Sub_Add",
    "Mul_FloorDiv",
    "FloorDiv_Mul",
    "Mod_FloorDiv",
    "Pow_Mul",
    "LShift_RShift",
    "RShift_LShift",
)
_BITS = ("BitOr_BitAnd", "BitAnd_BitOr", "BitXor_BitOr")
_COMPARISONS = (
    "Lt_LtE",
    "Lt_NotEq",
    "Gt_GtE",
    "Gt_NotEq",
    "LtE_Lt",
    "LtE_Eq",
    "GtE_Gt",
    "GtE_Eq",
    "Eq_LtE",
    "Eq_GtE",
    "Eq_NotEq",
)
_MORE_COMPARISONS = ("NotEq_Lt", "NotEq_Gt", "NotEq_Eq", "Is_IsNot", "IsNot_Is")
_OTHERS = (
    "ReplaceUnaryOperator_Delete_Not",
    "ReplaceUnaryOperator_Delete_USub",
    "AddNot",
    "ReplaceTrueWithFalse",
    "ReplaceFalseWithTrue",
    "ReplaceAndWithOr",
    "ReplaceOrWithAnd",
    "ReplaceBreakWithContinue",
    "ReplaceContinueWithBreak",
    "NumberReplacer",
    "ZeroIterationForLoop",
)
_CONSTANT = re.compile(r"_?[A-Z][A-Z0-9_]+")


class _OneWay(Operator):
    """An operator that changes a node in one way each time it yields a position."""

    @classmethod
    def examples(cls):
        return ()


class NextConstant(_OneWay):
    """`CLOSED` or `records.CLOSED` becomes `(CLOSED + 1)`: another event, kind or text.

    A time is changed where its number stands, and the key of a row by the other operators.
    """

    def mutation_positions(self, node):
        if node.parent and node.parent.type == "expr":  # a sum of bits
            return
        if node.type in ("power", "atom_expr"):
            named = (
                len(node.children) == 2
                and node.children[1].type == "trailer"
                and node.children[1].children[0].value == "."
            )
            name = node.children[1].children[1] if named else None
        else:
            loose = node.parent and node.parent.type not in (
                "trailer",
                "power",
                "atom_expr",
                "import_from",
                "import_as_names",
                "dotted_name",
            )
            name = node if node.type == "name" and loose and not node.is_definition() else None
        if name and _CONSTANT.fullmatch(name.value) and not name.value.endswith("_MS"):
            yield node.start_pos, node.end_pos

    def mutate(self, node, index):
        first = node.get_first_leaf()
        prefix, first.prefix = first.prefix, ""
        return parso.parse(f"{prefix}({node.get_code()} + 1)")


class RemoveStatement(_OneWay):
    """A simple statement in a function becomes `pass`."""

    def mutation_positions(self, node):
        kept = ("string", "keyword", "import_name", "import_from", "assert_stmt")
        if (
            node.type == "simple_stmt"
            and node.children[0].type not in kept
            and node.search_ancestor("funcdef")
        ):
            yield node.start_pos, node.end_pos

    def mutate(self, node, index):
        return parso.parse(f"{node.get_first_leaf().prefix}pass{node.get_last_leaf().prefix}\n")


class RemoveRow(_OneWay):
    """A row of a table goes."""

    def mutation_positions(self, node):
        if node.type == "dictorsetmaker" and node.parent.children[0].value == "{" and len(node.children) > 1:
            for key in node.children[::4]:
                yield key.start_pos, key.end_pos

    def mutate(self, node, index):
        row = node.children[4 * index : 4 * index + 4]
        behind, prefix = row[-1].get_next_leaf(), row[0].get_first_leaf().prefix
        # So that only this line changes.
        behind.prefix = prefix.rstrip(" ") if behind.value == "}" else prefix
        del node.children[4 * index : 4 * index + 4]
        return node


class RemoveAction(_OneWay):
    """A row of a table of transitions does nothing."""

    def mutation_positions(self, node):
        if (
            node.type == "testlist_comp"
            and node.parent.parent.type == "dictorsetmaker"
            and node.children[-1].get_code().strip() != "None"
        ):
            yield node.children[-1].start_pos, node.children[-1].end_pos

    def mutate(self, node, index):
        node.children[-1] = parso.parse(node.children[-1].get_first_leaf().prefix + "None")
        return node


class DropOperand(_OneWay):
    """`a and b and c` becomes `b and c`, `a and c`, `a and b`; the same with `or`."""

    def mutation_positions(self, node):
        if node.type in ("and_test", "or_test"):
            for operand in node.children[::2]:
                yield operand.start_pos, operand.end_pos

    def mutate(self, node, index):
        at = max(0, 2 * index - 1)
        prefix = node.get_first_leaf().prefix
        del node.children[at : at + 2]
        node.get_first_leaf().prefix = prefix
        return node


class NegateElif(_OneWay):
    """`elif a` becomes `elif not (a)`."""

    def mutation_positions(self, node):
        if node.type == "if_stmt":
            for test in self._tests(node):
                yield test.start_pos, test.end_pos

    def mutate(self, node, index):
        test = list(self._tests(node))[index]
        node.children[node.children.index(test)] = parso.parse(f" not ({test.get_code().strip()})")
        return node

    @staticmethod
    def _tests(node):
        return (
            node.children[i + 1]
            for i, child in enumerate(node.children)
            if child.type == "keyword" and child.value == "elif"
        )


class NegateMembership(_OneWay):
    """`a in b` becomes `a not in b`, and the reverse."""

    def mutation_positions(self, node):
        if node.type == "comparison" and node.children[1].get_code().split() in (["in"], ["not", "in"]):
            yield node.start_pos, node.end_pos

    def mutate(self, node, index):
        node.children[1] = parso.parse(" not in" if node.children[1].get_code().split() == ["in"] else " in")
        return node


class ChangeText(_OneWay):
    """A text or bytes get one character more at their front;
    the name that a kind of tuples is printed with does not.
    """

    def mutation_positions(self, node):
        if node.type == "string" and node.parent.type != "simple_stmt" and not self._is_title(node):
            yield node.start_pos, node.end_pos

    def mutate(self, node, index):
        quote = node.value.index('"') + 1
        node.value = node.value[:quote] + "X" + node.value[quote:]
        return node

    @staticmethod
    def _is_title(node):
        bracket = node.get_previous_leaf()
        return bracket.value == "(" and bracket.get_previous_leaf().value == "namedtuple"


def operators() -> list[Operator]:
    """All of them."""
    names = [f"ReplaceBinaryOperator_{change}" for change in _BINARY + _BITS]
    names += [f"ReplaceComparisonOperator_{change}" for change in _COMPARISONS + _MORE_COMPARISONS]
    provider = OperatorProvider()
    found = [provider[name]() for name in (*names, *_OTHERS)]
    own = (
        NextConstant,
        RemoveStatement,
        RemoveRow,
        RemoveAction,
        DropOperand,
        NegateElif,
        NegateMembership,
        ChangeText,
    )
    return found + [operator() for operator in own]
