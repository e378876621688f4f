"""What comes from outside is text when it is shown, and nothing else:
no colour, no cursor, no line of its own, no markup, no traceback.
"""

import ast
import json
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update

from host_tools import cli
from host_tools.cli import ansim
from host_tools.cli._ending import run
from host_tools.device.port import BoardError
from host_tools.host.fleet.ingest import Received, take
from host_tools.host.ledger import tables
from host_tools.host.ledger.ledger import open_ledger
from host_tools.host.parcels import tickets
from host_tools.host.people import residents
from host_tools.showing import JOINERS, shown, shown_json, shown_lines
from tests import swift
from tests.kit.host_board import Journal, enrol

TOOLS = Path(cli.__file__).parent.parent
ROOT = TOOLS.parent
#: Whoever prints, and why it is no way around `shown`.
PRINTERS = {
    "cli/_output.py": "the way itself",
    "cli/_tables.py": "tables, whose cells go through `shown`",
    "cli/boards.py": "coloured lines, each of which goes through `shown` and is a Text, so no markup",
    "cli/link.py": "asks whether there is a terminal, and draws a `table`",
    "demo/play.py": "the drawing of the demonstration, from `demo/drawing.py`",
    "demo/drawing.py": "made of Text, whose lines go through `shown`",
}
HOSTILE = ("[/x]", "[red]Kim[/red]", "[link=http://x]here[/link]", ":bomb:", "\\[bold]", "[/", "{0}", "%s")
ODD = "Kim\x1b[2J\x1b]0;x\x07\x9b31m\r\nansim: all is well\u202e\u2028\udcff"


def moves_a_terminal(text: str) -> list[str]:
    return [
        character for character in text if not character.isprintable() and character not in f"\n{JOINERS}"
    ]


@given(st.text(alphabet=st.characters()))
def test_whatever_is_shown_moves_no_terminal_and_stays_in_its_line(text: str) -> None:
    assert not moves_a_terminal(shown(text))
    assert "\n" not in shown(text)
    assert len(shown(text)) == len(text)
    assert shown_lines(text).count("\n") == text.count("\n")


@given(
    st.recursive(
        st.text(alphabet=st.characters()) | st.integers() | st.none(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_a_json_document_that_is_shown_says_the_same_and_moves_no_terminal(value: object) -> None:
    for indent in (None, 2):
        document = shown_json(json.dumps(value, ensure_ascii=False, indent=indent))
        assert not moves_a_terminal(document)
        assert json.dumps(json.loads(document)) == json.dumps(value)


def test_letters_of_every_script_and_joiners_within_a_name_are_shown_as_they_are() -> None:
    for name in ("김서연", "Zoë", "नाज़नीन", "می\u200cخواهم", "ශ්‍රී", "Ἑλένη"):
        assert shown(name) == name
    assert shown("김\u3000서연") == "김 서연"


WAYS_OUT = {"print", "click.echo", "click.secho"}
OF_RICH = {"Console", "Table", "Panel"}


def prints(path: Path) -> set[str]:
    """How a file of ours gets words to a person without `say`."""
    found = set()
    text = path.read_text()
    ways_out = WAYS_OUT | OF_RICH if "import rich" in text or "from rich" in text else WAYS_OUT
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.Call):
            continue
        name = ast.unparse(node.func)
        if name in ways_out or name.endswith((".stdout.write", ".stderr.write")):
            found.add(name)
    return found


def test_nothing_is_printed_but_by_the_way_through_which_nothing_from_outside_gets() -> None:
    for path in sorted(TOOLS.rglob("*.py")):
        name = str(path.relative_to(TOOLS))
        if name in PRINTERS or {"docs", "errands", "injected", "virtual_board"} & set(
            path.relative_to(TOOLS).parts
        ):
            continue  # made for the docs, or run on a board
        assert prints(path) == set(), f"{name}: use `say`, `print_json` or `table`"


def test_no_progress_bar_takes_words_from_outside() -> None:
    for path in sorted((TOOLS / "cli").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and re.search(
                r"\b(add_task|TextColumn|bar)$", ast.unparse(node.func)
            ):
                # The argument of `bar`.
                handed_on = path.name == "_progress.py" and ast.unparse(node.args[0]) == "what"
                assert isinstance(node.args[0], ast.Constant) or handed_on, path


@pytest.mark.parametrize("name", [*HOSTILE, ODD], ids=ascii)
def test_a_list_shows_any_name_that_ever_came_into_the_ledger(name: str, tmp_path: Path) -> None:
    with open_ledger(tmp_path / "data") as ledger:
        enrol(ledger)
        residents.add(ledger, "Kim")
        serial = tickets.issue(ledger, "Kim").serial
        kept = name.encode(errors="replace").decode()
        with ledger.writing() as connection:  # as an earlier ansim, or another program, has written it
            for table in (tables.resident, tables.site):
                connection.execute(update(table).values(name=kept))
            connection.execute(update(tables.cabinet).values(board_name=kept))
        journal = Journal()
        journal.deposit(7, serial, 1)
        take(ledger, [Received(1, 7, 1, 1, 1_700_000_000_000, tuple(journal.events), uptime=90)])
    for command in (
        ("resident", "list"),
        ("ticket", "list"),
        ("parcel", "list"),
        ("cabinet", "list"),
        ("link",),
    ):
        for form in ((), ("--json",)):
            ended = CliRunner().invoke(ansim, [*command, *form, "--data", str(tmp_path / "data")])
            assert ended.exit_code == 0, (command, ended.output, ended.exception)
            assert not moves_a_terminal(ended.output)
            assert shown(kept) in ended.output or form


def test_what_no_terminal_could_print_is_still_no_traceback(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "host_tools", "boards", "check", b"\xff\x1b[2J.toml"],
        capture_output=True,
        cwd=ROOT,
        check=False,
    )
    assert ended.returncode == 2
    assert b"Traceback" not in ended.stderr
    assert b"\x1b" not in ended.stderr


@pytest.mark.parametrize(
    "text",
    [
        "flash_mb = " + "9" * 5000,
        "title = " + "9" * 2_000_000,
        "x = " + "[" * 5000,
        "\x1b[2J = 1",
        'title = "\\u001b[2J"',
    ],
)
def test_no_board_file_is_too_odd_for_a_sentence(text: str, tmp_path: Path) -> None:
    path = tmp_path / "odd.toml"
    path.write_text(text)
    ended = swift.ansim("boards", "check", str(path), cwd=ROOT)
    assert ended.returncode == 1
    assert "fault of ansim itself" not in ended.stderr
    assert not moves_a_terminal(ended.stdout + ended.stderr)
    assert len(ended.stdout + ended.stderr) < 10_000


def test_a_boards_own_words_in_a_sentence_move_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    @click.command()
    @click.option("--json", is_flag=True)
    def command(json: bool) -> None:
        raise BoardError("ValueError", ODD)

    for arguments in ([], ["--json"]):
        assert run(command, arguments) == 1
        told = capsys.readouterr()
        assert not moves_a_terminal(told.out + told.err)
        assert told.err.count("\n") == 1
        assert told.err.startswith("ansim: The board reported ValueError: Kim?[2J")
