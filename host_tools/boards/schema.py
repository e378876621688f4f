"""What pydantic found, in words that teach:
the key, the reason and the remedy of every structural mistake.
"""

import re
import typing
from difflib import get_close_matches
from functools import cache
from typing import Any

from pydantic import BaseModel, ValidationError, create_model
from pydantic.fields import Field, FieldInfo

from host_tools.boards.draft import Draft, Place, Problem
from host_tools.boards.model import LOCKS, Definition
from host_tools.boards.pins import HOW_TO_WRITE
from host_tools.showing import shown

_SECRET = re.compile(r"pass|secret|token|psk|private|credential|(^|_)key$", re.IGNORECASE)
#: How people ask for drivers that are energised by a low level.
_ACTIVE_LOW = re.compile(
    r"^coils?_(active|level|polarity|on|invert\w*)|^active(_(low|high|level))?$|^invert(ed)?$|active_low",
    re.IGNORECASE,
)
_TOML_TYPES = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "text in quotes",
    list: "a list",
    dict: "a table",
}
_WANTED = {
    "int_type": "a whole number",
    "float_type": "a number",
    "string_type": "text in quotes",
    "bool_type": "true or false",
    "list_type": "a list",
    "model_type": "a table",
    "model_attributes_type": "a table",
    "dict_type": "a table",
}
_VALUE_CHARACTERS_MAX = 40
_DID_YOU_MEAN = "did you mean "
MISSING = "it is missing"
_DRIVER: Place = ("lock", "driver")


def structural_problems(draft: Draft) -> tuple[list[Problem], Definition | None]:
    """Every mistake of form, and the definition when there is none."""
    definition = definition_for(str(draft.get("lock", "driver")))
    try:
        return [], definition.model_validate(draft.tables)
    except ValidationError as error:
        problems = [_problem(dict(one), definition) for one in error.errors(include_url=False)]
    # What else that table should say is not known then.
    if any(problem.path == _DRIVER for problem in problems):
        problems = [
            problem for problem in problems if problem.path == _DRIVER or problem.path[0] != _DRIVER[0]
        ]
    return problems, None


@cache
def definition_for(driver: str) -> type[Definition]:
    """What a board file with that kind of lock may say;
    one that is unknown is measured by the kind that has coils.
    """
    kind = LOCKS.get(driver, LOCKS["coils"])
    about = Definition.model_fields["lock"].description
    return create_model("Definition", __base__=Definition, lock=(kind, Field(description=about)))


def without_echoes(problems: list[Problem]) -> list[Problem]:
    """A misspelt key is one mistake: the key that it was meant to be is not reported as missing too."""
    meant = {
        (*problem.path[:-1], problem.remedy.split()[3].rstrip(":"))
        for problem in problems
        if problem.remedy.startswith(_DID_YOU_MEAN)
    }
    return [problem for problem in problems if problem.path not in meant or problem.reason != MISSING]


def bounds(field: FieldInfo) -> str:
    """The range of a field in words: ` (1 to 99)`, or nothing."""
    ends: dict[str, Any] = {}
    for item in (field, *_unwrapped(field.annotation)):
        rules = [*(getattr(item, "metadata", ()) or getattr(item, "__metadata__", ()))]
        for rule in (*rules, *(part for one in rules for part in getattr(one, "metadata", ()))):
            ends |= {
                name: getattr(rule, name)
                for name in ("ge", "gt", "le", "min_length", "max_length")
                if getattr(rule, name, None) is not None
            }
    low = f"{ends['ge']:g}" if "ge" in ends else f"more than {ends['gt']:g}" if "gt" in ends else None
    return f" ({low} to {ends['le']:g})" if low and "le" in ends else ""


