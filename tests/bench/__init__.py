"""Measurements beside those of others: `python -m tests.bench`.

A bench is one file in `benches/` with a function `run() -> list[Table]`;
its name is the file's. Nothing else registers it.
"""

from pathlib import Path
from typing import Any, NamedTuple

REPOSITORY = Path(__file__).parent.parent.parent
FIRMWARE = REPOSITORY / "firmware"
SCRIPTS = Path(__file__).parent / "scripts"


class Table(NamedTuple):
    """What a bench has found: rows of equal length under column heads,
    and a sentence on how it was measured.
    """

    title: str
    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]
    note: str
