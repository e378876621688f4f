"""`ansim explain`: a traceback of the firmware at hand gets files, lines and names;
one of another build is refused by name.
"""

import json
import re
from pathlib import Path
from typing import NamedTuple

import pytest
from click.testing import CliRunner, Result

from host_tools.bundle.linked_source import MAP
from host_tools.bundle.ready import build, ready_to_debug, symbols
from host_tools.cli import ansim
from host_tools.errors import UserError
from host_tools.sources import locker_folder
from tests.kit.command_tree import departures, page


class Frame(NamedTuple):
    """A traceback as the console of a board prints it, and where its function is in the sources."""

    text: str
    place: str


@pytest.fixture(scope="module")
def frame() -> Frame:
    short, place = next(
        (short, places[0]) for short, places in symbols()["locker.core"].items() if len(places) == 1
    )
    return Frame(
        f'Traceback (most recent call last):\n  File "locker.core", line 1, in {short}\nValueError: 7\n',
        place,
    )


def explained(text: str) -> Result:
    return CliRunner().invoke(ansim, ["explain"], input=text)


def test_a_traceback_of_the_build_at_hand_gets_the_file_the_line_and_the_name_of_its_function(
    frame: Frame,
) -> None:
    ended = explained(f"In service\nBuild {build():x}\r\n{frame.text}")
    assert (ended.exit_code, ended.stderr) == (0, "")
    assert f"locker.core: {frame.place}\n" in ended.stdout
    path, line, name = re.fullmatch(r"locker/(\S+):(\d+) (\S+)", frame.place).groups()  # type: ignore[union-attr]
    there = Path(locker_folder(), path).read_text().splitlines()[int(line) - 1]
    assert f"def {name.rpartition('.')[2]}(" in there
    ended = CliRunner().invoke(ansim, ["explain", "--json"], input=f"Build {build():x}\n{frame.text}")
    told = json.loads(ended.stdout)
    assert departures(page()["explain"], told) == []
    assert (told["builds"], told["names_of"], told["whole"]) == ([f"{build():x}"], f"{build():x}", True)
    assert f"locker.core: {frame.place}\n" in told["text"]


def test_a_traceback_of_another_build_is_refused_with_the_names_of_both(frame: Frame) -> None:
    other = next(build() ^ bit for bit in (0x100, 0x200) if build() ^ bit != ready_to_debug().build)
    ended = explained(f"Build {build():x}\n{frame.text}Build {other:x}\n{frame.text}")
    assert ended.exit_code == 1
    assert isinstance(ended.exception, UserError)
    assert f"{other:x}" in str(ended.exception)
    assert f"{build():x}" in str(ended.exception)
    assert f"{ready_to_debug().build:x}" in str(ended.exception)
    assert ended.stdout == ""


def test_a_traceback_that_says_no_build_is_explained_with_a_warning(frame: Frame) -> None:
    ended = explained(frame.text)
    assert ended.exit_code == 0
    assert frame.place in ended.stdout
    assert f"build {build():x} alone" in ended.stderr


def test_what_is_no_traceback_is_refused() -> None:
    for text in ("", "In service\n", "\x00\xff\x1b[31m"):
        ended = explained(text)
        assert isinstance(ended.exception, UserError)
        assert "That holds no traceback" in str(ended.exception)


def lined() -> Frame:
    """The same of a board with line numbers."""
    debug = ready_to_debug()
    number, place = next(
        (number, place)
        for number, place in enumerate(debug.lines["locker.core"], 1)
        if place.endswith(" submit")
    )
    path, line, name = re.split("[: ]", place)
    text = f'Traceback (most recent call last):\n  File "locker.core", line {number}, in a\nValueError: 7\n'
    return Frame(text, f'  File "{path}", line {line}, in {name}\nValueError: 7\n')


def test_a_traceback_of_a_board_with_line_numbers_gets_the_very_line(frame: Frame) -> None:
    ended = explained(f"Build {ready_to_debug().build:x}\n{lined().text}Build {build():x}\n{frame.text}")
    assert (ended.exit_code, ended.stderr) == (0, "")
    assert lined().place in ended.stdout
    assert f"locker.core: {frame.place}\n" in ended.stdout


def test_line_numbers_without_a_build_are_those_of_the_firmware_that_has_them() -> None:
    ended = explained(lined().text)
    assert ended.exit_code == 0
    assert lined().place in ended.stdout
    assert f"build {ready_to_debug().build:x} alone" in ended.stderr


def test_the_source_that_boards_run_is_written_with_the_place_of_each_line(tmp_path: Path) -> None:
    folder = tmp_path / "linked"
    ended = CliRunner().invoke(ansim, ["explain", "--source", str(folder)])
    assert ended.exit_code == 0, ended.output
    written = {path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*.*")}
    head, columns, *rows = written.pop(MAP).splitlines()
    assert written == ready_to_debug().linked
    assert f"{build():x}" in head
    assert f"{ready_to_debug().build:x}" in head
    assert columns.count("\t") == 4
    file, line, source, there, function = next(row.split("\t") for row in rows if row.endswith("\tsubmit"))
    assert file == "locker/core.py"
    assert ready_to_debug().lines["locker.core"][int(line) - 1] == f"{source}:{there} {function}"


def test_the_source_that_boards_run_is_written_over_nothing(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    for folder, said in ((tmp_path, "holds something already"), (tmp_path / "mine.txt", "cannot be written")):
        refused = CliRunner().invoke(ansim, ["explain", "--source", str(folder)])
        assert isinstance(refused.exception, UserError)
        assert said in str(refused.exception)
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("mine.txt", "mine")]


@pytest.mark.parametrize("around", ["13:04:05 {}", "\x1b[31m{}\x1b[0m", "{} "])
def test_a_build_is_heard_whatever_a_terminal_puts_around_its_line(frame: Frame, around: str) -> None:
    lines = f"Build {build() ^ 1:x}\n{frame.text}".splitlines()
    ended = explained("\n".join(around.format(line) for line in lines))
    assert ended.exit_code == 1
    assert "is of build" in str(ended.exception)


def test_frames_above_the_first_build_stay_as_they_are(frame: Frame) -> None:
    ended = explained(f"{frame.text}Build {build():x}\n{frame.text}")
    assert ended.exit_code == 0
    assert ended.stdout.startswith(frame.text)
    assert frame.place in ended.stdout
    assert "begins amidst a traceback" in ended.stderr


def test_what_writes_the_sources_reads_no_file(tmp_path: Path) -> None:
    log = tmp_path / "console.log"
    log.write_text("x")
    ended = CliRunner().invoke(ansim, ["explain", "--source", str(tmp_path / "out"), str(log)])
    assert ended.exit_code == 2
    assert not (tmp_path / "out").exists()
