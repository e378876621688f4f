"""The tables of docs/hardware.md and boards/README.md, made from the boards,
the chips and the rules of a board file.
"""

import re
import typing
from pathlib import Path

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from host_tools.boards import partitions
from host_tools.boards.board_file import check_board, find_board, load_board
from host_tools.boards.chips import CHIPS
from host_tools.boards.model import LOCKS, Definition, Door
from host_tools.boards.report import check_lines, facts, free_rows, pin_rows
from host_tools.boards.schema import bounds, models_in
from host_tools.boards.wiring import ROLES, suitable
from host_tools.docs.prose import paragraphs

ROOT = Path(__file__).parents[2]
PAGES = (ROOT / "docs" / "hardware.md", ROOT / "boards" / "README.md")
EXAMPLE = Path("tests/host_tools/boards/eight_mistakes.toml")
_BLOCK = re.compile(r"(<!-- made from the code: ([\w ]+) -->\n).*?(<!-- end -->)", re.DOTALL)
_TRANSCRIPT_WIDTH = 110


def made(page: Path) -> str:
    """The text of a page with every block between `<!-- made from the code: NAME -->`
    and `<!-- end -->` made anew.
    """
    return _BLOCK.sub(
        lambda block: f"{block[1]}\n{_content(block[2])}\n\n{block[3]}", page.read_text(encoding="utf-8")
    )


def _content(name: str) -> str:
    kind, _, argument = name.partition(" ")
    return {
        "transcript": _transcript,
        "board": lambda: _board(argument),
        "chips": _chips,
        "roles": _roles,
        "partitions": _partitions,
        "keys": _keys,
    }[kind]()


