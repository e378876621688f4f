"""What a stranger who floods the line costs the board, from one scan of its keypad to the next."""

import importlib.util
import json
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from host_tools.boards.board_file import load_board, to_board_json
from host_tools.bundle.making import compile_source
from tests.bench import FIRMWARE, REPOSITORY, SCRIPTS, Table
from tests.bench.micropython import stretches

KINDS = {  # functions of scripts/flood.py
    "quiet": "no flood",
    "seals": "shortest messages",
    "long_seals": "two long messages",
    "longest": "the longest message",
    "welcomes": "answers to its greeting",
    "long_welcomes": "the same, long ones",
    "short_frames": "shortest frames",
    "runs": "shortest runs",
    "delimiters": "delimiters",
    "garbage": "random bytes",
}
_KEYS = 11  # steps with a key, the first ones


class Cost(NamedTuple):
    """Instructions of the worst step: of those with a key, and of the others,
    the answer to a number among them.
    """

    typed: int
    others: int


def costs(board: str, *kinds: str) -> dict[str, Cost]:
    """Of some of the KINDS at the whole app, 256 bytes a step, on pins and a bus that answer at once."""
    library = importlib.util.find_spec("adafruit_bus_device")
    assert library is not None
    assert library.origin is not None
    with tempfile.TemporaryDirectory(prefix="ansim-bench-") as folder:
        (Path(folder) / "adafruit_bus_device").symlink_to(Path(library.origin).parent)
        _compile(Path(folder))
        definition = Path(folder, "board.json")
        definition.write_text(json.dumps(to_board_json(load_board(board))))
        counts = stretches(SCRIPTS / "flood.py", definition, *kinds, paths=(Path(folder), REPOSITORY))
    steps = len(counts) // len(kinds)
    each = [counts[first : first + steps] for first in range(0, len(counts), steps)]
    return {kind: Cost(max(one[:_KEYS]), max(one[_KEYS:])) for kind, one in zip(kinds, each, strict=True)}


def _compile(folder: Path) -> None:
    """The firmware as a board has it: without the names in annotations,
    each of which makes look-ups longer.
    """
    paths = [path.relative_to(FIRMWARE) for path in (FIRMWARE / "locker").rglob("*.py")]
    with ThreadPoolExecutor(2) as pool:
        compiled = pool.map(
            lambda path: compile_source(path.as_posix(), (FIRMWARE / path).read_bytes(), ()), paths
        )
        for path, content in zip(paths, compiled, strict=True):
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).with_suffix(".mpy").write_bytes(content)


def run() -> list[Table]:
    boards = ("wall_12", "tower_24")
    found = [costs(board, *KINDS) for board in boards]
    rows = [(text, *(count for each in found for count in each[kind])) for kind, text in KINDS.items()]
    note = "Instructions by callgrind on the unix MicroPython, collections of garbage not counted."
    columns = ("flood", *(f"{board}, {what}" for board in boards for what in ("with a key", "without")))
    return [Table("The worst step between two scans of the keypad", columns, rows, note)]
