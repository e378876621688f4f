"""Board definitions: the TOML of `boards/` as checked data, and the board.json that the firmware reads."""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from host_tools.boards import partitions
from host_tools.boards.draft import Draft, Problem
from host_tools.boards.model import Beam, Definition, Door, Link
from host_tools.boards.pins import Pin
from host_tools.boards.rules import rule_problems
from host_tools.boards.schema import structural_problems, without_echoes
from host_tools.boards.syntax import SYNTAX, encoding_problem, long_number_problem, syntax_problem
from host_tools.errors import UserError
from host_tools.sources import boards_folder


@dataclass(frozen=True)
class BoardFile:
    """A board file that has passed every rule: its path, its name (the file's stem) and its definition."""

    path: Path
    name: str
    definition: Definition

    def partitions(self) -> list[partitions.Partition]:
        """The partition table for this board's flash."""
        flash_mb = self.definition.flash_mb
        return partitions.load(partitions.table_path(flash_mb), flash_mb << 20)


@dataclass(frozen=True)
class Report:
    """What a check of a file found: every problem in the order of the lines, or the board."""

    path: Path
    draft: Draft
    problems: Sequence[Problem]
    board: BoardFile | None


def board_names() -> list[str]:
    """The names of the boards that come with Ansim."""
    return sorted(path.stem for path in boards_folder().glob("*.toml"))


def find_board(name_or_path: str | Path) -> Path:
    """The board file of that name, or at that path (anything with a folder or ending in .toml);
    UserError when there is none.
    """
    path = Path(name_or_path)
    if path.suffix == ".toml" or len(path.parts) > 1:
        if not path.is_file():
            raise UserError(f"There is no board file {path}: check the path.", 2)
        return path
    names = board_names()
    if str(name_or_path) not in names:
        close = get_close_matches(str(name_or_path), names, 1, 0.5)
        hint = f"did you mean {close[0]}? Known" if close else "known"
        raise UserError(
            f"There is no board {str(name_or_path)!r}: "
            f"{hint} are {', '.join(names)}, or give the path of a .toml file.",
            2,
        )
    return boards_folder() / f"{name_or_path}.toml"


_BYTES_MAX = 1 << 20  # the largest board takes 20 kB


def check_board(path: Path) -> Report:
    """All mistakes of a board file at once, also of one that is not TOML;
    UserError only when it cannot be read.
    """
    content = _read(path)
    text = ""
    try:
        text = content.decode("utf-8-sig")  # as some editors begin it
        tables = tomllib.loads(text)
    except UnicodeDecodeError as error:
        return _broken(path, *encoding_problem(content, error))
    except tomllib.TOMLDecodeError as error:
        return _broken(path, *syntax_problem(text.replace("\r\n", "\n"), error))
    except ValueError:  # of Python's, which reads no longer numbers
        return _broken(path, *long_number_problem(text))
    except RecursionError:
        return _broken(
            path, Problem(SYNTAX, "its lists are nested too deep", "write it like boards/wall_12.toml"), 1
        )
    draft = Draft(tables, text)
    formal, definition = structural_problems(draft)
    found = {
        problem: draft.line(problem.path) or 0 for problem in without_echoes([*formal, *rule_problems(draft)])
    }
    problems = sorted(found, key=lambda problem: found[problem])
    board = BoardFile(path, path.stem, definition) if definition and not problems else None
    return Report(path, draft, problems, board)


def load_board(name_or_path: str | Path) -> BoardFile:
    """The board of that name or path;
    a UserError that counts the mistakes and says the first when it breaks a rule.
    """
    report = check_board(find_board(name_or_path))
    if report.board is None:
        first = report.problems[0]
        count = f"{len(report.problems)} mistakes" if len(report.problems) > 1 else "a mistake"
        where = f"{report.draft.spell(first.path)}: {first.reason}"
        raise UserError(
            f"{report.path} has {count} ({where}): see `ansim boards check {report.path}`.", code="board_file"
        )
    return report.board


def _broken(path: Path, problem: Problem, line: int) -> Report:
    return Report(path, Draft({}, "", {problem.path: line}), [problem], None)


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > _BYTES_MAX:
            raise UserError(
                f"{path} is not a board file: it is longer than {_BYTES_MAX} bytes.", code="board_file"
            )
        return path.read_bytes()
    except OSError as error:
        raise UserError(f"Cannot read {path}: {error.strerror}.", hint="") from error


def to_board_json(board: BoardFile) -> dict[str, Any]:
    """The board.json that `locker.board.from_json` reads: only what the firmware needs."""
    d = board.definition
    doors = sorted(d.door, key=lambda door: door.number)
    low = [*(_pin(door.coil) for door in doors), _pin(d.expanders and d.expanders.reset)]
    return {
        "name": board.name,
        "chip": d.chip,
        "low_at_boot": [pin for pin in low if isinstance(pin, int)],
        "doors": [_door(door) for door in doors],
        "keypad": {
            "rows": [pin.as_json() for pin in d.keypad.rows],
            "columns": [pin.as_json() for pin in d.keypad.columns],
            "keys": d.keypad.keys,
        },
        "bus": {"sda": d.bus.sda.as_json(), "scl": d.bus.scl.as_json(), "hz": d.bus.hz} if d.bus else None,
        "expanders": list(d.expanders.addresses) if d.expanders else [],
        "expander_reset": _pin(d.expanders and d.expanders.reset),
        "screen": [d.screen.address, d.screen.columns, d.screen.rows] if d.screen else None,
        "lamp": _pin(d.signals.lamp),
        "beeper": _pin(d.signals.beeper),
        "bell": _pin(d.signals.bell),
        "lamp_sense": _pin(d.signals.lamp_sense),
        "tamper": _pin(d.signals.tamper),
        "link": _link_row(d.link) if d.link else None,
        "supply": [d.supply.sense.as_json(), d.supply.lowest_mv] if d.supply.sense else None,
        "current": [d.supply.current.as_json(), d.supply.coil_mv] if d.supply.current else None,
        **d.lock.for_firmware(),
    }


def _link_row(link: Link) -> list[Any]:
    enable = [link.enable.as_json()] if link.enable else []
    return [link.uart, link.tx.as_json(), link.rx.as_json(), link.baud, *enable]


def _door(door: Door) -> dict[str, Any]:
    sensor = door.occupancy
    occupied = (
        int(sensor.occupied == "high") if isinstance(sensor, Beam) else [sensor.occupied_mv, sensor.clear_mv]
    )
    return {
        "number": door.number,
        "size": door.size,
        "low": int(door.low),
        "lock": door.coil.as_json() if door.coil else door.lock,
        "contact": door.contact.pin.as_json(),
        "closed": int(door.contact.closed == "high"),
        "occupancy": sensor.kind,
        "sensor": sensor.pin.as_json(),
        "occupied": occupied,
    }


def _pin(pin: Pin | None) -> int | list[int] | None:
    return pin.as_json() if pin else None