def models_in(annotation: Any) -> list[type[BaseModel]]:
    """The models that an annotation mentions."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for argument in typing.get_args(annotation) for model in models_in(argument)]


def _unwrapped(annotation: Any) -> list[Any]:
    return [
        annotation,
        *(argument for argument in typing.get_args(annotation) if typing.get_origin(annotation) is not list),
    ]


def _walk(location: Place, definition: type[Definition]) -> tuple[Place, type[BaseModel], FieldInfo | None]:
    """The place in the file (pydantic's has the kind of the sensor in it too),
    the table it is in, and the field if the key is known.
    """
    path: list[str | int] = []
    table: type[BaseModel] = definition
    inner: list[type[BaseModel]] = [definition]
    field = None
    for step in location:
        if isinstance(step, int):
            path.append(step)
            continue
        chosen = [
            model
            for model in inner
            if "kind" in model.model_fields and step in str(model.model_fields["kind"].annotation)
        ]
        if len(inner) > 1 and chosen:
            inner = chosen
            continue
        table = inner[0] if inner else table
        field = table.model_fields.get(step)
        inner = models_in(field.annotation) if field else []
        path.append(step)
    return tuple(path), table, field


def _shown(value: Any) -> str:
    text = (
        f'"{value}"'
        if isinstance(value, str)
        else str(value).lower()
        if isinstance(value, bool)
        else str(value)
    )
    text = shown(text)
    return text if len(text) <= _VALUE_CHARACTERS_MAX else text[: _VALUE_CHARACTERS_MAX - 3] + "..."


def _problem(error: dict[str, Any], definition: type[Definition]) -> Problem:
    path, table, field = _walk(error["loc"], definition)
    kind, value, context = error["type"], error["input"], error.get("ctx", {})
    name = str(path[-1]) if path else ""
    meaning = f"{field.description}{bounds(field)}" if field and field.description else ""
    if kind == "missing":
        return Problem(path, MISSING, _add(name, field, meaning))
    if kind == "extra_forbidden":
        return _unknown(path, name, table)
    if kind == "value_error":
        return Problem(path, str(context["error"]), HOW_TO_WRITE)
    if path == _DRIVER:
        return Problem(
            path,
            f"{_shown(value)} is no kind of lock",
            "write " + " or ".join(f'"{driver}"' for driver in LOCKS),
        )
    if kind == "literal_error":
        return Problem(
            path,
            f"{_shown(value)} is not possible",
            f"write {_choices(context['expected'])}; {name} is {meaning}",
        )
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        found = (
            f'"{context["tag"]}" is no kind of sensor'
            if kind == "union_tag_invalid"
            else "the kind of sensor is missing"
        )
        return Problem(
            (*path, "kind"),
            found,
            'write kind = "beam" for a switch or kind = "distance" for an analogue sensor',
        )
    if kind in _WANTED:
        if path == ("door",):
            return Problem(
                path, "a cabinet has a list of doors", "write [[door]] with two brackets above each of them"
            )
        is_type = next(
            (words for kind_of, words in _TOML_TYPES.items() if isinstance(value, kind_of)), "something else"
        )
        return Problem(path, f"{_shown(value)} is {is_type}, not {_WANTED[kind]}", f"{name} is {meaning}")
    if kind in ("too_short", "too_long"):
        side = "at least" if kind == "too_short" else "at most"
        limit = context.get("min_length", context.get("max_length"))
        return Problem(
            path, f"it has {context['actual_length']} entries", f"give {side} {limit}; {name} is {meaning}"
        )
    if kind in (
        "greater_than_equal",
        "less_than_equal",
        "greater_than",
        "string_too_short",
        "string_too_long",
    ):
        return Problem(path, f"{_shown(value)} is out of range", f"{name} is {meaning}")
    return Problem(path, str(error["msg"]).lower(), f"{name} is {meaning}")


def _choices(expected: str) -> str:
    return expected.replace("'", '"')


def _add(name: str, field: FieldInfo | None, meaning: str) -> str:
    if field is not None and models_in(field.annotation) and name not in ("contact", "occupancy"):
        return f"add {'[[door]]' if name == 'door' else f'the table [{name}]'}: {meaning}"
    return f"add {name}: {meaning}"


def _unknown(path: Place, name: str, table: type[BaseModel]) -> Problem:
    known = list(table.model_fields)
    if _ACTIVE_LOW.search(name):
        return Problem(
            path,
            "coils are energised by a high level only: "
            "one that a low level energises is on whenever the chip is at reset or dead",
            "use a driver that a high level energises, its gate pulled down outside the chip; "
            "then take this key out",
        )
    if close := get_close_matches(name, known, 1, 0.6):
        return Problem(
            path, "no such key", f"{_DID_YOU_MEAN}{close[0]}: {table.model_fields[close[0]].description}?"
        )
    if _SECRET.search(name):
        return Problem(
            path,
            "a board file is public and holds no secrets",
            "remove it; `ansim provision` puts secrets on the board itself",
        )
    return Problem(path, "no such key", f"remove it; known here are {', '.join(known)}")
