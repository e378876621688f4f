"""`ansim boards`: the cabinets that Ansim knows, and the check of a file that describes yours."""

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.text import Text

from host_tools.boards.board_file import (
    BoardFile,
    Report,
    board_names,
    check_board,
    find_board,
    load_board,
    to_board_json,
)
from host_tools.boards.draft import Draft, Problem
from host_tools.boards.report import check_lines, columns, facts, free_rows, pin_rows
from host_tools.cli._output import json_option, print_json, say
from host_tools.errors import UserError
from host_tools.showing import shown

_FILE = ("file",)  # the place of a mistake that is the file's own
_WIDTH_MAX = 110
_STYLES = {
    "good": "green",
    "bad": "bold red",
    "place": "bold",
    "reason": "",
    "remedy": "cyan",
    "heading": "bold",
}


def _print(lines: Iterable[tuple[str, str]]) -> None:
    """Lines of (style, text) on stdout: coloured on a terminal, plain elsewhere;
    long lines are the terminal's to wrap.
    """
    console = Console(highlight=False)
    for style, text in lines:
        console.print(Text(text, style=_STYLES[style]), soft_wrap=True)


def _width() -> int:
    console = Console()
    return min(console.width, _WIDTH_MAX) if console.is_terminal else _WIDTH_MAX


@click.group()
def command() -> None:
    """List, check and show board definitions.

    \b
    Example: ansim boards check my_cabinet.toml
    """


@command.command("list")
@json_option
def list_boards(as_json: bool) -> None:
    """List the boards that come with Ansim.

    \b
    Example: ansim boards list --json
    """
    boards = [load_board(name) for name in board_names()]
    if as_json:
        print_json([_summary(board) for board in boards])
        return
    rows = [("board", "chip", "doors", "what")]
    rows += [
        (board.name, facts(board)["chip"], str(len(board.definition.door)), shown(board.definition.title))
        for board in boards
    ]
    heading, *lines = columns(rows)
    _print([("heading", heading), *(("reason", line) for line in lines)])


@command.command("check")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@json_option
def check(files: tuple[str, ...], as_json: bool) -> None:
    """Check board files (or boards by name) and report every mistake, with its cure.

    Ends with 0 when all are good, 1 when one has a mistake, 2 when one cannot be found.

    \b
    Example: ansim boards check my_cabinet.toml wall_12
    """
    reports, missing = [], 0
    for file in files:
        try:
            reports.append(check_board(find_board(file)))
        except UserError as user_error:  # the others are looked at all the same
            missing = max(missing, user_error.exit_code)
            reports.append(
                Report(Path(file), Draft({}), [Problem(_FILE, user_error.message, user_error.hint)], None)
            )
            if not as_json:
                say(f"ansim: {user_error}", err=True)
    if as_json:
        print_json([_as_json(report) for report in reports])
    else:
        found = [
            report for report in reports if not any(problem.path == _FILE for problem in report.problems)
        ]
        for number, report in enumerate(found):
            _print([("reason", "")] * bool(number) + check_lines(report, _width()))
    sys.exit(missing or (0 if all(report.board for report in reports) else 1))


@command.command("show")
@click.argument("name")
@json_option
def show(name: str, as_json: bool) -> None:
    """Show one board: what it has, and what each pin serves. NAME may be the path of a file.

    \b
    Example: ansim boards show wall_12
    """
    board = load_board(name)
    if as_json:
        definition = board.definition.model_dump(mode="json", exclude_none=True)
        print_json({"name": board.name, **definition, "board_json": to_board_json(board)})
        return
    report = check_board(board.path)
    rows = {"": list(facts(board).items()), "Pins": pin_rows(report), "Free": free_rows(report)}
    _print([("heading", shown(board.definition.title))])
    for heading, table in rows.items():
        _print(
            [("reason", ""), ("heading", heading)] * bool(heading)
            + [("reason", line) for line in columns(table)]
        )


def _summary(board: BoardFile) -> dict[str, Any]:
    definition = board.definition
    return {
        "name": board.name,
        "title": definition.title,
        "chip": definition.chip,
        "flash_mb": definition.flash_mb,
        "doors": len(definition.door),
    }


def _as_json(report: Report) -> dict[str, Any]:
    problems = [
        {
            "key": report.draft.spell(problem.path),
            "path": list(problem.path),
            "line": report.draft.line(problem.path),
            "reason": problem.reason,
            "remedy": problem.remedy,
        }
        for problem in report.problems
    ]
    return {"file": str(report.path), "good": report.board is not None, "problems": problems}
