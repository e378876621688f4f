"""A cabinet to scale, from its board file: where each door is, in mm.

A board file has the measures of each compartment and the height of its floor, and the doors column by column;
a column begins where a door stands beside the one before (decision 0254).
"""

from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

from host_tools.boards.board_file import load_board
from host_tools.boards.model import Door
from host_tools.errors import UserError

FRAME_MM = 40  # around the doors, and between columns
_LEAST_MM = 100  # a lower door is drawn so high, for its words


class Panel(NamedTuple):
    """One door. Millimetres, from the upper left corner of the cabinet."""

    door: int
    size: str
    x: int
    y: int
    width: int
    height: int


class Picture(NamedTuple):
    """A whole cabinet."""

    width: int
    height: int
    panels: tuple[Panel, ...]


@cache
def picture_of(board: str) -> Picture | None:
    """The picture of a cabinet of that board; None where this host does not know the board."""
    try:
        columns = _columns(load_board(board).definition.door)
    except (UserError, OSError):
        return None
    top = max(door.sill_mm + door.height_mm for column in columns for door in column)
    floor = min(door.sill_mm for column in columns for door in column)
    panels, x = [], FRAME_MM
    for column in columns:
        for door in column:
            y = FRAME_MM + top - door.sill_mm - door.height_mm
            height = max(_LEAST_MM, door.height_mm)
            panels.append(Panel(door.number, door.size, x, y, door.width_mm, height))
        x += max(door.width_mm for door in column) + FRAME_MM
    return Picture(x, top - floor + 2 * FRAME_MM, tuple(panels))


def _columns(doors: Sequence[Door]) -> list[list[Door]]:
    columns: list[list[Door]] = [[]]
    for door in doors:
        if any(_beside(door, other) for other in columns[-1]):
            columns.append([])
        columns[-1].append(door)
    return columns


def _beside(one: Door, other: Door) -> bool:
    """Whether two doors have some height in common."""
    return one.sill_mm < other.sill_mm + other.height_mm and other.sill_mm < one.sill_mm + one.height_mm