def _table(rows: list[tuple[str, ...]]) -> str:
    head, *body = [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join([head, "|" + "---|" * len(rows[0]), *body])


def _transcript() -> str:
    report = check_board(ROOT / EXAMPLE)
    lines = [text for _, text in check_lines(report, _TRANSCRIPT_WIDTH)]
    lines[0] = lines[0].replace(lines[0].split(": ")[0], str(EXAMPLE))
    return "\n".join(["```text", f"$ ansim boards check {EXAMPLE}", *lines, "```"])


def _board(name: str) -> str:
    board = load_board(name)
    report = check_board(find_board(name))
    about = [f"**`{name}`** {board.definition.title}.", ""]
    about += [f"- {key}: {value}" for key, value in facts(board).items()]
    doors = [("door", "size", "inside, mm", "sill, mm", "coil", "contact", "occupancy")]
    doors += [_door_row(door) for door in sorted(board.definition.door, key=lambda door: door.number)]
    served = {
        str(pin)
        for door in board.definition.door
        for pin in (door.coil, door.contact.pin, door.occupancy.pin)
    }
    others = [("pin", "serves"), *((f"`{pin}`", use) for pin, use in pin_rows(report) if pin not in served)]
    free = [f"Free on the {where}: {pins}." for where, pins in free_rows(report)]
    return "\n".join([*about, "", _table(doors), "", _table(others), "", *free])


def _door_row(door: Door) -> tuple[str, ...]:
    sensor = door.occupancy
    level = (
        f"{sensor.occupied} while occupied"
        if sensor.kind == "beam"
        else f"{sensor.occupied_mv} / {sensor.clear_mv} mV"
    )
    return (
        f"{door.number:02d}",
        door.size + (", inside release" if door.inside_release else ""),
        f"{door.width_mm} x {door.height_mm} x {door.depth_mm}",
        f"{door.sill_mm}" + (", low" if door.low else ""),
        f"`{door.coil or door.lock}`",
        f"`{door.contact.pin}` {door.contact.closed} while closed",
        f"{sensor.kind} `{sensor.pin}` {level}",
    )


def _chips() -> str:
    rows = [("pin", *(chip.name for chip in CHIPS.values()))]
    sets = (
        ("flash and PSRAM: refused", "flash"),
        ("console (UART0, USB): refused", "console"),
        ("not led out: refused", "absent"),
        ("decides how the chip starts: refused", "strapping"),
        ("strapping, starts anyhow: no coils, no expander reset", "mild_strapping"),
        ("inputs only", "input_only"),
        ("no pull-up inside", "no_pull"),
        ("ADC1: analogue sensors", "adc1"),
        ("ADC2: not beside Wi-Fi", "adc2"),
    )
    for words, attribute in sets:
        rows.append((words, *(_ranges(sorted(getattr(chip, attribute))) for chip in CHIPS.values())))
    rows.append(("ADC range, mV", *(f"{chip.adc_mv[0]}-{chip.adc_mv[1]}" for chip in CHIPS.values())))
    return _table(rows)


def _roles() -> str:
    """Uses that have the same pins share a row."""
    rows: dict[tuple[str, ...], list[str]] = {}
    for role in ROLES:
        native = (_ranges([pin.number for pin in suitable(role, chip)]) for chip in CHIPS.values())
        expander = "no" if role.native else "yes" if role.output else "yes, but GPA7 and GPB7"
        rows.setdefault((*native, expander), []).append(role.name)
    head = ("can be", *(chip.name for chip in CHIPS.values()), "expander")
    return _table([head, *((", ".join(names), *pins) for pins, names in rows.items())])


def _ranges(numbers: list[int]) -> str:
    """`0-3, 7` for 0, 1, 2, 3, 7."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and runs[-1][-1] == number - 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ", ".join(f"{run[0]}-{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs) or "none"


def _partitions() -> str:
    rows = [("partition", *(f"{size} MiB" for size in partitions.FLASH_SIZES_MB))]
    tables = [partitions.load(partitions.table_path(size), size << 20) for size in partitions.FLASH_SIZES_MB]
    for row in zip(*tables, strict=True):
        rows.append((f"`{row[0].label}`", *(f"{one.offset:#x}, {one.size // 1024} KiB" for one in row)))
    return _table(rows)


def _keys() -> str:
    parts = [
        _model(
            "the file's head",
            Definition,
            [name for name in Definition.model_fields if name in ("title", "chip", "flash_mb")],
        )
    ]
    for name, field in Definition.model_fields.items():
        for model in LOCKS.values() if name == "lock" else models_in(field.annotation):
            heading = (
                f"`[[{name}]]`"
                if name == "door"
                else f"`[{name}]`" + ("" if field.is_required() else ", optional")
            )
            parts.append(_model(heading, model, list(model.model_fields)))
    return "\n\n".join(parts)


def _model(heading: str, model: type[BaseModel], names: list[str]) -> str:
    rows = [("key", "value", "meaning")]
    for name in names:
        field = model.model_fields[name]
        optional = "" if field.is_required() else " Optional."
        rows.append((f"`{name}`", _value(field), f"{field.description}{bounds(field)}.{optional}"))
    about = "" if model is Definition else f": {(model.__doc__ or '').strip()}"
    return f"{paragraphs(f'**{heading}**{about}')}\n\n{_table(rows)}"


def _value(field: FieldInfo) -> str:
    annotation = field.annotation
    choices = [
        choice
        for part in (annotation, *typing.get_args(annotation))
        if typing.get_origin(part) is typing.Literal
        for choice in typing.get_args(part)
    ]
    if choices:
        return ", ".join(f'`"{choice}"`' if isinstance(choice, str) else f"`{choice}`" for choice in choices)
    text = str(annotation)
    if "Pin" in text:
        return "pins" if "list" in text else "pin"
    names = (
        ("list[int]", "whole numbers"),
        ("bool", "`true`, `false`"),
        ("int", "whole number"),
        ("float", "number"),
        ("str", "text"),
    )
    return next(
        (words for name, words in names if name in text or name == getattr(annotation, "__name__", "")),
        "table",
    )


def pages() -> dict[Path, str]:
    """What each of the pages should say."""
    return {page: made(page) for page in PAGES}
