"""What there is to read about a board: one line, a table of its pins, a report of its mistakes.

Text only, no colours.
"""

import textwrap
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from host_tools.boards.board_file import BoardFile, Report
from host_tools.boards.chips import CHIPS, EXPANDER_OUTPUT_ONLY
from host_tools.boards.draft import Problem
from host_tools.boards.pins import Pin
from host_tools.boards.wiring import Wire, free_pins, wires
from host_tools.showing import shown

_PINS_OF_AN_EXPANDER = 16


def facts(board: BoardFile) -> dict[str, str]:
    """What distinguishes a board, in the order to print it."""
    d = board.definition
    sizes = Counter(door.size for door in d.door)
    kinds = Counter(door.occupancy.kind for door in d.door)
    low = sum(door.low for door in d.door)
    released = [f"{door.number:02d}" for door in d.door if door.inside_release]
    facts = {
        "chip": f"{CHIPS[d.chip].name}, {d.flash_mb} MiB of flash",
        "doors": (
            f"{len(d.door)} ({', '.join(f'{sizes[size]} {size}' for size in 'SML' if sizes[size])}), "
            f"{low} low"
        ),
        "sensors": ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items())),
        "locks": d.lock.in_words(),
        "supply": f"{d.supply.volts:g} V, {d.supply.amps:g} A",
        "expanders": ", ".join(f"0x{address:02x}" for address in d.expanders.addresses)
        if d.expanders
        else "none",
        "screen": f"{d.screen.columns}x{d.screen.rows} at 0x{d.screen.address:02x} ({d.screen.chip.upper()})"
        if d.screen
        else "none",
        "keypad": f"{len(d.keypad.rows)}x{len(d.keypad.columns)} {d.keypad.keys}",
        "link": f"UART {d.link.uart}, {d.link.baud} baud{', RS-485 bus' if d.link.enable else ''}"
        if d.link
        else "Wi-Fi only",
    }
    if released:
        facts["inside release"] = "door " + ", ".join(released)
    return facts


def pin_rows(report: Report) -> list[tuple[str, str]]:
    """Every pin of a board that serves something, with what it serves."""
    served = {wire.pin: wire for wire in wires(report.draft)}
    return [(str(pin), _use(report, served[pin])) for pin in sorted(served, key=_by_place)]


def free_rows(report: Report) -> list[tuple[str, str]]:
    """The free pins of the chip and of each expander; what is an output only says so."""
    served = {wire.pin for wire in wires(report.draft)}
    native = [str(pin) for pin in free_pins(report.draft)]
    rows = [("chip", " ".join(native) or "none")]
    for _, address in report.draft.integers("expanders", "addresses"):
        bits = [bit for bit in range(_PINS_OF_AN_EXPANDER) if Pin(bit, address) not in served]
        names = [
            str(Pin(bit, address)).split(".")[1] + (" (output)" if bit in EXPANDER_OUTPUT_ONLY else "")
            for bit in bits
        ]
        rows.append((f"0x{address:02x}", " ".join(names) or "none"))
    return rows


def _by_place(pin: Pin) -> tuple[int, int]:
    return (pin.expander or 0, pin.number)


def _use(report: Report, wire: Wire) -> str:
    """What a wire is, with what must be known to connect it."""
    draft, path = report.draft, wire.path
    words = draft.spell(path)
    if path[0] == "door":
        number = draft.get("door", path[1], "number")
        words = f"door {number:02d} {wire.role.name}"
        levels = draft.get("door", path[1], str(path[2]))
        if wire.role.name == "contact":
            words += f", {levels['closed']} while closed"
        elif wire.role.name == "beam":
            words += f", {levels['occupied']} while occupied"
        elif wire.role.adc:
            words += f", occupied from {levels['occupied_mv']} mV, clear to {levels['clear_mv']} mV"
    elif path[0] == "keypad":
        words = f"{wire.role.name} {int(path[2]) + 1}"
    elif path == ("supply", "sense"):
        words += f", at least {draft.get('supply', 'lowest_mv')} mV"
    elif path == ("supply", "current"):
        words += f", a coil from {draft.get('supply', 'coil_mv')} mV"
    elif path in (("expanders", "reset"), ("link", "enable")):
        words += ", pulled down outside"
    return words


def check_lines(report: Report, width: int) -> list[tuple[str, str]]:
    """A check as lines of at most `width` characters:
    (style, text), the style one of good, bad, place, reason, remedy.
    """
    path = shown_path(report.path)
    if report.board is not None:
        doors = len(report.board.definition.door)
        pins = len(free_pins(report.draft))
        return [
            (
                "good",
                (
                    f"{path}: good. {facts(report.board)['chip']}; {doors} doors; "
                    f"{pins} pins of the chip are free."
                ),
            )
        ]
    alike = _alike(report.problems)
    count = len(alike)
    lines = [("bad", f"{path}: {count} {'mistake' if count == 1 else 'mistakes'}")]
    for number, (problem, *others) in enumerate(alike, 1):
        line = report.draft.line(problem.path)
        doors = ", ".join(report.draft.spell(other.path[:2]).removeprefix("door ") for other in others)
        also = f", and at {'door' if len(others) == 1 else 'doors'} {doors}" if others else ""
        where = report.draft.spell(problem.path) + (f" (line {line})" if line else "") + also
        lines += [
            ("reason", ""),
            *(("place", one) for one in _wrapped(where, width, f"{number:3}. ", "     ")),
        ]
        lines += [("reason", one) for one in _wrapped(problem.reason, width, "     ", "     ")]
        lines += [("remedy", one) for one in _wrapped(problem.remedy, width, "  -> ", "     ")]
    return lines


def _alike(problems: Sequence[Problem]) -> list[list[Problem]]:
    """The problems in their order, those that several doors have alike together."""
    found: dict[tuple[object, ...], list[Problem]] = {}
    for problem in problems:
        place = (
            ("door", *problem.path[2:])
            if problem.path[:1] == ("door",) and len(problem.path) > 1
            else problem.path
        )
        found.setdefault((place, problem.reason, problem.remedy), []).append(problem)
    return list(found.values())


def shown_path(path: Path) -> str:
    """A path from here where that is shorter to read, else as it is."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_absolute() and path.is_relative_to(here) else path)


def columns(rows: Sequence[Sequence[str]], gap: int = 2) -> list[str]:
    """Rows as lines with aligned columns and nothing at their ends."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [
        "".join(cell.ljust(width + gap) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def _wrapped(text: str, width: int, first: str, others: str) -> list[str]:
    return textwrap.wrap(
        shown(text), width, initial_indent=first, subsequent_indent=others, break_on_hyphens=False
    )
