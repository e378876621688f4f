"""The commands of `ansim` as a tree, and docs/json.md as a table of what they print under --json."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import click

PAGE = Path(__file__).parents[2] / "docs" / "json.md"
_HEAD = "| command | prints | fields | what they say |"
_NAMES = re.compile(r"`([^`]+)`")


def commands(
    group: click.Group, path: tuple[str, ...] = (), parent: click.Context | None = None
) -> Iterator[tuple[str, click.Command]]:
    """Every command of a group with its words, groups too."""
    context = click.Context(group, parent=parent)
    for name in group.list_commands(context):
        found = group.get_command(context, name)
        assert found is not None
        yield " ".join((*path, name)), found
        if isinstance(found, click.Group):
            yield from commands(found, (*path, name), context)


def has(command: click.Command, option: str) -> bool:
    """Whether the command has that option."""
    return any(option in parameter.opts for parameter in command.params)


class Document(NamedTuple):
    """What a command prints: `object`, `list` (of objects, whose fields these are),
    `lines` (an object on each) or `texts`, a list of them.

    A field is `name`, `name?` where it is there at times only,
    `name[].inner` for the objects of a list, `name.inner` for an object.
    """

    prints: str
    fields: list[str]


def page() -> dict[str, Document]:
    """What docs/json.md says, by command."""
    found: dict[str, Document] = {}
    lines = iter(PAGE.read_text().splitlines())
    for line in lines:
        if line != _HEAD:
            continue
        next(lines)
        for row in lines:
            if not row.startswith("|"):
                break
            names, prints, fields, _ = (cell.strip() for cell in row.strip("|").split(" | "))
            for name in _NAMES.findall(names):
                assert name not in found, name
                found[name] = Document(prints, _NAMES.findall(fields))
    return found


def departures(document: Document, printed: Any) -> list[str]:
    """How what was printed differs from the page:
    fields that it does not name, and those that are missing.
    """
    assert document.prints in ("object", "list", "lines", "texts")
    if document.prints == "texts":
        return (
            []
            if isinstance(printed, list) and all(isinstance(one, str) for one in printed)
            else ["no list of texts"]
        )
    if document.prints == "object":
        assert isinstance(printed, dict)
        return _departures(document.fields, printed, "")
    assert isinstance(printed, list)
    assert printed, "an empty list shows nothing"
    return [fault for one in printed for fault in _departures(document.fields, one, "")]


def _departures(fields: list[str], value: dict[str, Any], where: str) -> list[str]:
    own = [field for field in fields if not re.search(r"\[\]\.|\.", field)]
    known = {field.rstrip("?") for field in own}
    faults = [f"{where}{name} is not on the page" for name in value if name not in known]
    faults += [
        f"{where}{field} is missing" for field in own if not field.endswith("?") and field not in value
    ]
    for name in {field.partition(".")[0] for field in fields} - set(own):
        inner = [field.partition(".")[2] for field in fields if field.startswith(f"{name}.")]
        found = value.get(name.removesuffix("[]"))
        for one in found or [] if name.endswith("[]") else [found] if found else []:
            faults += _departures(inner, one, f"{where}{name}.")
    return faults
