"""A board file that is not TOML teaches its author:
the line, the reason in the author's terms, and what to write.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from host_tools.boards.board_file import check_board, load_board
from host_tools.boards.report import check_lines
from host_tools.errors import UserError
from host_tools.sources import boards_folder

WALL = (boards_folder() / "wall_12.toml").read_text()
ROW = (boards_folder() / "row_8.toml").read_text()


def line_of(text: str, part: str) -> int:
    return text[: text.rindex(part)].count("\n") + 1


def problems(folder: Path, text: str | bytes) -> list[tuple[str, str, int | None]]:
    path = folder / "mine.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    report = check_board(path)
    assert report.board is None
    return [(one.reason, one.remedy, report.draft.line(one.path)) for one in report.problems]


BROKEN = [
    ('chip = "esp32s3"', "chip = esp32s3", "esp32s3 is a text without quotes", 'write chip = "esp32s3"'),
    ('sda = "gpio8"', "sda = gpio8", "gpio8 is a text without quotes", 'write sda = "gpio8"'),
    (
        "volts = 12.0\namps = 5.0",
        "volts = 12,0\namps = 5.0",
        "12,0 has a comma",
        "write a point: volts = 12.0",
    ),
    (
        "pulse_ms = 400",
        "pulse_ms = 400 ms",
        "400 has a unit behind it",
        "write pulse_ms = 400: the unit belongs to the key",
    ),
    ("pulse_ms = 400", "pulse_ms: 400", "pulse_ms is followed by a colon", "write pulse_ms = and the value"),
    ("pulse_ms = 400", "pulse_ms =", "nothing stands behind pulse_ms =", "write its value"),
    ("pulse_ms = 400", "pulse_ms = 400\npulse_ms = 410", "pulse_ms = 410 is there twice", "keep one of them"),
    ("[lock]", "[supply]", "[supply] is there twice", "put all its keys under one [supply]"),
    ("[lock]", "[lock", "the name of a table has no closing bracket", "write it like [lock]"),
    (
        'title = "Wall',
        "title = \u201cWall",
        "a text has no end, or typographic quotes",
        "write it between two plain quotes",
    ),
    ("flash_mb = 8", "flash_mb = True", "True begins with a capital", "write flash_mb = true"),
    (
        "rest_ms = 600",
        "rest_ms = " + "9" * 5000,
        "a number here has thousands of digits",
        "write the number that was meant",
    ),
    (
        "rest_ms = 600",
        "rest_ms = " + "[" * 5000,
        "its lists are nested too deep",
        "write it like boards/wall_12.toml",
    ),
]


@pytest.mark.parametrize(
    ("good", "bad", "reason", "remedy"), BROKEN, ids=[reason[:30] for _, _, reason, _ in BROKEN]
)
def test_what_breaks_the_file_is_told_with_its_line_and_its_cure(
    good: str, bad: str, reason: str, remedy: str, tmp_path: Path
) -> None:
    text = WALL.replace(good, bad, 1)
    ((found, cure, line),) = problems(tmp_path, text)
    assert reason.removeprefix("pulse_ms = 410 is") in found
    assert remedy in cure
    if "nested" not in reason:
        assert abs((line or 0) - line_of(text, bad[:20])) <= 1


def test_a_door_in_one_pair_of_brackets_is_told(tmp_path: Path) -> None:
    doors = WALL.replace("[[door]]", "[door]")
    for text in (doors, WALL.replace("[[door]]", "[door]", 1)):
        ((reason, remedy, line),) = problems(tmp_path, text)
        assert "[door]" in reason
        assert "write [[door]] above each door" in remedy
        assert line
    one = WALL[: WALL.index("[[door]]", WALL.index("[[door]]") + 1)].replace("[[door]]", "[door]")
    assert any("write [[door]] with two brackets" in remedy for _, remedy, _ in problems(tmp_path, one))


def test_other_encodings_are_named_and_the_mark_that_some_editors_write_is_read(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_bytes(b"\xef\xbb\xbf" + WALL.replace("\n", "\r\n").encode())
    assert check_board(path).board
    for encoding in ("utf-16", "utf-16-le", "utf-16-be"):
        content = WALL.encode(encoding)
        if encoding != "utf-16":
            content = "\ufeff".encode(encoding) + content
        ((reason, remedy, _),) = problems(tmp_path, content)
        assert (reason, remedy) == (
            "the file is in UTF-16",
            "save it as UTF-8 (in most editors: Save as, Encoding)",
        )
    text = WALL.replace("Wall cabinet:", "Mur extérieur:")
    ((reason, _, line),) = problems(tmp_path, text.encode("latin-1"))
    assert reason == "the byte 0xe9 is not UTF-8"
    assert line == line_of(text, "extérieur")


@pytest.mark.parametrize("number", ["inf", "-inf", "nan", "1" + "0" * 4000, "-1" + "0" * 4000, "1e308"])
@pytest.mark.parametrize(
    "good",
    [
        "amps = 5.0",
        "idle_amps = 1.2",
        "on_ms_max = 1000",
        "pulse_ms = 400",
        "lowest_mv = 1713",
        "uart = 1",
        "address = 0x3f",
    ],
)
def test_a_number_that_is_none_is_one_mistake_in_plain_words(good: str, number: str, tmp_path: Path) -> None:
    text = WALL.replace(good, f"{good.partition(' ')[0]} = {number}", 1)
    found = problems(tmp_path, text)
    assert found
    for reason, remedy, line in found:
        assert "inf A" not in reason + remedy
        assert "nan A" not in reason + remedy
        assert line


def test_the_same_mistake_of_many_doors_is_told_once(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(
        WALL.replace('closed = "low"', 'closed = "shut"').replace('closed = "high"', 'closed = "shut"')
    )
    report = check_board(path)
    assert len(report.problems) == 12
    lines = [text for _, text in check_lines(report, 110)]
    assert lines[0].endswith(": 1 mistake")
    assert "and at doors 02, 03, 04, 05, 06, 07, 08, 09, 10, 11, 12" in " ".join(lines)
    assert sum("is not possible" in line for line in lines) == 1


def test_a_limit_without_a_range_is_one_number(tmp_path: Path) -> None:
    text = WALL.replace("on_ms_max = 1000", "on_ms_max = 300")
    assert [remedy for _, remedy, _ in problems(tmp_path, text)] == ["write 300 ms"]


@pytest.mark.parametrize("key", ["coil_active", "coil_level", "active_low", "inverted", "active"])
def test_a_driver_that_idles_energised_is_refused_with_the_reason(key: str, tmp_path: Path) -> None:
    for table in ("[lock]\n", "[[door]]\n"):
        ((reason, remedy, _),) = problems(tmp_path, WALL.replace(table, f'{table}{key} = "low"\n', 1))
        assert "one that a low level energises is on whenever the chip is at reset or dead" in reason
        assert remedy.startswith("use a driver that a high level energises")


def test_other_files_are_checked_and_programs_get_all(tmp_path: Path) -> None:
    (tmp_path / "broken.toml").write_text("chip = esp32\n")
    words = [
        "boards",
        "check",
        str(tmp_path / "broken.toml"),
        str(tmp_path / "none.toml"),
        "wall_12",
        "--json",
    ]
    ended = subprocess.run(
        [sys.executable, "-m", "host_tools", *words], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 2
    broken, missing, good = json.loads(ended.stdout)
    assert (broken["good"], broken["problems"][0]["line"], broken["problems"][0]["remedy"]) == (
        False,
        1,
        'write chip = "esp32"',
    )
    assert (missing["good"], missing["problems"][0]["key"]) == (False, "file")
    assert good["good"]


def test_a_broken_board_is_refused_elsewhere_with_its_mistake(tmp_path: Path) -> None:
    (tmp_path / "broken.toml").write_text("chip = esp32\n")
    with pytest.raises(
        UserError, match=r"has a mistake \(TOML: esp32 is a text without quotes\): see `ansim boards check"
    ):
        load_board(tmp_path / "broken.toml")
