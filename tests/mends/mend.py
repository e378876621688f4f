"""A mend as its TOML file tells it."""

import tomllib
from pathlib import Path
from typing import NamedTuple

from tests.mends import MENDS


class Reversal(NamedTuple):
    """One replacement that puts a part of the fault back:
    `find` stands exactly once in `file` (a path in the repository).
    """

    file: str
    find: str
    replace: str


class Mend(NamedTuple):
    """A fault, what is right instead, and what holds it."""

    name: str
    fault: str
    right: str
    siblings: tuple[str, ...]
    tests: tuple[str, ...]
    reversals: tuple[Reversal, ...]

    def put_back(self, root: Path) -> None:
        """Puts the fault back into the tree at `root`.

        Raises ValueError where the mended code is not there exactly once.
        """
        for file, find, replace in self.reversals:
            text = (root / file).read_text()
            if text.count(find) != 1:
                raise ValueError(f"{self.name}: {file} has the mended code {text.count(find)} times: {find}")
            (root / file).write_text(text.replace(find, replace))


def read(path: Path) -> Mend:
    """The mend in a TOML file.

    Raises KeyError, TypeError or tomllib.TOMLDecodeError for a file that is not one.
    """
    told = tomllib.loads(path.read_text())
    reversals = tuple(Reversal(**one) for one in told["revert"])
    return Mend(
        path.stem, told["fault"], told["right"], tuple(told["siblings"]), tuple(told["tests"]), reversals
    )


def mends() -> list[Mend]:
    """All mends, by name."""
    return [
        read(path)
        for path in sorted(MENDS.glob("*.toml"), key=lambda path: (path.stem[0], len(path.stem), path.stem))
    ]
