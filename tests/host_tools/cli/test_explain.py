"""`ansim explain`: a traceback of the firmware at hand gets files, lines and names; one of another build is refused by name."""

import re
from pathlib import Path

from click.testing import CliRunner, Result

from host_tools.bundle.ready import build, symbols
from host_tools.cli import ansim
from host_tools.errors import Complaint
from host_tools.sources import locker_folder

SHORT, (PLACE, *_) = next((short, places) for short, places in symbols()["locker.core"].items() if len(places) == 1)
FRAMES = f'Traceback (most recent call last):\n  File "locker.core", line 1, in {SHORT}\nValueError: 7\n'


def explained(text: str) -> Result:
    return CliRunner().invoke(ansim, ["explain"], input=text)


def test_a_traceback_of_the_build_at_hand_gets_the_file_the_line_and_the_name_of_its_function() -> None:
    ended = explained(f"In service\nBuild {build():x}\r\n{FRAMES}")
    assert (ended.exit_code, ended.stderr) == (0, "")
    assert f"locker.core: {PLACE}\n" in ended.stdout
    path, line, name = re.fullmatch(r"locker/(\S+):(\d+) (\S+)", PLACE).groups()  # type: ignore[union-attr]
    there = Path(locker_folder(), path).read_text().splitlines()[int(line) - 1]
    assert f"def {name.rpartition('.')[2]}(" in there


def test_a_traceback_of_another_build_is_refused_with_the_names_of_both() -> None:
    other = build() ^ 0x100
    ended = explained(f"Build {build():x}\n{FRAMES}Build {other:x}\n{FRAMES}")
    assert ended.exit_code == 1
    assert isinstance(ended.exception, Complaint)
    assert f"{other:x}" in str(ended.exception)
    assert f"{build():x}" in str(ended.exception)
    assert ended.stdout == ""


def test_a_traceback_that_says_no_build_is_explained_with_a_warning() -> None:
    ended = explained(FRAMES)
    assert ended.exit_code == 0
    assert PLACE in ended.stdout
    assert f"build {build():x} alone" in ended.stderr


def test_what_is_no_traceback_is_refused() -> None:
    for text in ("", "In service\n", "\x00\xff\x1b[31m"):
        ended = explained(text)
        assert isinstance(ended.exception, Complaint)
        assert "That holds no traceback" in str(ended.exception)
