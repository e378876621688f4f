"""docs/state-machines.md says what the tables say."""

import subprocess
import sys
from pathlib import Path

import pytest

from host_tools.docs import state_machines
from locker.core import door, entry


def test_the_page_is_up_to_date() -> None:
    ended = subprocess.run([sys.executable, "-m", "host_tools.docs.state_machines", "--check"], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr


def test_every_row_of_the_tables_is_on_the_page() -> None:
    for name, module in (("door", door), ("entry", entry)):
        rows = state_machines.transitions(state_machines.read_source(name))
        assert len(rows) == len(module.TRANSITIONS)
    assert state_machines.page().count("| shut | want | wanted |") == 1


def test_every_action_says_what_it_does() -> None:
    for line in state_machines.page().splitlines():
        if line.startswith("| ") and line.count("|") == 5 and not line.startswith("| state"):
            state, event, after, done = (cell.strip() for cell in line.strip("|").split("|"))
            assert done or (after == "idle" and event == "done") or event == "larger", (state, event)


def test_a_page_that_is_out_of_date_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(state_machines, "PAGE", tmp_path / "page.md")
    assert state_machines.main(["--check"]) == 1
    assert "out of date" in capsys.readouterr().err
    assert state_machines.main([]) == 0
    assert state_machines.main(["--check"]) == 0
    (tmp_path / "page.md").write_text("something else")
    assert state_machines.main(["--check"]) == 1
    assert state_machines.main(["--nonsense"]) == 2
