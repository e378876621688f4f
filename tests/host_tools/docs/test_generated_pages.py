"""Every generated page says what the code does, and one command writes them all."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from host_tools.docs import state_machines
from host_tools.docs.__main__ import command, stale


def test_every_page_is_up_to_date() -> None:
    ended = CliRunner().invoke(command, ["--check"])
    assert (ended.exit_code, ended.output) == (0, "")


def test_a_page_that_is_out_of_date_is_named_and_written_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tmp_path / "page.md"
    monkeypatch.setattr(state_machines, "PAGE", page)
    for text in (None, "something else"):
        if text:
            page.write_text(text)
        refused = CliRunner().invoke(command, ["--check"])
        assert refused.exit_code == 1
        assert "page.md is out of date: run `python -m host_tools.docs`." in refused.output
        assert CliRunner().invoke(command, []).exit_code == 0
        assert stale() == {}
