"""`ansim resident`: what an operator enters for residents, and what she is told of them."""

import json
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
    assert (shown["language"], shown["hold_until"][:4]) == ("ko", "2199")
