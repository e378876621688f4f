"""`ansim resident`: what an operator enters for residents, and what she is told of them."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select

from host_tools.cli import ansim
from host_tools.cli._ending import run
from host_tools.host.ledger import tables
from host_tools.host.ledger.ledger import open_ledger


@pytest.fixture
def data(tmp_path: Path) -> Path:
    with open_ledger(tmp_path / "data") as ledger:
        ledger.site("mapo-3")
    return tmp_path / "data"


def call(data: Path, *words: str) -> Result:
    return CliRunner().invoke(ansim, ["resident", *words, "--data", str(data)])


def told(data: Path, *words: str) -> str:
    """The answer to a command that is taken."""
    done = call(data, *words)
    assert done.exit_code == 0, done.output
    return done.output


def refused(data: Path, capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """What a person is told of a command that is refused."""
    assert run(ansim, ["resident", *words, "--data", str(data)]) == 2
    return capsys.readouterr().err


def test_wishes_that_cannot_be_are_refused(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told(data, "add", "Kim", "--contact", "kim@example.org")
    for language in ("fr", "kr", "Korean"):
        assert "choose one of en, ko" in refused(data, capsys, "wishes", "Kim", "--language", language)
    assert "--no-hold" in refused(data, capsys, "wishes", "Kim", "--hold-until", "2020-01-01")
    told(data, "wishes", "Kim", "--language", "ko", "--hold-until", "2199-07-01")
    shown = json.loads(told(data, "wishes", "Kim", "--json"))
    assert (shown["language"], shown["hold_until"]) == ("", None)
    assert (shown["then"]["language"], shown["then"]["hold_until"][:4]) == ("ko", "2199")


def test_the_wishes_of_a_new_resident_hold_at_once(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    reached = ("--contact", "kim@example.org")
    told(data, "add", "Kim", *reached, "--language", "ko", "--low-doors", "--code-left-out")
    assert "choose one of en, ko" in refused(data, capsys, "add", "Lee", "--language", "kr")
    file = tmp_path / "residents.csv"
    file.write_text("이름,언어,낮은 칸,번호 생략\n박,ko,예,\n최,,,yes\n", encoding="utf-8")
    told(data, "import", str(file))
    with open_ledger(data) as ledger, ledger.reading() as connection:
        rows = connection.execute(select(tables.resident).order_by(tables.resident.c.id)).all()
    assert [(row.name, row.language, row.low_doors, row.code_left_out) for row in rows] == [
        ("Kim", "ko", True, True),
        ("박", "ko", True, False),
        ("최", "", False, True),
    ]
    assert json.loads(told(data, "change", "list", "--json")) == []


def test_a_wish_in_a_file_that_is_none_is_told_by_its_row(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "residents.csv"
    file.write_text("name,language,low doors\nKim,kr,\nLee,ko,perhaps\n", encoding="utf-8")
    said = refused(data, capsys, "import", str(file))
    assert "row 2: language is empty or one of en, ko" in said
    assert "row 3: low doors is yes, no or empty" in said
    assert json.loads(told(data, "list", "--json")) == []


def test_what_is_exported_is_entered_again_with_its_wishes(data: Path, tmp_path: Path) -> None:
    told(data, "add", "Kim", "--language", "ko", "--low-doors")
    told(data, "export", str(tmp_path / "out.csv"))
    other = tmp_path / "other"
    told(other, "add", "Lee")
    told(other, "import", str(tmp_path / "out.csv"))
    shown = json.loads(told(other, "wishes", "Kim", "--json"))
    assert (shown["language"], shown["low_doors"], shown["code_left_out"]) == ("ko", True, False)


def test_what_waits_for_a_day_is_shown_as_what_is_to_come(data: Path) -> None:
    told(data, "add", "Kim", "--contact", "kim@example.org")
    told(data, "contact", "add", "Kim", "+82 10 1234 5678", "--first")
    told(data, "wishes", "Kim", "--low-doors")
    due = json.loads(told(data, "change", "list", "--json"))[0]["takes_effect"]
    listed = json.loads(told(data, "contact", "list", "Kim", "--json"))
    assert [(one["address"], one["from"]) for one in listed] == [
        ("kim@example.org", None),
        ("+821012345678", due),
        ("kim@example.org", due),
    ]
    lines = [line for line in told(data, "contact", "list", "Kim").splitlines() if "example.org" in line]
    assert [("now" in line, f"from {due[:10]}" in line) for line in lines] == [(True, False), (False, True)]
    assert f"from {due[:10]}" in told(data, "wishes", "Kim")
    wishes = json.loads(told(data, "wishes", "Kim", "--json"))
    assert (wishes["low_doors"], wishes["then"]["low_doors"]) == (False, True)
    (row,) = [line for line in told(data, "list").splitlines() if "kim@example.org" in line]
    assert f"from {due[:10]}" in row
