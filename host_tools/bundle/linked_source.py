"""The linked firmware for people: the source that a board runs, and where each of its lines comes from."""

from collections.abc import Iterator
from pathlib import Path

from host_tools.bundle.contents import Bundle, module_of
from host_tools.errors import UserError

MAP = "map.tsv"
_COLUMNS = ("linked file", "line", "source", "line there", "function")


def write_linked(folder: Path, build: int, made: Bundle) -> int:
    """Writes the linked sources of a bundle for debugging, and their map, into a new or empty folder.

    How many sources there are. `build` is that of the same firmware without line numbers. Raises UserError
    for a folder that holds something, or that cannot be written.
    """
    try:
        if folder.is_dir() and any(folder.iterdir()):
            raise UserError(f"{folder} holds something already: name a new folder.", 2)
        for path, text in made.linked.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text, encoding="utf-8")
        head = f"# build {build:x}, and {made.build:x} with line numbers\n"
        rows = [_COLUMNS, *(row for path in made.linked for row in _rows(path, made.lines[module_of(path)]))]
        (folder / MAP).write_text(head + "".join("\t".join(row) + "\n" for row in rows), encoding="utf-8")
    except OSError as error:
        raise UserError(f"The linked source cannot be written into {folder}: {error.strerror}.") from error
    return len(made.linked)


def _rows(path: str, places: list[str]) -> Iterator[tuple[str, ...]]:
    for number, place in enumerate(places, 1):
        if place:
            where, _, function = place.partition(" ")
            source, _, line = where.rpartition(":")
            yield path, str(number), source, line, function
