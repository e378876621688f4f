"""`ansim boards` as a person and as a script meet it; the pages that repeat board files are true."""

import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

from host_tools.boards.board_file import board_names
from host_tools.docs import boards
from tests import swift

ROOT = Path(__file__).parents[3]
MISTAKES = "tests/host_tools/boards/eight_mistakes.toml"


def ansim(*arguments: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return swift.ansim("boards", *arguments, cwd=cwd)


def test_the_list_names_every_board() -> None:
    ended = ansim("list")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert [line.split()[0] for line in ended.stdout.splitlines()[1:]] == board_names()
    listed = json.loads(ansim("list", "--json").stdout)
    assert [(one["name"], one["doors"]) for one in listed] == [
        ("devkit_4", 4),
        ("row_8", 8),
        ("tower_24", 24),
        ("wall_12", 12),
    ]


def test_a_check_ends_with_0_for_good_files_1_for_mistakes_and_2_for_none() -> None:
    assert ansim("check", "wall_12", "boards/tower_24.toml").returncode == 0
    mixed = ansim("check", "wall_12", MISTAKES)
    assert mixed.returncode == 1
    assert "boards/wall_12.toml: good." in mixed.stdout
    assert f"{MISTAKES}: 8 mistakes" in mixed.stdout
    unknown = ansim("check", "wall_13")
    assert (unknown.returncode, unknown.stdout) == (2, "")
    assert unknown.stderr.startswith("ansim: There is no board 'wall_13': did you mean wall_12?")
    assert unknown.stderr.count("\n") == 1


def test_a_check_as_json_is_one_document_with_key_line_reason_and_remedy() -> None:
    ended = ansim("check", MISTAKES, "--json")
    assert ended.returncode == 1
    (report,) = json.loads(ended.stdout)
    assert (report["file"], report["good"], len(report["problems"])) == (MISTAKES, False, 8)
    assert report["problems"][0]["key"] == "lock.pulse_ms"
    assert report["problems"][0]["path"] == ["lock", "pulse_ms"]
    assert all(problem["line"] and problem["reason"] and problem["remedy"] for problem in report["problems"])


def test_colours_are_for_terminals_only() -> None:
    assert "\x1b" not in ansim("check", MISTAKES).stdout
    controller, terminal = pty.openpty()
    environment = os.environ | {"TERM": "xterm-256color"}
    environment.pop("NO_COLOR", None)
    with subprocess.Popen(
        [sys.executable, "-m", "host_tools", "boards", "check", "wall_12"],
        stdout=terminal,
        stderr=terminal,
        cwd=ROOT,
        env=environment,
    ) as running:
        assert running.wait(60) == 0
    seen = os.read(controller, 65536).decode()
    os.close(controller)
    os.close(terminal)
    assert "\x1b[32m" in seen
    assert "wall_12.toml: good." in re.sub(r"\x1b\[[0-9;]*m", "", seen)


def test_a_board_is_shown_with_every_pin_and_what_is_free() -> None:
    shown = ansim("show", "wall_12").stdout
    assert re.search(r"^0x20.GPA6 +door 07 coil$", shown, re.MULTILINE)
    assert re.search(r"^0x21.GPA6 +door 07 contact, low while closed$", shown, re.MULTILINE)
    assert re.search(r"^gpio14 +expanders.reset, pulled down outside$", shown, re.MULTILINE)
    assert re.search(r"^0x22 +GPA7 \(output\) GPB5 GPB6 GPB7 \(output\)$", shown, re.MULTILINE)
    as_json = json.loads(ansim("show", "wall_12", "--json").stdout)
    assert as_json["door"][6]["coil"] == "0x20.GPA6"
    assert as_json["board_json"]["doors"][6]["lock"] == [0x20, 6]


def test_a_file_of_ones_own_is_checked_and_shown_by_its_path(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text((ROOT / "boards" / "devkit_4.toml").read_text())
    assert ansim("check", "mine.toml", cwd=tmp_path).stdout.startswith("mine.toml: good.")
    assert ansim("show", "./mine.toml", cwd=tmp_path).returncode == 0


def test_showing_a_board_with_mistakes_says_the_first_and_where_to_see_all() -> None:
    ended = ansim("show", MISTAKES)
    assert ended.returncode == 1
    assert "has 8 mistakes (lock.pulse_ms: a pulse of 1500 ms is unsafe" in ended.stderr
    assert f"ansim boards check {MISTAKES}" in ended.stderr


@pytest.mark.parametrize("command", [[], ["list"], ["check"], ["show"]])
def test_every_help_has_an_example(command: list[str]) -> None:
    assert "Example: ansim boards" in ansim(*command, "--help").stdout


@pytest.mark.parametrize("page", boards.PAGES, ids=lambda page: page.name)
def test_the_pages_say_what_the_boards_and_the_code_say(page: Path) -> None:
    assert boards.made(page) == page.read_text()


def test_the_transcript_on_the_page_is_what_the_command_prints() -> None:
    printed = ansim("check", MISTAKES).stdout
    assert f"$ ansim boards check {MISTAKES}\n{printed}```" in (ROOT / "docs" / "hardware.md").read_text()


def test_a_page_that_is_out_of_date_is_noticed(tmp_path: Path) -> None:
    page = tmp_path / "hardware.md"
    page.write_text((ROOT / "docs" / "hardware.md").read_text().replace("| 01 | S |", "| 01 | M |", 1))
    assert boards.made(page) != page.read_text()
