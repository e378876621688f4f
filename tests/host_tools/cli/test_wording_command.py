"""`ansim wording` and `ansim site`: an operator changes a text, looks at it, and is told what is wrong."""

import json
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from host_tools.cli import ansim
from host_tools.cli._ending import run
from host_tools.host.ledger.ledger import open_ledger


@pytest.fixture
def data(tmp_path: Path) -> Path:
    with open_ledger(tmp_path / "data") as ledger:
        ledger.site("mapo-3")
    return tmp_path / "data"


def call(data: Path, *words: str) -> Result:
    return CliRunner().invoke(ansim, [*words, "--data", str(data)])


def test_what_is_exported_can_be_changed_checked_and_previewed(data: Path) -> None:
    exported = call(data, "wording", "export", "deposited", "--language", "ko").output
    entry = tomllib.loads(exported)["resident"]["deposited"]
    (data / "wording").mkdir()
    (data / "wording" / "ko.toml").write_text(exported.replace(entry["title"], "소포가 왔습니다"), "utf-8")
    checked = call(data, "wording", "check")
    assert checked.exit_code == 0
    assert "ko: resident.deposited.text: " in checked.output
    assert " SMS in one (each of at most 70)." in checked.output
    assert "3 changed texts can be used." in checked.output
    shown = call(data, "wording", "preview", "deposited", "--language", "ko").output
    assert "All values are made up: no code in this opens a door." in shown
    assert "소포가 왔습니다" in shown
    listed = json.loads(call(data, "wording", "list", "--language", "ko", "--json").output)
    assert [one["from"] for one in listed if one["kind"] == "deposited"] == ["ko.toml"]
    assert {one["from"] for one in listed} == {"Ansim", "ko.toml"}


def test_a_preview_for_a_site_is_in_its_language_and_by_its_clock(data: Path) -> None:
    assert (
        call(data, "site", "set", "--site", "mapo-3", "--language", "ko", "--zone", "Asia/Seoul").exit_code
        == 0
    )
    shown = call(data, "wording", "preview", "deposited", "--site", "mapo-3").output
    assert "택배" in shown
    assert "KST" in shown
    english = call(data, "wording", "preview", "deposited", "--site", "mapo-3", "--language", "en").output
    assert "KST" in english
    assert "택배" not in english
    assert "no site" in str(call(data, "wording", "preview", "deposited", "--site", "elsewhere").exception)


def test_a_place_without_its_cabinet_is_a_mistake(data: Path) -> None:
    (data / "wording").mkdir()
    (data / "wording" / "en.toml").write_text('[phrases]\nplace = "{site}"\n')
    checked = call(data, "wording", "check")
    assert checked.exit_code == 1
    assert "phrases.place: {cabinet} is missing" in checked.output


def test_every_mistake_is_told_and_the_command_ends_with_1(data: Path) -> None:
    (data / "wording").mkdir()
    (data / "wording" / "en.toml").write_text('[resident.look]\ntitle = "{name}"\ntext = "<i>look</i>"\n')
    (data / "wording" / "ko.toml").write_bytes(b"\xff\xfe[")
    checked = call(data, "wording", "check")
    assert checked.exit_code == 1
    assert len([line for line in checked.output.splitlines() if ".toml: " in line]) == 3
    found = json.loads(call(data, "wording", "check", "--json").output)
    assert found["good"] is False
    assert {one["file"] for one in found["problems"]} == {"en.toml", "ko.toml"}


def refused(data: Path, capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """What a person is told of a command that is refused."""
    assert run(ansim, [*words, "--data", str(data)]) == 2
    told = capsys.readouterr().err
    assert "Traceback" not in told
    return told


def test_a_kind_or_a_language_that_is_not_there_is_told_plainly(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for words in (("show", "no such"), ("preview", "no such"), ("export", "x"), ("list", "--language", "xx")):
        assert "There " in refused(data, capsys, "wording", *words)
    both = call(data, "wording", "show", "forced").output
    assert "resident.forced.text" in both
    assert "staff.forced.text" in both
    assert "resident.forced" not in call(data, "wording", "show", "staff.forced").output


def test_a_site_is_set_what_is_given_and_keeps_the_rest(data: Path) -> None:
    def listed() -> dict[str, str]:
        (site,) = json.loads(call(data, "site", "list", "--json").output)
        return site

    dry = call(data, "site", "set", "--site", "mapo-3", "--language", "ko", "--dry-run")
    assert (dry.exit_code, listed()["language"]) == (0, "")
    assert call(data, "site", "set", "--site", "mapo-3", "--language", "ko").exit_code == 0
    assert call(data, "site", "set", "--site", "mapo-3", "--quiet", "22:00-07:00").exit_code == 0
    assert (listed()["language"], listed()["quiet"]) == ("ko", "22:00-07:00")
    assert call(data, "site", "set", "--site", "mapo-3", "--quiet", "").exit_code == 0
    assert (listed()["language"], listed()["quiet"]) == ("ko", "")


@pytest.mark.parametrize(
    "words",
    [
        ("--language", "kr"),
        ("--quiet", "10-7"),
        ("--zone", "Seoul"),
        ("--zone", "../../etc/passwd"),
        (),
        ("--site", "nowhere", "--language", "ko"),
    ],
)
def test_a_setting_that_cannot_be_is_refused_in_one_sentence(
    data: Path, words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    site = () if "--site" in words else ("--site", "mapo-3")
    assert refused(data, capsys, "site", "set", *site, *words).strip()
