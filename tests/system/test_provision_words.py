"""`ansim provision` refuses words that cannot work before it looks at the port."""

from pathlib import Path

import pytest

from tests.system.test_provision import refusal
from tests.system.virtual_port import ansim


def test_requests_that_cannot_work_are_refused_before_the_board_is_touched(tmp_path: Path) -> None:
    place = (
        "provision",
        "--port",
        str(tmp_path / "nothing"),
        "--site",
        "mapo-3",
        "--data",
        str(tmp_path / "data"),
    )
    cases = (
        (("--board", "wall_12"), 2, "--host ADDR:PORT or --serial-link"),
        (
            ("--board", "wall_12", "--serial-link", "--host", "10.0.0.2"),
            2,
            "--host ADDR:PORT or --serial-link",
        ),
        (("--board", "devkit_4", "--serial-link"), 2, "has no [link]"),
        (("--board", "wall_12", "--serial-link", "--wifi", "x"), 2, "--wifi goes with --host"),
        (("--board", "wall_12", "--host", "10.0.0.2:port"), 2, "is no address"),
        (("--board", "wall_13", "--serial-link"), 2, "There is no board"),
        (("--board", "wall_12", "--serial-link", "--help-number", "call Kim"), 2, "A help number has"),
        (("--board", "wall_12", "--serial-link", "--help-number", "02-1234-567-890"), 2, "A help number has"),
        (("--board", "wall_12", "--serial-link", "--help-number", ""), 2, "A help number has"),
        (("--board", "wall_12", "--serial-link"), 1, "There is no serial port"),
    )
    for options, exit_code, words in cases:
        assert words in refusal(ansim(*place, *options), exit_code)
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--site", "", "--serial-link"), "A site's name has 1 to "),
        (("--site", " ", "--serial-link"), "A site's name has 1 to "),
        (("--site", "a\nb", "--serial-link"), "A site's name has 1 to "),
        (("--site", "x", "--host", ""), "'' is no address"),
        (
            ("--site", "x", "--host", "10.0.0.2", "--wifi", ""),
            "The name of a Wi-Fi network has 1 to 32 bytes",
        ),
        (("--site", "x", "--serial-link", "--wifi", ""), "--wifi goes with --host"),
        (("--site", "x"), "How does the board reach its host?"),
    ],
)
def test_words_are_looked_at_before_the_port(words: tuple[str, ...], sentence: str, tmp_path: Path) -> None:
    data = tmp_path / "data"
    ended = ansim("provision", "--port", "/nowhere/port", "--board", "wall_12", "--data", str(data), *words)
    assert sentence in refusal(ended, 2)
    assert not data.exists()
